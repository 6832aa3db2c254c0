import { addedAt } from "../../broker/entry-id.js";
import type { LogEntry } from "../../broker/log.js";
import { prefixed } from "../../config/config.js";
import { textReader, typeOf } from "../../contract/codec.js";
import type { Descriptor, MessageKind } from "../../contract/descriptor.js";
import type { Client } from "../../redis/connection.js";
import { streamKeys } from "../../redis/keys.js";
import { typesLook } from "../../redis/lua/look.js";
import { readPage } from "../../redis/page.js";
import { isReply } from "../../redis/reply.js";
import { askEach, type Unseen } from "../ask-each.js";
import type { Operator } from "../operator.js";
import { groupsOf } from "../waiting.js";
import { type Handled, handledIn } from "./handled.js";

/** A message type as it was seen among the newest entries of a stream. */
export interface FlowingType {
  /** The stream's name without the environment's prefix. */
  readonly stream: string;
  /** `undefined` for a type that the catalogue does not describe. */
  readonly kind: MessageKind | undefined;
  /** Empty for an entry that names no type. */
  readonly type: string;
  /** The services that published it, as the messages say, with how many of the sampled entries are theirs. */
  readonly from: readonly { readonly service: string; readonly count: number }[];
  /** The groups of which a member handles it, as far as they tell. */
  readonly to: readonly string[];
}

/** Who published what lately, and which groups handle it. */
export interface Traffic {
  readonly types: readonly FlowingType[];
  /** The groups of which no member tells what it handles, such as those of another language. */
  readonly silent: readonly { readonly stream: string; readonly group: string }[];
  /** How many entries were looked at, and since when the streams were seen. */
  readonly looked: number;
  readonly sinceMs: number | undefined;
  readonly unseen: readonly Unseen[];
}

const SAMPLED = 300;
/** Of a larger entry only the short fields are read: they name its type and its source. */
const MOST_BYTES = 4096;
const MOST_GROUPS = 100;
const MOST_HANDLERS = 10_000;
const MOST_TYPES_BYTES = 1024 * 1024;

/**
 * Tells from the newest 300 entries of each stream who publishes what to whom. It leaves no trace in Redis.
 *
 * @throws {ConnectionError} Redis cannot be reached or refuses, or a key is no stream
 */
export async function readTraffic(operator: Operator, descriptors: readonly Descriptor[]): Promise<Traffic> {
  const streams = [...new Set(descriptors.map(({ stream }) => stream))];
  const { found: samples, unseen } = await askEach(operator.routes, streams, (stream) => sample(operator, stream));
  const types = samples.flatMap(({ stream, entries, handled }) => typesIn(stream, entries, handled, descriptors));
  const oldest = samples.flatMap(({ entries }) => entries.at(-1)?.id ?? []).map(addedAt);
  const looked = samples.reduce((sum, { entries }) => sum + entries.length, 0);
  const silent = samples.flatMap(({ stream, handled }) =>
    [...handled].filter(([, each]) => each === "unknown").map(([group]) => ({ stream, group })),
  );
  return { types, silent, looked, sinceMs: oldest.length === 0 ? undefined : Math.min(...oldest), unseen };
}

interface Sample {
  readonly stream: string;
  readonly entries: readonly LogEntry[];
  readonly handled: ReadonlyMap<string, Handled>;
}

async function sample(operator: Operator, stream: string): Promise<Sample> {
  const { config, routes } = operator;
  const key = prefixed(config, stream);
  const range = { most: SAMPLED, maxEntryBytes: MOST_BYTES, newestFirst: true };
  const { entries } = await routes.at(key).ask(`reading ${key}`, (client) => readPage(client, key, range));
  const groups = (await groupsOf(operator, key)).slice(0, MOST_GROUPS);
  const records = await routes
    .at(key)
    .ask(`reading what the groups of ${key} handle`, (client) =>
      Promise.all(groups.map(({ name }) => recordsIn(client, streamKeys(key, name).types))),
    );
  return { stream, entries, handled: new Map(groups.map(({ name }, at) => [name, handledIn(records[at] ?? [])])) };
}

/** What the members of a group have written of the types that they handle; as of one that does not tell where it is too much. */
async function recordsIn(client: Client, key: string): Promise<readonly string[]> {
  try {
    return (await typesLook.run(client, [key], [MOST_HANDLERS, MOST_TYPES_BYTES])).map(String);
  } catch (error) {
    if (!isReply(error, "NOPERM")) throw error;
    return (await client.hlen(key)) > MOST_HANDLERS ? ["?"] : client.hvals(key);
  }
}

function typesIn(
  stream: string,
  entries: readonly LogEntry[],
  handled: Sample["handled"],
  descriptors: readonly Descriptor[],
): readonly FlowingType[] {
  const seen = new Map<string, Map<string, number>>();
  for (const { fields } of entries) {
    const textOf = textReader(fields);
    const service = textOf("source_service") ?? textOf("service_name") ?? "";
    const type = typeOf(fields) ?? "";
    const from = seen.get(type) ?? new Map<string, number>();
    seen.set(type, from.set(service, (from.get(service) ?? 0) + 1));
  }
  return [...seen].map(([type, from]) => ({
    stream,
    kind: descriptors.find((each) => each.stream === stream && (each.type === type || type === ""))?.kind,
    type,
    from: [...from].map(([service, count]) => ({ service, count })),
    to: [...handled].filter(([, each]) => each !== "unknown" && each.has(type)).map(([group]) => group),
  }));
}
