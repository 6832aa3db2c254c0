import { readStreams } from "../../broker/topology.js";
import { type Config, prefixed } from "../../config/config.js";
import { didYouMean, nearest } from "../../config/suggest.js";
import { printable } from "../../contract/printable.js";
import { MessagingError } from "../../errors.js";
import type { Client } from "../../redis/connection.js";
import { redriveKeys, type StreamKeys, streamKeys } from "../../redis/keys.js";
import { field } from "../../redis/reply.js";
import { readTopology } from "../../redis/topologies.js";
import type { AtStream } from "../routes.js";

/** The streams of M-ERP, which a misspelt name may mean. Redis is not searched for others. */
const STREAMS = ["events", "commands", "notifications", "health"];

/** A group of a stream, as an operator names it. */
export interface GroupPlace {
  /** The whole name of the stream. */
  readonly stream: string;
  readonly group: string;
  readonly keys: StreamKeys;
  /** Those of the entries that are redriven to it. */
  readonly redriven: StreamKeys;
  /** Whether the stream has the group now. One that was destroyed is created again by its members. */
  readonly exists: boolean;
}

/** @throws {MessagingError} `GROUP_MISSING` */
export function placeOf(config: Config, stream: string, group: string): Omit<GroupPlace, "exists"> {
  if (stream !== "" && group !== "" && !/[{}]/.test(stream)) return placeIn(prefixed(config, stream), group);
  const asked = `"${stream}" and "${group}" name no group`;
  throw missing(`${asked}: give the name of a stream (events) and of one of its groups (billing-workers)`);
}

/** @param stream - its whole name */
export function placeIn(stream: string, group: string): Omit<GroupPlace, "exists"> {
  const keys = streamKeys(stream, group);
  return { stream, group, keys, redriven: redriveKeys(keys, group) };
}

/** A group in each partition of its stream. Mostly there is one. */
export async function placesOf(
  at: AtStream,
  { stream, group }: Pick<GroupPlace, "stream" | "group">,
): Promise<readonly Omit<GroupPlace, "exists">[]> {
  const topology = await at(stream, (client) => readTopology(client, stream));
  return readStreams(topology).map((partition) => placeIn(partition, group));
}

/**
 * Finds a group that this package's services serve, or that they will create again.
 * @throws {MessagingError} `GROUP_MISSING`, with what there is instead
 */
export async function findGroup(client: Client, given: Omit<GroupPlace, "exists">): Promise<GroupPlace> {
  const { stream, group, keys } = given;
  const names = await groupsOf(client, stream);
  const [served, floor] = await Promise.all([client.zrange(keys.groups, "0", "-1"), client.exists(keys.floor)]);
  const isServed = served.includes(group) || floor === 1;
  if (isServed) return { ...given, exists: names?.includes(group) === true };
  if (names === undefined && served.length === 0) {
    const meant = didYouMean(nearest(stream, knownFrom(stream)));
    throw missing(`there is no stream ${stream}${meant}; check the name, and ENVIRONMENT`);
  }
  if (names?.includes(group) === true) {
    const why = served.length === 0 ? "the stream is none of this package" : "no service of this package serves it";
    throw missing(`the group ${group} of ${stream} would heed nothing of this: ${why}`);
  }
  const known = [...new Set([...(names ?? []), ...served])].sort();
  const list = known.length === 0 ? "it has none" : `it has ${known.slice(0, 20).join(", ")}`;
  throw missing(`there is no group ${group} of ${stream}${didYouMean(nearest(group, known))}; ${list}`);
}

/** The groups that a stream has; `undefined` when there is no stream. */
export async function groupsOf(client: Client, stream: string): Promise<readonly string[] | undefined> {
  const type = await client.type(stream);
  if (type === "none") return undefined;
  if (type !== "stream") throw missing(`the key ${stream} holds a ${type}, not a stream`);
  const groups = (await client.xinfo("GROUPS", stream)) as unknown[][];
  return groups.map((info) => String(field(info, "name")));
}

/** The whole names of M-ERP's streams. */
export function streamsOf(config: Config): readonly string[] {
  return STREAMS.map((name) => prefixed(config, name));
}

/** The names that a stream may mean, in the same environment. */
function knownFrom(stream: string): readonly string[] {
  const prefix = stream.slice(0, stream.lastIndexOf(":") + 1);
  return STREAMS.map((name) => prefix + name).filter((name) => name !== stream);
}

function missing(text: string): MessagingError {
  return new MessagingError("GROUP_MISSING", printable(text));
}
