/** Something that is wrong, or will be. */
export interface Fault {
  /** Tells it from all others, as long as it lasts. */
  readonly key: string;
  readonly severity: "critical" | "warning" | "notice";
  /** What is wrong, as a sentence. */
  readonly text: string;
  /** The command that mends it, or that looks into it. */
  readonly command?: string | undefined;
  /** What it is about, for a link. */
  readonly stream?: string | undefined;
  readonly group?: string | undefined;
}

/** A member of a group. */
export interface MemberState {
  readonly name: string;
  readonly pending: number;
  /** Since it was last heard of, in ms. */
  readonly silentMs: number | undefined;
  readonly state: "alive" | "silent" | "dead";
}

/** A group of a stream. */
export interface GroupState {
  readonly name: string;
  /** The number of entries to be read; `undefined` when Redis cannot tell. */
  readonly lag: number | undefined;
  readonly pending: number;
  /** Since when the oldest pending entry has been there, in ms. */
  readonly oldestMs: number | undefined;
  /** Entries that wait for their retry. */
  readonly retrying: number;
  readonly members: number;
  readonly alive: number;
  /** At most a hundred: those of which nothing is heard, then those that hold most. */
  readonly list: readonly MemberState[];
  readonly openLetters: number;
  /** How many entries the group was given so far; `undefined` when Redis cannot tell. */
  readonly read: number | undefined;
  /** What an operator has paused, each a sentence. */
  readonly pauses: readonly string[];
  readonly isPaused: boolean;
}

/** A stream. Its name is without the environment's prefix. */
export interface StreamState {
  readonly name: string;
  readonly key: string;
  readonly length: number;
  /** How many entries were ever added. */
  readonly added: number;
  readonly newestMs: number | undefined;
  readonly oldestMs: number | undefined;
  readonly groups: readonly GroupState[];
}

/** A stream of which nothing is known, because the master of a cluster that has it cannot be asked. */
export interface UnseenStream {
  /** Its name without the environment's prefix. */
  readonly name: string;
  /** Why, as a sentence without its end. */
  readonly why: string;
}

/** The last report of a service. */
export interface ServiceState {
  readonly name: string;
  readonly status: string;
  /** Since its last report; `undefined` if none is known. */
  readonly silentSeconds: number | undefined;
  readonly version: string | undefined;
  readonly uptimeSeconds: number | undefined;
}

/** Everything that the overview shows, as it was at one moment. */
export interface Snapshot {
  /** By the clock of Redis, in ms since 1970. */
  readonly atMs: number;
  readonly environment: string;
  readonly address: string;
  readonly faults: readonly Fault[];
  readonly streams: readonly StreamState[];
  readonly unseen: readonly UnseenStream[];
  readonly services: readonly ServiceState[];
}
