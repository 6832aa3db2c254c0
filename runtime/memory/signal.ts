/** Tells those who wait that something has changed. */
export class Signal {
  #waiting: (() => void)[] = [];
  /** How often it was told. */
  version = 0;

  /** Resolves with the next change. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  tell(): void {
    this.version++;
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
