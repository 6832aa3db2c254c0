import { comesBefore, nextId } from "../broker/entry-id.js";
import type { FlatFields } from "../contract/codec.js";

/** An entry of a stream. */
export interface Entry {
  readonly id: string;
  readonly fields: FlatFields;
  /** How many entries had been added before it. */
  readonly at: number;
  isDeleted: boolean;
}

/** The entries of a stream, in their order. */
export class EntryLog {
  readonly #entries = new Map<string, Entry>();
  /** Those that may be there, by their order; the first stands at `#first`. */
  #log: Entry[] = [];
  #first = 0;
  #lastId = "0-0";

  /** The greatest id that an entry ever had. */
  get lastId(): string {
    return this.#lastId;
  }

  /** How many entries were ever added. */
  get added(): number {
    return this.#first + this.#log.length;
  }

  get length(): number {
    return this.#entries.size;
  }

  /** The place of the first entry that may be there. */
  get first(): number {
    return this.#first;
  }

  add(fields: FlatFields, nowMs: number): Entry {
    const id = nextId(this.#lastId, nowMs) as string;
    const entry: Entry = { id, fields, at: this.added, isDeleted: false };
    this.#lastId = id;
    this.#entries.set(id, entry);
    this.#log.push(entry);
    return entry;
  }

  find(id: string): Entry | undefined {
    return this.#entries.get(id);
  }

  /** The entry at a place, or the next one that is there. */
  from(at: number): Entry | undefined {
    for (let index = Math.max(0, at - this.#first); index < this.#log.length; index++) {
      const entry = this.#log[index] as Entry;
      if (!entry.isDeleted) return entry;
    }
    return undefined;
  }

  /** All entries that follow an id, the oldest first. */
  after(id: string): readonly Entry[] {
    return this.#log.filter((entry) => !entry.isDeleted && comesBefore(id, entry.id));
  }

  /** How many entries there are from a place on. */
  countFrom(at: number): number {
    let count = 0;
    for (let entry = this.from(at); entry !== undefined; entry = this.from(entry.at + 1)) count++;
    return count;
  }

  delete(entry: Entry): void {
    entry.isDeleted = true;
    this.#entries.delete(entry.id);
    let gone = 0;
    while (this.#log[gone]?.isDeleted === true) gone++;
    if (gone > 64 || gone === this.#log.length) {
      this.#log = this.#log.slice(gone);
      this.#first += gone;
    }
  }
}
