/** What a group has to do in a stream. */
export interface WorkStatus {
  /** The number of entries to be read; `null` when Redis cannot tell. */
  readonly lag: number | null;
  /** Whether there is any entry to be read, also when nobody knows how many. */
  readonly isBehind: boolean;
  /** What was delivered and is not acknowledged, parked entries among it. */
  readonly pending: number;
  /** The time since the oldest of them was published. */
  readonly oldestPendingMs: number | null;
  /** The pending entries that wait for a retry. */
  readonly parked: number;
  /** In how many ms the next of them is due; negative when it is overdue. */
  readonly nextDueMs: number | null;
  /** The pending entries that wait for a member that handles their type. */
  readonly handover: number;
}

/** A group of a stream: what it has to do, and who is there to do it. */
export interface GroupStatus extends WorkStatus {
  readonly stream: string;
  readonly name: string;
  /** The service whose group it is, by its name. */
  readonly service: string;
  /** Whether it was destroyed, and only dead letters or redriven entries of it are left. */
  readonly isGone: boolean;
  /** How much the lag grows, since the look before. */
  readonly lagPerSecond: number | null;
  /** Whether a member's heartbeat has said so within a lease. */
  readonly isServed: boolean;
  readonly members: Members;
  /** Entries that members have in their hands, the oldest of each of the members that were looked at. */
  readonly held: readonly HeldEntry[];
  /** What an operator returned to the group alone; `null` when nothing of it is to do. */
  readonly redriven: WorkStatus | null;
  readonly letters: GroupLetters;
}

/** The members of a group. */
export interface Members {
  readonly total: number;
  readonly alive: number;
  readonly silent: number;
  readonly dead: number;
  /** At most 100: the dead and the silent first, then those that hold most. */
  readonly list: readonly MemberStatus[];
}

/** One process that reads for a group. */
export interface MemberStatus {
  readonly name: string;
  /** `alive`: Redis has heard of it within a lease; `silent`: not for up to three; `dead`: for longer. */
  readonly state: "alive" | "silent" | "dead";
  /** The time since Redis last heard of it; `null` when it never has. */
  readonly lastSignMs: number | null;
  readonly pending: number;
  /** A consumer in another language may have none. */
  readonly hasHeartbeat: boolean;
}

/** A pending entry that a member has. */
export interface HeldEntry {
  readonly id: string;
  readonly member: string;
  /** The time since it was delivered to that member. */
  readonly heldMs: number;
  readonly deliveries: number;
  /**
   * How many attempts have failed; `null` when that is not known or was not asked, as for an entry that was delivered a moment ago.
   * With `order: "entity"` a member keeps an entry that failed until its next attempt.
   */
  readonly failures: number | null;
  /** How many of the earlier deliveries ended with the death of their process; `null` when that is not known. */
  readonly deaths: number | null;
}

/** The open dead letters of a group. */
export interface GroupLetters {
  readonly open: number | null;
  /** The time since the oldest of them became one. */
  readonly oldestMs: number | null;
  /** The causes of the newest of them, the most frequent first. */
  readonly causes: readonly LetterCause[];
  /** How many were looked at for their causes. */
  readonly sampled: number;
}

/** Dead letters with the same reason, type and source. */
export interface LetterCause {
  /** The code or the name of the last error: `ECONNREFUSED`. */
  readonly reason: string;
  readonly type: string | null;
  /** The service that published the message, as it says itself. */
  readonly source: string | null;
  readonly count: number;
  /** The id of the newest of these letters. */
  readonly newestId: string;
}
