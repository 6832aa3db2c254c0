import { printable } from "../contract/printable.js";
import { MessagingError } from "../errors.js";
import { partitionNames } from "./partition.js";
import { SLOTS, slotOf } from "./slot.js";
import { MOST_PARTITIONS, readStreams, type Topology } from "./topology.js";

/** Kinds of messages whose readers go on by one entry id, and so read one stream. */
const WHOLE = ["notifications", "health"];

/** Why a stream keeps its partitions for now. `force` gives up what the text names. */
export interface PartitionHindrance {
  /** `work`: a group has not handled everything. `alive`: a member reads. */
  readonly kind: "work" | "alive";
  /** A sentence that says what to do, and what is lost otherwise. */
  readonly text: string;
}

/** What another number of partitions would change. */
export interface PartitionPlan {
  readonly stream: string;
  readonly before: Topology;
  readonly after: Topology;
  /** Why it is not done now; empty when nothing hinders. */
  readonly hindrances: readonly PartitionHindrance[];
}

/** One partition of a stream. */
export interface PartitionState {
  /** The whole name of its stream. */
  readonly stream: string;
  /** Nothing is published to it any more; it is read until it is empty. */
  readonly isRetired: boolean;
  readonly entries: number;
  readonly groups: readonly PartitionGroup[];
}

/** What a group has to do in a partition. */
export interface PartitionGroup {
  readonly group: string;
  /** The member that reads it; `undefined` while none does. */
  readonly owner: string | undefined;
  /** Grows with each owner; `undefined` where it never had one. */
  readonly epoch: number | undefined;
  /** `null` where Redis cannot tell. */
  readonly lag: number | null;
  readonly pending: number;
}

/** The partitions of the streams: how many there are, who owns them, what waits in them. */
export interface PartitionControl {
  /** The partitions of a stream, those that are no longer written at the end, with what each group has to do in them. */
  list(stream: string): Promise<readonly PartitionState[]>;
  /**
   * Tells what another number of partitions would change, and what hinders it.
   *
   * @throws {ConfigError} no stream may have so many partitions, or this one may have none
   */
  plan(stream: string, count: number): Promise<PartitionPlan>;
  /**
   * Gives a stream another number of partitions. Its publishers and the services that read it are to be stopped before, and
   * its groups to have handled everything. The groups of the stream are created in each new partition.
   *
   * @throws {MessagingError} `GROUP_IN_USE` while anything hinders it that is not given up by `force`
   */
  set(stream: string, count: number, options?: { readonly force?: boolean }): Promise<PartitionPlan>;
}

/** Why a stream may not have so many partitions. */
export function partitionProblems(stream: string, count: number): readonly string[] {
  return [
    ...nameProblems(stream),
    ...(Number.isInteger(count) && count >= 1 && count <= MOST_PARTITIONS
      ? []
      : [`a stream has 1 to ${MOST_PARTITIONS} partitions, not ${count}`]),
    ...(WHOLE.includes(stream)
      ? [`${stream} cannot be partitioned: who was away reads on in it behind one entry, so it is one stream`]
      : []),
  ];
}

/** Why a name is not that of a stream as a whole. */
export function nameProblems(stream: string): readonly string[] {
  if (stream !== "" && !/[{}]/.test(stream) && !/:\d+$/.test(stream)) return [];
  return [`give the name of a stream, such as events; ${JSON.stringify(printable(stream))} is none`];
}

/** Publishers know of a change after 10 s. What they have sent before may wait as long for its connection. */
const LEARNT_AFTER_MS = 20_000;

/** The partitions that a stream has, and would not have with so many. */
export function removedFrom(before: Topology, count: number): readonly string[] {
  const streams = namesFor(before, count);
  return readStreams(before).filter((each) => !streams.includes(each));
}

/**
 * The topology of a stream with another number of partitions, as the successor of one. A partition that is removed is retired for
 * as long as publishers may put messages there that have not heard of it, and until nothing is left in it. Where nothing changes,
 * the version stays: publishers know it.
 *
 * @param filled - the partitions in which something is left
 */
export function repartitioned(
  before: Topology,
  count: number,
  { nowMs, filled }: { readonly nowMs: number; readonly filled: readonly string[] },
): Topology {
  const streams = namesFor(before, count);
  const isFresh = nowMs - before.version < LEARNT_AFTER_MS;
  const retired = removedFrom(before, count).filter(
    (partition) => isFresh || before.streams.includes(partition) || filled.includes(partition),
  );
  const isSame = before.version > 0 && String([before.streams, before.retired]) === String([streams, retired]);
  return { version: isSame ? before.version : Math.max(before.version + 1, Math.floor(nowMs)), streams, retired };
}

/** @throws {MessagingError} `GROUP_IN_USE` when something hinders it */
export function assertUnhindered({ stream, hindrances: [hindrance] }: PartitionPlan): void {
  if (hindrance === undefined) return;
  throw new MessagingError("GROUP_IN_USE", printable(`${stream} keeps its partitions: ${hindrance.text}`));
}

function namesFor(before: Topology, count: number): readonly string[] {
  return partitionNames(readStreams(before) as readonly [string, ...string[]], count, { slots: SLOTS, slotOf });
}
