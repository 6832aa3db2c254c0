/**
 * The keys of a stream. The stream has its plain name, so that `XINFO STREAM events` works as documented. The other
 * keys have that name as hash tag, and so share its slot of a cluster.
 */
export interface StreamKeys {
  readonly stream: string;
  /** ZSET: entries whose retry is due at their score (ms), for one group. */
  readonly retry: string;
  /** HASH: the errors of entries that are retried, as JSON, for one group. */
  readonly errors: string;
  /** ZSET: each consumer's last heartbeat (ms), for one group. */
  readonly alive: string;
  /** HASH: the types that each consumer handles, for one group. */
  readonly types: string;
  /** ZSET: entries that wait for a consumer that handles their type, for one group. */
  readonly handover: string;
  /** HASH: the types of the entries that are parked because their type is paused, by their ids, for one group. */
  readonly held: string;
  /** HASH: what is paused of one group, its redriven entries included. */
  readonly paused: string;
  /** HASH: the group's low-water position and when it was last served. */
  readonly floor: string;
  /** Begins each key of a group, before the kind. */
  readonly prefix: string;
  /** ZSET: the groups that are served, and when each was last known to be (ms). */
  readonly groups: string;
  /** HASH: what the last trim knew of the stream, by which its successor under the same name is noticed. */
  readonly retention: string;
  /** STRING: the lock of the service that trims. */
  readonly trimming: string;
  /** ZSET: ids of entries, each with how many entries had been added up to it. */
  readonly marks: string;
  /** ZSET: the entries that are too large to be moved to the dead letters, each with its letter. */
  readonly oversized: string;
  /** STREAM: dead letters that were redriven to one group. */
  readonly redrive: string;
  /** STREAM: dead letters, with their errors. */
  readonly dead: string;
  /** HASH: how each dead letter was settled, by its id. */
  readonly settled: string;
  /** ZSET: the dead letters by group and state. */
  readonly index: string;
}

/** The consumer that owns a group's parked entries. No process has this name. */
export const PARKED = "parked";

/** The consumer that owns the entries that a group's members hand over to each other. No process has this name. */
export const HANDOVER = "handover";

export function answerKey(stream: string, commandId: string): string {
  return `{${stream}}:answer:${commandId}`;
}

/** The key that records that a message is stored, so that a repeat is not. */
export function onceKey(stream: string, messageId: string): string {
  return `{${stream}}:once:${messageId}`;
}

/** What the last loss of a stream's end was, for a while. It begins as the records of ids do, which every publisher may write. */
export function lossKey(stream: string): string {
  return onceKey(stream, "lost");
}

/** What the last trim knew of a stream. */
export function retentionKey(stream: string): string {
  return `{${stream}}:retention`;
}

/** HASH: which streams hold the messages of a stream. */
export function topologyKey(stream: string): string {
  return `{${stream}}:topology`;
}

/** The keys by which the members of a group share the partitions of a stream. They lie in the slot of the stream itself. */
export interface ShareKeys {
  /** ZSET: each member's last heartbeat (ms). Not `alive`, in which members beat that know no partitions. */
  readonly members: string;
  /** HASH: the member that is to own each partition, by the name of its stream. */
  readonly plan: string;
}

export function shareKeys(stream: string, group: string): ShareKeys {
  return { members: `{${stream}}:members:${group}`, plan: `{${stream}}:plan:${group}` };
}

/** HASH: which member owns a partition of a group, and its epoch. */
export function leaseKey(partition: string, group: string): string {
  return `{${partition}}:lease:${group}`;
}

export function streamKeys(stream: string, group: string): StreamKeys {
  const tag = `{${stream}}`;
  const dead = `${tag}:dead`;
  const redrive = `${tag}:redrive:${group}`;
  const letters = { dead, settled: `${dead}:settled`, index: `${dead}:index` };
  return { stream, ...keysUnder(tag, group, `:${group}`), paused: `${tag}:paused:${group}`, redrive, ...letters };
}

/** The keys of a redrive stream. One group alone reads it. Its dead letters, and what is paused, are those of the stream. */
export function redriveKeys(own: StreamKeys, group: string): StreamKeys {
  const { redrive, paused, dead, settled, index } = own;
  return { stream: redrive, ...keysUnder(redrive, group, ""), paused, redrive, dead, settled, index };
}

type KeysUnder = Omit<StreamKeys, "stream" | "paused" | "redrive" | "dead" | "settled" | "index">;

function keysUnder(prefix: string, group: string, suffix: string): KeysUnder {
  return {
    retry: `${prefix}:retry${suffix}`,
    errors: `${prefix}:errors${suffix}`,
    alive: `${prefix}:alive${suffix}`,
    types: `${prefix}:types${suffix}`,
    handover: `${prefix}:handover${suffix}`,
    held: `${prefix}:held${suffix}`,
    floor: `${prefix}:floor:${group}`,
    prefix: `${prefix}:`,
    groups: `${prefix}:groups`,
    retention: `${prefix}:retention`,
    trimming: `${prefix}:trimming`,
    marks: `${prefix}:marks`,
    oversized: `${prefix}:oversized`,
  };
}
