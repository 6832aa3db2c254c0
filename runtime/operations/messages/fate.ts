import { comesBefore } from "../../broker/entry-id.js";
import { prefixed } from "../../config/config.js";
import type { Failure } from "../../handle/failure.js";
import { errorsIn } from "../../letters/dead-letter-record.js";
import type { DeadLetter } from "../../letters/letter-settler.js";
import { HANDOVER, PARKED, redriveKeys, type StreamKeys, streamKeys } from "../../redis/keys.js";
import { marksOf } from "../../redis/letters.js";
import type { Operator } from "../operator.js";
import { type Group, groupsOf } from "../waiting.js";
import { ifAllowed } from "./if-allowed.js";
import type { LettersByEntry } from "./letters-by-entry.js";

/** What became of an entry in one group. */
export interface Fate {
  readonly group: string;
  /**
   * `unread`: the group has not been given it. `running`: a consumer holds it. `parked`: it waits for a retry. `handed over`: it
   * waits for a consumer that handles its type. `dead`: it is a dead letter. `acknowledged`: handled, filtered out, or of a
   * type without a handler.
   */
  readonly state: "unread" | "running" | "parked" | "handed over" | "dead" | "acknowledged";
  /** Who holds it, for how long, and how often it was delivered. */
  readonly pending?: { readonly consumer: string; readonly idleMs: number; readonly deliveries: number };
  /** When it is tried again, in ms since 1970. */
  readonly dueAt?: number;
  /** The errors of its attempts, oldest first. */
  readonly errors: readonly Failure[];
  readonly letter?: DeadLetter;
  /** What became of it after its dead letter was redriven. */
  readonly redriven?: Fate;
}

const MOST_REDRIVES = 20;
/** The latest moment of a `Date`. */
const LATEST_MS = 8.64e15;

/** Reads what became of entries. The groups of a stream are read once. */
export class Fates {
  readonly #operator: Operator;
  readonly #letters: LettersByEntry;
  readonly #groups = new Map<string, Promise<readonly Group[]>>();

  constructor(operator: Operator, letters: LettersByEntry) {
    this.#operator = operator;
    this.#letters = letters;
  }

  /** @param stream - its name without the environment's prefix */
  async of(stream: string, entryId: string): Promise<readonly Fate[]> {
    const key = prefixed(this.#operator.config, stream);
    const groups = await this.#groupsOf(key);
    const fates: Fate[] = [];
    for (const group of groups) fates.push(await this.#in(streamKeys(key, group.name), group, entryId));
    // A group may have been removed since.
    for (const letter of this.#letters.of(key, entryId)) {
      if (groups.some(({ name }) => name === letter.group)) continue;
      fates.push({ group: letter.group, state: "dead", errors: letter.errors, letter });
    }
    return fates;
  }

  #groupsOf(key: string): Promise<readonly Group[]> {
    const known = this.#groups.get(key) ?? groupsOf(this.#operator, key);
    this.#groups.set(key, known);
    return known;
  }

  async #in(keys: StreamKeys, { name: group, position }: Group, entryId: string, redrives = 0): Promise<Fate> {
    const route = this.#operator.routes.at(keys.stream);
    const asking = `reading what became of ${entryId} in ${keys.stream}`;
    const [held] = (await route.ask(asking, (client) =>
      client.xpending(keys.stream, group, entryId, entryId, 1),
    )) as (readonly [id: string, consumer: string, idleMs: number, deliveries: number])[];
    if (held !== undefined) {
      const [, consumer, idleMs, deliveries] = held;
      const errors = await this.#errors(keys, entryId);
      const pending = { consumer, idleMs, deliveries };
      if (consumer === HANDOVER) return { group, state: "handed over", pending, errors };
      if (consumer !== PARKED) return { group, state: "running", pending, errors };
      const due = await ifAllowed(route.ask(asking, (client) => client.zscore(keys.retry, entryId)));
      const dueAt = momentIn(due ?? undefined);
      return { group, state: "parked", pending, errors, ...(dueAt === undefined ? {} : { dueAt }) };
    }
    const letter = this.#letters.of(keys.stream, entryId).findLast((each) => each.group === group);
    if (letter !== undefined) {
      const { state, errors } = letter;
      const redrive = redriveKeys(keys, group);
      // What others wrote may name each other in a circle.
      const isReturned = state.state === "redriven" && redrives < MOST_REDRIVES;
      const redriven = isReturned ? await this.#redriven(redrive, group, state.entryId, redrives + 1) : undefined;
      return { group, state: "dead", errors, letter, ...(redriven === undefined ? {} : { redriven }) };
    }
    return { group, state: comesBefore(position, entryId) ? "unread" : "acknowledged", errors: [] };
  }

  async #redriven(keys: StreamKeys, name: string, entryId: string, redrives: number): Promise<Fate> {
    const group = (await this.#groupsOf(keys.stream)).find((each) => each.name === name);
    return group === undefined
      ? { group: name, state: "unread", errors: [] }
      : this.#in(keys, group, entryId, redrives);
  }

  async #errors({ errors: key }: StreamKeys, entryId: string): Promise<readonly Failure[]> {
    const what = `reading the errors of ${entryId} in ${key}`;
    const asked = this.#operator.routes.at(key).ask(what, (client) => marksOf(client, key, [entryId]));
    const [text = null] = (await ifAllowed(asked)) ?? [];
    return (text === null ? undefined : errorsIn(Buffer.from(`[${text}]`))) ?? [];
  }
}

/** The moment that a score is: others may have written one that is none. */
function momentIn(score: string | undefined): number | undefined {
  const ms = Number(score ?? Number.NaN);
  return Math.abs(ms) <= LATEST_MS ? ms : undefined;
}
