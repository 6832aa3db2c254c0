/** The entries that a consumer holds, by their ids, and how much text it holds of each: none where it has only the id. */
export class Holdings {
  readonly #mostBytes: number;
  readonly #lengths = new Map<string, number>();
  #length = 0;
  /** For text that is about to come. */
  #reserved = 0;

  /** @param mostBytes - of text. One entry may be longer */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get size(): number {
    return this.#lengths.size;
  }

  has(id: string): boolean {
    return this.#lengths.has(id);
  }

  ids(): string[] {
    return [...this.#lengths.keys()];
  }

  lengthOf(id: string): number {
    return this.#lengths.get(id) ?? 0;
  }

  /** How much more text may be held. Not positive when it is as much as it may be, or more. */
  get spareBytes(): number {
    return this.#mostBytes - this.#length - this.#reserved;
  }

  /** How much of the text may wait for other entries: what may take long must not keep all else from being read. */
  get mostBlockedBytes(): number {
    return this.#mostBytes / 2;
  }

  /** Whether so much more text may be held, for one entry. There is always room for one. */
  fits(length: number): boolean {
    return this.#length + this.#reserved === 0 || length <= this.spareBytes;
  }

  /** Sets room aside for text that is about to come, so that nothing else fills it. Returns what to call when it is here. */
  reserve(length: number): () => void {
    this.#reserved += length;
    return () => {
      this.#reserved -= length;
    };
  }

  /** Holds an entry that was not held. */
  add(id: string, length: number): void {
    this.#length += length;
    this.#lengths.set(id, length);
  }

  /** Holds more or less of an entry. */
  hold(id: string, length: number): void {
    this.#length += length - this.lengthOf(id);
    this.#lengths.set(id, length);
  }

  drop(id: string): void {
    this.#length -= this.lengthOf(id);
    this.#lengths.delete(id);
  }
}
