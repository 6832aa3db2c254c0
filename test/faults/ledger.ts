import { type Course, courseOf, type Step } from "./course.js";
import { instant, JournalReader } from "./journal.js";

/** One handling that succeeded. */
export interface Handling {
  readonly by: string;
  readonly attempt: number;
  readonly at: number;
}

/** Two successful handlings of one message by one group, one after the other. */
export interface Duplicate {
  readonly serial: number;
  readonly earlier: Handling;
  readonly later: Handling;
  /** The cause that accounts for it. */
  readonly cause: string | undefined;
}

/** Something that a test did, for which a message may rightly be handled again. */
export interface Cause {
  readonly name: string;
  /** Only what this consumer had handled. @defaultValue any */
  readonly by?: string;
  /** Only what was handled before its end, and again after its beginning, in ms. @defaultValue always */
  readonly from?: number;
  readonly until?: number;
  /** Only what was published before, in ms; whenever it was handled first. @defaultValue always */
  readonly publishedBefore?: number;
}

/** How one group stands. */
export interface Account {
  /** How many different messages it handled. */
  readonly handled: number;
  /** Published and confirmed, but neither handled nor among the dead letters. */
  readonly lost: readonly number[];
  readonly duplicates: readonly Duplicate[];
  /** Of those, the ones that no cause accounts for. */
  readonly unexplained: readonly Duplicate[];
  /** Handled although nobody published them. */
  readonly unknown: readonly number[];
}

/** A kill takes a moment to arrive. */
const SLACK_MS = 100;

interface Book {
  readonly handlings: Map<number, Handling[]>;
  readonly begun: Map<number, number>;
  readonly failed: Map<number, number>;
  readonly buried: Set<number>;
  readonly order: number[];
}

/** Holds what was published against what each group handled. */
export class Ledger {
  readonly #sentAt = new Map<number, number>();
  readonly #published = new Set<number>();
  readonly #uncertain = new Set<number>();
  readonly #journals: { readonly group: string; readonly by: string; readonly reader: JournalReader }[] = [];
  readonly #books = new Map<string, Book>();
  readonly #causes: Cause[] = [];
  readonly #followed = new Map<string, Step[]>();
  /** What the test did. */
  readonly #notes: Step[] = [];

  /** It is about to be published. */
  sending(serial: number): void {
    this.#sentAt.set(serial, Date.now());
  }

  /** Redis confirmed it: from now on it must not be lost. */
  published(serial: number): void {
    this.#uncertain.delete(serial);
    this.#published.add(serial);
  }

  /** The reply was lost: it may come or not, but only once. */
  uncertain(serial: number): void {
    this.#uncertain.add(serial);
  }

  get count(): { readonly published: number; readonly uncertain: number } {
    return { published: this.#published.size, uncertain: this.#uncertain.size };
  }

  join(group: string, by: string, journal: string): void {
    this.#journals.push({ group, by, reader: new JournalReader(journal) });
    this.#book(group);
  }

  /** It is among this group's dead letters: not lost, only not handled. */
  buried(group: string, serial: number): void {
    this.#book(group).buried.add(serial);
  }

  blame(cause: Cause): void {
    this.#causes.push(cause);
  }

  /** Remembers what the test does, for the story of an inversion. */
  note(text: string): void {
    this.#notes.push({ by: "test", mark: "noted", serial: 0, attempt: 0, at: Date.now(), instant: instant(), text });
  }

  /** How often handlers of a group took a message up, however that ended. */
  begun(group: string, serial: number): number {
    this.#read();
    return this.#book(group).begun.get(serial) ?? 0;
  }

  /** How often handlers of a group threw on a message. */
  failed(group: string, serial: number): number {
    this.#read();
    return this.#book(group).failed.get(serial) ?? 0;
  }

  /** The successful handlings of a message by a group. */
  handlings(group: string, serial: number): readonly Handling[] {
    this.#read();
    return this.#book(group).handlings.get(serial) ?? [];
  }

  /** What a group of one consumer handled, in its order. */
  order(group: string): readonly number[] {
    this.#read();
    return this.#book(group).order;
  }

  /** How many messages each consumer of a group handled. */
  tally(group: string): ReadonlyMap<string, number> {
    this.#read();
    const tally = new Map<string, number>();
    for (const { by } of [...this.#book(group).handlings.values()].flat()) tally.set(by, (tally.get(by) ?? 0) + 1);
    return tally;
  }

  account(group: string): Account {
    this.#read();
    const { handlings, buried } = this.#book(group);
    const duplicates = [...handlings].flatMap(([serial, list]) => this.#duplicates(serial, list));
    return {
      handled: handlings.size,
      lost: [...this.#published].filter((serial) => !handlings.has(serial) && !buried.has(serial)),
      duplicates,
      unexplained: duplicates.filter(({ cause }) => cause === undefined),
      unknown: [...handlings.keys()].filter((serial) => !this.#published.has(serial) && !this.#uncertain.has(serial)),
    };
  }

  /** Remembers every line of a group from now on, for its course. */
  follow(group: string): void {
    this.#followed.set(group, []);
  }

  /** @param entityOf - tells the entity of a message. Its messages are numbered in the order of the stream. */
  course(group: string, entityOf: (serial: number) => number): Course {
    this.#read();
    return courseOf([...(this.#followed.get(group) ?? []), ...this.#notes], entityOf);
  }

  close(): void {
    for (const { reader } of this.#journals) reader.close();
  }

  #duplicates(serial: number, list: readonly Handling[]): Duplicate[] {
    const sentAt = this.#sentAt.get(serial) ?? Number.NEGATIVE_INFINITY;
    const inTime = [...list].sort((a, b) => a.at - b.at);
    return inTime.slice(1).map((later, index) => {
      const earlier = inTime[index] as Handling;
      const cause = this.#causes.find(({ by = earlier.by, from = -Infinity, until, publishedBefore }) => {
        const end = until ?? (from === -Infinity || publishedBefore !== undefined ? Infinity : from);
        const isMeant = by === earlier.by && sentAt <= (publishedBefore ?? Infinity);
        return isMeant && earlier.at <= end + SLACK_MS && later.at >= from;
      });
      return { serial, earlier, later, cause: cause?.name };
    });
  }

  #read(): void {
    for (const { group, by, reader } of this.#journals) {
      const { handlings, begun, failed, order } = this.#book(group);
      for (const line of reader.lines()) {
        const { mark, serial, attempt, at } = line;
        this.#followed.get(group)?.push({ ...line, by });
        if (mark === "noted") continue;
        if (mark === "begun") begun.set(serial, (begun.get(serial) ?? 0) + 1);
        else if (mark === "failed") failed.set(serial, (failed.get(serial) ?? 0) + 1);
        else {
          order.push(serial);
          const list = handlings.get(serial);
          if (list === undefined) handlings.set(serial, [{ by, attempt, at }]);
          else list.push({ by, attempt, at });
        }
      }
    }
  }

  #book(group: string): Book {
    let book = this.#books.get(group);
    if (book === undefined) {
      book = { handlings: new Map(), begun: new Map(), failed: new Map(), buried: new Set(), order: [] };
      this.#books.set(group, book);
    }
    return book;
  }
}
