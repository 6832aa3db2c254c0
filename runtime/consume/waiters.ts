/** Those that wait for one moment, all of which it wakes. */
export class Waiters {
  #wakes: (() => void)[] = [];

  get areAny(): boolean {
    return this.#wakes.length > 0;
  }

  /** Resolves at the next {@link wake}. */
  wait(): Promise<void> {
    return new Promise((resolve) => this.#wakes.push(resolve));
  }

  wake(): void {
    for (const resolve of this.#wakes.splice(0)) resolve();
  }
}
