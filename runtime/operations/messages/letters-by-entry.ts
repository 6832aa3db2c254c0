import { addedAt } from "../../broker/entry-id.js";
import { prefixed } from "../../config/config.js";
import { letterOf, longestLetter } from "../../letters/dead-letter-record.js";
import { stateOf } from "../../letters/dead-letter-state.js";
import type { DeadLetter } from "../../letters/letter-settler.js";
import { RedisLetters } from "../../redis/redis-letters.js";
import type { Operator } from "../operator.js";

const PAGE = 50;
/** Others may have written any number of letters of one message. */
const MOST_FOUND = 1000;

/** The dead letters of some entries, oldest first. */
export class LettersByEntry {
  readonly #byEntry = new Map<string, DeadLetter[]>();

  /** @param key - the stream from which a group had read the entry */
  of(key: string, entryId: string): readonly DeadLetter[] {
    return this.#byEntry.get(`${key} ${entryId}`) ?? [];
  }

  add(letter: DeadLetter): void {
    const place = `${letter.stream} ${letter.entryId}`;
    const others = this.#byEntry.get(place);
    if (others === undefined) this.#byEntry.set(place, [letter]);
    else others.push(letter);
  }
}

/** Which letters of a stream to look for. */
export interface LetterSearch {
  readonly stream: string;
  /** None is older than the entry with this id. */
  readonly since: string;
  readonly most: number;
  readonly isMeant: (letter: DeadLetter) => boolean;
}

/**
 * Dead letters of a stream that are meant, of a bounded number of them, without their originals, of which nobody knows here what
 * is sensitive; and whether these were all.
 */
export async function lettersSince(
  { config, routes }: Operator,
  { stream, since, most, isMeant }: LetterSearch,
): Promise<{ readonly letters: readonly DeadLetter[]; readonly isWhole: boolean }> {
  const key = prefixed(config, stream);
  const stored = new RedisLetters(config, routes.at(key), key, longestLetter(config.maxMessageBytes));
  const letters: DeadLetter[] = [];
  // A letter has its id by the same clock, later than its entry.
  let after = `${Math.max(0, addedAt(since) - 1)}-0`;
  for (let read = 0; read < most; ) {
    const page = await stored.page(after, PAGE);
    for (const { id, fields, oversizedBytes, mark } of page) {
      const letter = { id, ...letterOf(fields, oversizedBytes), original: [], state: stateOf(mark) };
      if (isMeant(letter)) letters.push(letter);
      if (letters.length === MOST_FOUND) return { letters, isWhole: false };
    }
    const last = page.at(-1);
    if (last === undefined) return { letters, isWhole: true };
    after = last.id;
    read += page.length;
  }
  return { letters, isWhole: false };
}
