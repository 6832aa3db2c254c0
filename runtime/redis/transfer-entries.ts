import type { Redis } from "ioredis";
import type { Refusal, Transfer, Transferred } from "../broker/transfer.js";
import { textLength } from "../contract/codec.js";
import { PublishError } from "../errors.js";
import { ourError } from "./driver-error.js";
import type { Noting } from "./history.js";
import { onceKey, retentionKey } from "./keys.js";
import { appendAlone } from "./lua/append.js";
import { transfer } from "./lua/transfer.js";
import type { Replicas } from "./replicas.js";
import type { Route } from "./route.js";
import { longestValue, mayBeTooLong, refusalOf } from "./value-limit.js";

/** The most entries of one script call: Redis runs nothing else meanwhile. */
const FULL_BATCH = 128;
/** The most text of one script call, unless it is one entry. */
const FULL_LENGTH = 1024 * 1024;

type Entry = Transfer["entries"][number];

export interface TransferParts {
  /** They must have each part before it counts as stored. */
  readonly replicas?: Replicas | undefined;
  readonly history?: Noting | undefined;
}

/**
 * Adds entries in their order, part by part. Each part is sent when the one before it is stored: if the connection breaks, or Redis
 * refuses an entry, none behind it has been sent.
 */
export async function transferEntries(
  route: Route,
  { stream, entries, onceWindowMs }: Transfer,
  { replicas, history }: TransferParts = {},
): Promise<Transferred> {
  const entryIds: string[] = [];
  try {
    while (entryIds.length < entries.length) {
      const client = await route.ready();
      const part = partAt(entries, entryIds.length);
      const [first] = part as [Entry];
      const tooLong = await tooLongOf(route, first, stream);
      if (tooLong !== undefined) return { entryIds, refusal: { error: tooLong, isForGood: true } };
      const { connection } = route;
      const sent = { connection, session: connection.session };
      const { ids, refused } = await send(client, stream, part, onceWindowMs);
      for (const id of ids) history?.given(stream, id);
      const entryId = ids.at(-1);
      const messageId = part[ids.length - 1]?.messageId;
      if (entryId !== undefined) await replicas?.confirm(sent, { stream, messageId, onceWindowMs, entryId });
      entryIds.push(...ids);
      if (refused !== undefined) return { entryIds, refusal: refusalBy(refused, route, stream) };
    }
    return { entryIds, refusal: undefined };
  } catch (error) {
    return { entryIds, refusal: refusalBy(error, route, stream) };
  }
}

/** What is announced, or long, is sent by itself. */
function partAt(entries: readonly Entry[], from: number): readonly Entry[] {
  let length = 0;
  let to = from;
  while (to < entries.length && to - from < FULL_BATCH) {
    const each = entries[to] as Entry;
    const own = lengthOf(each);
    const isAlone = each.announced !== undefined || mayBeTooLong(own);
    if (to > from && (isAlone || length + own > FULL_LENGTH)) break;
    length += own;
    to++;
    if (isAlone) break;
  }
  return entries.slice(from, to);
}

interface Sent {
  readonly ids: readonly string[];
  readonly refused: unknown;
}

async function send(client: Redis, stream: string, part: readonly Entry[], windowMs: number): Promise<Sent> {
  const [{ entry, announced, messageId = "" }] = part as [Entry];
  if (announced !== undefined) {
    const keys = [stream, onceKey(stream, messageId), retentionKey(stream)];
    const args = [windowMs, announced.channel, announced.json, ...entry];
    return { ids: [await appendAlone.run(client, keys, args)], refused: undefined };
  }
  const keys = [stream, retentionKey(stream)];
  const args: (string | number)[] = [windowMs];
  for (const each of part) {
    keys.push(onceKey(stream, each.messageId ?? ""));
    args.push(each.entry.length, ...each.entry);
  }
  const [ids, refused] = await transfer.run(client, keys, args);
  return { ids: ids === "" ? [] : ids.split(" "), refused };
}

async function tooLongOf(route: Route, entry: Entry, stream: string): Promise<PublishError | undefined> {
  if (!mayBeTooLong(lengthOf(entry))) return undefined;
  const values = [...entry.entry, ...(entry.announced === undefined ? [] : [entry.announced.json])];
  const refusal = refusalOf(values, await longestValue(route.connection));
  const { messageId } = entry;
  if (refusal === undefined) return undefined;
  return new PublishError("PUBLISH_FAILED", `message ${messageId} was not sent to ${stream}: ${refusal}`, {
    messageId,
  });
}

function refusalBy(error: unknown, route: Route, stream: string): Refusal {
  // The client reconnects to a new master by itself, but it does not see the errors within a script's reply.
  if (error instanceof Error && /\bREADONLY\b/.test(error.message)) route.renew();
  return { error: ourError(error, route.address, `adding to ${stream}`), isForGood: false };
}

function lengthOf({ entry, announced }: Entry): number {
  return textLength(entry) + (announced?.json.length ?? 0);
}
