import type { Descriptor } from "../contract/descriptor.js";
import type { Issue } from "../errors.js";
import { Judge } from "./judge.js";
import type { OperationsOptions } from "./operator.js";
import { storedEntries } from "./stored-entries.js";
import { type Cause, Tally } from "./tally.js";
import type { Waiting } from "./waiting.js";

/** A stored message that the readers of the new version refuse. */
export interface RefusedMessage {
  /** The key in which it is. */
  readonly key: string;
  readonly id: string;
  readonly type: string | undefined;
  readonly waiting: readonly Waiting[];
  readonly issues: readonly Issue[];
}

/** What the readers of a new version would say of the messages that a Redis holds for them. */
export interface StoredMessages {
  /** How many were judged. */
  readonly messages: number;
  /** How many of them the new version refuses, and the old one did not. */
  readonly refused: number;
  /** The first of those. */
  readonly first: readonly RefusedMessage[];
  readonly causes: readonly Cause[];
  /** How many both versions refuse. */
  readonly refusedBefore: number;
  /** How many were left out because neither version describes their type. */
  readonly unknown: number;
}

/** Of so many refused messages is told which they are. */
const KEPT = 1000;

/**
 * Judges the messages that a Redis holds and that will yet be read.
 *
 * @param before - the old version's; `undefined` when every message counts that the new version refuses
 * @throws {ConfigError} naming every bad setting
 * @throws {ConnectionError} Redis cannot be reached, or a key is no stream
 */
export async function judgeStored(
  now: readonly Descriptor[],
  before: readonly Descriptor[] | undefined,
  options: OperationsOptions,
): Promise<StoredMessages> {
  const reader = new Judge(now);
  const oldReader = new Judge(before ?? []);
  const streams = [...new Set([...now, ...(before ?? [])].map(({ stream }) => stream))].sort();
  const tally = new Tally();
  const first: RefusedMessage[] = [];
  let [refusedBefore, unknown] = [0, 0];
  for await (const entry of storedEntries(streams, options)) {
    const { type, isKnown, issues } = reader.entry(entry, entry.stream);
    const earlier = oldReader.entry(entry, entry.stream);
    if (!isKnown && !earlier.isKnown) unknown++;
    else if (before !== undefined && issues.length > 0 && earlier.issues.length > 0) refusedBefore++;
    else {
      tally.add(type, issues);
      const { key, id, waiting } = entry;
      if (issues.length > 0 && first.length < KEPT) first.push({ key, id, type, waiting, issues });
    }
  }
  const { messages, broken: refused, causes } = tally;
  return { messages: messages + refusedBefore, refused, first, causes, refusedBefore, unknown };
}
