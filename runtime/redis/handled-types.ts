import { typeText, UNTYPED } from "./lua/handover.js";

/** Begins the record of a member of which nothing is known, and is the name of one that may be there. */
const ANY = "?";
/** Begins the record of a member that has left. It may have a successor. */
const LEFT = "left";

/**
 * The types that the members of a group handle, as one of them knows them. It learns of a change when a script refuses
 * the version that it knows, so it never decides by what is out of date.
 */
export class HandledTypes {
  /** The record of this member. */
  readonly record: string;
  readonly #consumer: string;
  readonly #own: readonly string[];
  /** The records of the others. */
  #records: ReadonlyMap<string, string> = new Map();
  /** The types that others handle. */
  #elsewhere: ReadonlySet<string | undefined> = new Set();
  #hasUnknown = false;
  #version = "";
  #receives = false;

  constructor(consumer: string, handles: readonly (string | undefined)[]) {
    this.#consumer = consumer;
    this.#own = handles.map(typeText);
    this.record = `\n${this.#own.join("\n")}\n`;
  }

  /** Empty before anything is known. */
  get version(): string {
    return this.#version;
  }

  /** Whether a living member lacks one of this member's types. */
  get receives(): boolean {
    return this.#receives;
  }

  /** Whether each of the others has a heartbeat that can be watched, and nothing is left to be found out. */
  isSettled(beating: ReadonlyMap<string, string>): boolean {
    return !this.#hasUnknown && [...this.#records.keys()].every((name) => beating.has(name));
  }

  isHandledElsewhere(type: string | undefined): boolean {
    return this.#hasUnknown || this.#elsewhere.has(type);
  }

  /**
   * Learns from the names and values of the key. Returns `false`, and learns nothing, when this member's own record is
   * not among them: the key was lost, or this member was taken for dead.
   */
  learn(reply: readonly string[]): boolean {
    const records = new Map<string, string>();
    for (let at = 0; at < reply.length; at += 2) records.set(reply[at] as string, reply[at + 1] as string);
    const version = records.get("version");
    if (version === undefined || records.get(this.#consumer) !== this.record) return false;
    records.delete("version");
    records.delete(this.#consumer);
    const texts = [...records.values()];
    this.#version = version;
    this.#records = records;
    this.#hasUnknown = texts.some((text) => text.startsWith(ANY));
    this.#elsewhere = new Set(texts.flatMap((text) => text.split("\n").slice(1, -1).flatMap(typesIn)));
    const living = texts.filter((text) => !text.startsWith(ANY) && !text.startsWith(LEFT));
    this.#receives = living.some((text) => this.#own.some((type) => !text.includes(`\n${type}\n`)));
    return true;
  }
}

/** The type in a line of a record, in a list; none if others wrote it and it is not one. */
function typesIn(line: string): (string | undefined)[] {
  if (line === UNTYPED) return [undefined];
  try {
    return [JSON.parse(line) as string];
  } catch {
    return [];
  }
}
