import { abridged } from "../broker/abridged.js";
import { comesBefore } from "../broker/entry-id.js";
import type { Letters, ReadEntry, Settlement, StoredLetter } from "../broker/letters.js";
import type { FlatFields } from "../contract/codec.js";
import type { MemoryLetter, MemoryLetters } from "./memory-letters.js";
import { redriveName, type Store } from "./store.js";

/** The dead letters of a stream, as an operator has them. */
export class OperatorsLetters implements Letters {
  readonly name: string;
  readonly #store: Store;
  readonly #stream: string;

  /** @param stream - its whole name */
  constructor(store: Store, stream: string) {
    this.name = `{${stream}}:dead`;
    this.#store = store;
    this.#stream = stream;
  }

  async page(after = "0-0", count: number): Promise<readonly StoredLetter[]> {
    const following = this.#letters.all.filter(({ id }) => comesBefore(after, id));
    return following.slice(0, count).map(storedOf);
  }

  async find(id: string): Promise<StoredLetter | undefined> {
    const letter = this.#letters.find(id);
    return letter && storedOf(letter);
  }

  async newestId(): Promise<string> {
    return this.#letters.all.at(-1)?.id ?? "0-0";
  }

  async settle<State extends object>(
    _what: string,
    id: string,
    judge: (letter: StoredLetter | undefined, entry: ReadEntry) => Promise<Settlement<State>>,
  ): Promise<State> {
    for (;;) {
      const letter = this.#letters.find(id);
      const mark = letter?.mark;
      const settlement = await judge(letter && storedOf(letter), this.#entry);
      if (settlement.kind === "left") return settlement.state;
      // Another operator was faster.
      if (letter === undefined || letter.mark !== mark) continue;
      const state = settlement.kind === "marked" ? settlement.state : settlement.stateOf(this.#return(settlement));
      letter.mark = JSON.stringify(state);
      return state;
    }
  }

  #return({ group, original }: { readonly group: string; readonly original: readonly Buffer[] }): string {
    const fields = original.map((part) => part.toString());
    return this.#store.add(redriveName(this.#stream, group), fields);
  }

  readonly #entry: ReadEntry = async ({ stream, group, id, maxBytes }) => {
    if (stream !== this.#stream && stream !== redriveName(this.#stream, group)) return "foreign";
    const entry = this.#store.stream(stream).log.find(id);
    if (entry === undefined) return undefined;
    const { fields, oversizedBytes } = abridged(entry.fields, maxBytes);
    return { id, fields: buffersOf(fields ?? []), ...(oversizedBytes !== undefined && { oversizedBytes }) };
  };

  get #letters(): MemoryLetters {
    return this.#store.letters(this.#stream);
  }
}

function storedOf({ id, fields, mark }: MemoryLetter): StoredLetter {
  return { id, fields: buffersOf(fields), mark };
}

function buffersOf(fields: FlatFields): Buffer[] {
  return fields.map((text) => Buffer.from(text));
}
