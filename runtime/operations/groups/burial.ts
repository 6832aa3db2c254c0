import { unknownOptions } from "../../config/suggest.js";
import type { FlatFields } from "../../contract/codec.js";
import { printable } from "../../contract/printable.js";
import { ConfigError, MessagingError } from "../../errors.js";
import { describeFailure } from "../../handle/failure.js";
import { labelsOf } from "../../handle/labels.js";
import type { Client } from "../../redis/connection.js";
import { moveToDead } from "../../redis/failed-entry.js";
import type { StreamKeys } from "../../redis/keys.js";
import { readPage } from "../../redis/page.js";
import { isReply } from "../../redis/reply.js";
import type { AtStream } from "../routes.js";
import type { GroupPlace } from "./group-place.js";

/** Who moves an entry to the dead letters, and why. Both are kept with the letter. */
export interface BuryOptions {
  readonly by?: string;
  readonly why?: string;
}

/** What was moved to the dead letters. */
export interface Buried {
  /** The id of the dead letter. */
  readonly letterId: string;
  /** The consumer that had the entry, or `parked` while it waited for its retry. */
  readonly consumer: string;
  /** How often it had been delivered. */
  readonly attempts: number;
}

interface Burial extends BuryOptions {
  readonly by: string;
  readonly maxEntryBytes: number;
}

const LONGEST_TEXT = 500;

/** @throws {ConfigError} naming what is wrong with the options */
export function checkedBurial(id: string, options: BuryOptions): BuryOptions {
  assertEntryId(id);
  const isText = (text: unknown): boolean => typeof text === "string" && text !== "" && text.length <= LONGEST_TEXT;
  const { by, why } = options;
  const problems = [
    ...unknownOptions(options, ["by", "why"]),
    ...Object.entries({ by, why })
      .filter(([, text]) => text !== undefined && !isText(text))
      .map(([name]) => `${name} must be a text of 1 to ${LONGEST_TEXT} characters`),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  return options;
}

/** @throws {ConfigError} */
export function assertEntryId(id: string): void {
  if (/^\d{1,20}-\d{1,20}$/.test(id)) return;
  throw new ConfigError([`id must be that of an entry (1700000000000-0), got ${JSON.stringify(id)}`]);
}

type Held = readonly [id: string, consumer: string, idleMs: number, deliveries: number];

/**
 * Moves an entry that is pending in a group to the dead letters, whoever has it: one step moves it, or none does. It is looked for in
 * the stream, then among what was redriven to the group.
 *
 * @throws {MessagingError} `ENTRY_SETTLED` if it is not pending there, or is deleted from the stream
 */
export async function buryEntry(client: Client, place: GroupPlace, id: string, burial: Burial): Promise<Buried> {
  const { group } = place;
  for (const keys of [place.keys, place.redriven]) {
    for (let held = await heldBy(client, keys, place, id); held !== undefined; ) {
      const buried = await move(client, { keys, group, held }, burial);
      if (buried !== undefined) return buried;
      // Another member has taken it meanwhile, or it is settled.
      held = await heldBy(client, keys, place, id);
    }
  }
  const why = "it was settled, or no member has been given it yet";
  throw settled(`${id} of ${place.stream} is not pending in ${group}: ${why} (merp explain ${id} tells which)`);
}

/** Why an entry is not buried that is pending in another partition than the one that was named; `undefined` if it is in none. */
export async function elsewhere(
  at: AtStream,
  places: readonly Omit<GroupPlace, "exists">[],
  id: string,
): Promise<MessagingError | undefined> {
  const names: string[] = [];
  for (const place of places) {
    const { stream, keys, redriven } = place;
    const held = await at(stream, async (client) => [
      await heldBy(client, keys, place, id),
      await heldBy(client, redriven, place, id),
    ]);
    if (held.some((each) => each !== undefined)) names.push(stream);
  }
  return names.length === 0
    ? undefined
    : settled(`${id} is pending in the partition ${names.join(", and another one in ")}: name that as the stream`);
}

async function move(
  client: Client,
  { keys, group, held }: { readonly keys: StreamKeys; readonly group: string; readonly held: Held },
  { by, why, maxEntryBytes }: Burial,
): Promise<Buried | undefined> {
  const [id, consumer, , attempts] = held;
  const [entry] = (await readPage(client, keys.stream, { from: id, to: id, most: 1, maxEntryBytes })).entries;
  if (entry === undefined) {
    throw settled(
      `${id} is deleted from ${keys.stream}, so that nothing of it can be kept: its group will acknowledge it`,
    );
  }
  const fields: FlatFields = entry.fields;
  const reason = why === undefined ? "" : `: ${why}`;
  const failure = describeFailure(new MessagingError("BURIED", `${by} moved it to the dead letters${reason}`));
  const labels = { ...labelsOf(fields), service: "", failed_at: failure.at, reason: "BURIED" };
  const delivery = { id, attempt: attempts, fields, ...sizeOf(entry) };
  const from = { keys, group, consumer, keeps: "by hand", maxEntryBytes } as const;
  const letterId = await moveToDead(client, from, delivery, { failure: JSON.stringify(failure), labels });
  return letterId === null ? undefined : { letterId, consumer, attempts };
}

function sizeOf({ oversizedBytes }: { readonly oversizedBytes?: number }): { readonly oversizedBytes?: number } {
  return oversizedBytes === undefined ? {} : { oversizedBytes };
}

async function heldBy(
  client: Client,
  { stream }: StreamKeys,
  { group }: Pick<GroupPlace, "group">,
  id: string,
): Promise<Held | undefined> {
  try {
    return ((await client.xpending(stream, group, id, id, 1)) as Held[])[0];
  } catch (error) {
    if (isReply(error, "NOGROUP")) return undefined;
    throw error;
  }
}

function settled(text: string): MessagingError {
  return new MessagingError("ENTRY_SETTLED", printable(text));
}
