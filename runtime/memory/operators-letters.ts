import { abridged } from "../broker/abridged.js";
import { comesBefore } from "../broker/entry-id.js";
import { headOf, isOf } from "../broker/letter-head.js";
import type {
  HeadPage,
  HeadRange,
  Letters,
  ReadEntry,
  Settlement,
  Settling,
  StoredLetter,
  Whereabouts,
} from "../broker/letters.js";
import type { FlatFields } from "../contract/codec.js";
import { PARKED } from "./memory-group.js";
import type { MemoryLetter, MemoryLetters } from "./memory-letters.js";
import { redriveName, type Store } from "./store.js";

const PAGE = 500;

/** The dead letters of a stream, as an operator has them. */
export class OperatorsLetters implements Letters, Settling {
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
    return this.#letters.lastId;
  }

  async heads({ after = "0-0", until, names, of }: HeadRange): Promise<HeadPage> {
    const within = this.#letters.all.filter(
      ({ id }) => comesBefore(after, id) && !(until !== undefined && comesBefore(until, id)),
    );
    const page = within.slice(0, PAGE).map(storedOf);
    const own = of === undefined ? page : page.filter((letter) => isOf(letter, of));
    return { heads: own.map((letter) => headOf(letter, names)), next: page.at(-1)?.id };
  }

  async remove(letters: readonly { readonly id: string }[]): Promise<number> {
    return letters.filter(({ id }) => this.#letters.remove(id)).length;
  }

  async whereabouts(group: string, entryId: string): Promise<Whereabouts> {
    const { log, groups } = this.#store.stream(redriveName(this.#stream, group));
    const own = groups.get(group);
    const pending = own?.pending.get(entryId);
    if (pending !== undefined) return pending.owner === PARKED ? "parked" : "pending";
    const entry = log.find(entryId);
    return entry !== undefined && (own === undefined || own.isUnread(entry)) ? "waiting" : "settled";
  }

  settling(): Settling {
    return this;
  }

  close(): void {}

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
