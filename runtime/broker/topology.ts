import { entityOf } from "../contract/codec.js";
import type { Append } from "./append.js";
import { partitionOf } from "./partition.js";

/** More partitions than any installation has use for: each of them costs its owner a connection and some commands a second. */
export const MOST_PARTITIONS = 1024;

/** Which streams hold the messages of a stream. Kept by the broker, so that all services have the same. */
export interface Topology {
  /** Grows with each change. 0 where nobody has partitioned the stream. */
  readonly version: number;
  /** The partitions, in order: the key of a message chooses one of them. The first is the stream itself. */
  readonly streams: readonly string[];
  /** Those to which nothing is published any more. They are read until they are empty. */
  readonly retired: readonly string[];
}

type KeyedEntry = Pick<Append, "key" | "entry" | "messageId">;

/** The record of a topology: names and values. */
export type TopologyRecord = Readonly<Record<string, string>>;

/** The topology of a stream that is not partitioned. */
export function unpartitioned(stream: string): Topology {
  return { version: 0, streams: [stream], retired: [] };
}

/** The stream of a message: the partition of its key, of its entity, or else of its id. */
export function placeIn({ streams }: Topology, { key, entry, messageId = "" }: Partial<KeyedEntry>): string {
  if (streams.length === 1) return streams[0] as string;
  const chosen = key ?? (entry && entityOf(entry)) ?? messageId;
  return streams[partitionOf(chosen, streams.length)] as string;
}

/** Whether members of a group share a stream's partitions. Otherwise each member reads the stream itself. */
export function isPartitioned({ streams, retired }: Topology): boolean {
  return streams.length + retired.length > 1;
}

/** The streams that are read. */
export function readStreams({ streams, retired }: Topology): readonly string[] {
  return [...streams, ...retired];
}

export function recordOf({ version, streams, retired }: Topology): TopologyRecord {
  const lists = { streams: JSON.stringify(streams), retired: JSON.stringify(retired) };
  return { version: String(version), ...lists, hash: "fnv1a32" };
}

/** The topology that a record holds; `undefined` when others have written something else there. */
export function topologyIn(stream: string, record: TopologyRecord): Topology | undefined {
  if (Object.keys(record).length === 0) return unpartitioned(stream);
  const { version = "", hash = "" } = record;
  const [streams, retired] = [namesIn(record["streams"]), namesIn(record["retired"] ?? "[]")];
  if (!/^\d{1,15}$/.test(version) || hash !== "fnv1a32" || streams === undefined || retired === undefined) {
    return undefined;
  }
  const names = [...streams, ...retired];
  const isOurs = (name: string): boolean => name === stream || /^:[1-9]\d{0,4}$/.test(name.slice(stream.length));
  const areOurs = names.every((name) => name.startsWith(stream) && isOurs(name));
  if (streams[0] !== stream || !areOurs || new Set(names).size !== names.length) return undefined;
  return { version: Number(version), streams, retired };
}

function namesIn(json = ""): readonly string[] | undefined {
  try {
    const list: unknown = JSON.parse(json);
    const areNames = Array.isArray(list) && list.length <= 2 * MOST_PARTITIONS;
    return areNames && list.every((name) => typeof name === "string") ? list : undefined;
  } catch {
    return undefined;
  }
}
