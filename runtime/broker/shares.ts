import type { Topology } from "./topology.js";

/** An entry of a partition whose owner does not handle its type. */
export interface HandedOn {
  readonly type: string | undefined;
  /** Reads its fields. `null` where it is deleted from its stream. */
  readonly fields: () => Promise<readonly Uint8Array[] | null>;
}

/** Where every member of a group reads, whatever partitions it owns. */
export interface Neighbourhood {
  /** Hands entries on to members that handle their types. Resolves to whether each was: `false` where there is none. */
  handOn(entries: readonly HandedOn[]): Promise<readonly boolean[]>;
}

/** What makes a member the only one that reads a partition of its group. */
export interface Lease {
  /** The whole name of the stream whose partition it is. */
  readonly stream: string;
  /** The whole name of the partition's own stream. */
  readonly partition: string;
  /** Its place among the partitions. */
  readonly index: number;
  /** Greater than that of any owner before. Every read and settlement is refused to whoever has another. */
  readonly epoch: number;
  /** Where entries go whose type other members handle. */
  readonly home: Neighbourhood;
  /** Called when a read or a settlement was refused: another member owns the partition. */
  readonly lost: () => void;
}

/** Whom a partition belongs to after a member tried to become its owner. */
export type Acquired =
  | { readonly epoch: number }
  /** Another member, and whether that lives. */
  | { readonly epoch: undefined; readonly owner: string; readonly lives: boolean };

/** The plan as a member learns it. */
export interface Plan {
  readonly version: string;
  /** What the member is to own. `undefined` where it knows it already. */
  readonly partitions: readonly string[] | undefined;
}

/** What a member looks for again and again. */
export interface News {
  /** Whether the plan still has the version that it knows. One that expels a member has another. */
  readonly isCurrent: boolean;
  /** A partition that another member waits for, because its lease names this one. */
  readonly claimed: string | undefined;
}

/** What changes without a member: the plan, and which members live. */
export type ShareWatch = "plan" | "members";

/**
 * One member's share of the partitions of a stream. The plan is advice, made anew with each change of the members; the lease
 * is the truth, held for each partition; its epoch is the fence.
 */
export interface Shares {
  /** Creates the group of a partition where it is missing. Resolves to where it begins, if it was. */
  register(partition: string, startFrom: "all" | "new" | number, signal: AbortSignal): Promise<string | undefined>;
  /** Waits for as long as a look is certain to find nothing new. Redis cannot tell that, and has no one wait. */
  untilChanged(watch: ShareWatch): Promise<void>;
  /** What is new for this member since it has learned that version of the plan. */
  news(version: string): Promise<News>;
  /** Makes this member one of those that share, and learns the plan. */
  join(topology: Topology, version: string): Promise<Plan>;
  /** From now on it has no share, and is still known to live. */
  retire(topology: Topology): Promise<void>;
  /** The heartbeat has ended before. */
  leave(topology: Topology): Promise<void>;
  /** The heartbeats of all members; and the time, on a clock that stands still while this member's own are not confirmed. */
  look(): Promise<{ readonly beats: ReadonlyMap<string, string>; readonly confirmedMs: number }>;
  /** Expels a member whose heartbeat still is the given one. */
  expel(member: string, beat: string, topology: Topology): Promise<void>;
  /** Makes this member the owner of a partition, if it is free or its owner is no member any more. */
  acquire(partition: string): Promise<Acquired>;
  /** Tells those who look at the group that this member serves it in its partitions. To be repeated within a lease. */
  serve(partitions: readonly string[]): Promise<void>;
  /** Frees a partition for its next owner. */
  release(lease: Pick<Lease, "partition" | "epoch">): Promise<void>;
  /** Tells a member that this one waits for a partition whose lease names it. */
  claim(partition: string, owner: string): Promise<void>;
  /** Frees a partition that another member claims and this one does not own, if its lease names this one all the same. */
  concede(partition: string): Promise<void>;
}
