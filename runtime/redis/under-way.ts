/** Further publishes are refused, however short they are: each of them costs some objects, too. */
const MOST = 100_000;

/** The publishes that are under way, bounded in number and in text: a Redis that hangs must not fill the memory of this process. */
export class UnderWay {
  readonly #mostBytes: number;
  #count = 0;
  #length = 0;
  #idlers: (() => void)[] = [];

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get count(): number {
    return this.#count;
  }

  /** Lets a publish of so much text in, until it has {@link ended}. Returns the reason if it is refused. */
  begin(length: number): string | undefined {
    if (this.#count >= MOST) {
      return `${MOST} publishes are under way already: await some before starting more, or Redis is slow`;
    }
    // What is longer than all that may be under way is let in by itself.
    if (this.#count > 0 && this.#length + length > this.#mostBytes) {
      return `the publishes under way hold ${this.#length} bytes (${this.#count} of them), and ${length} more would exceed ${this.#mostBytes} (PUBLISH_BUFFER_BYTES): await some before starting more, or raise that limit; or Redis is slow`;
    }
    this.#count++;
    this.#length += length;
    return undefined;
  }

  /** A publish of so much text has ended. */
  ended(length: number): void {
    this.#count--;
    this.#length -= length;
    if (this.#count === 0) for (const resolve of this.#idlers.splice(0)) resolve();
  }

  /** Resolves when none is under way. */
  idle(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idlers.push(resolve));
  }
}
