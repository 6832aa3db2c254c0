import type { ClusterStatus, UnseenStream } from "./cluster-status.js";
import type { GroupStatus } from "./group-status.js";
import type { RedisStatus } from "./redis-status.js";
import type { ServiceStatus } from "./service-status.js";

/**
 * What a look at an installation shows: plain data, which `JSON.stringify` keeps as it is. `null` stands for what is not known
 * or not there, never 0. Times that end in `Ms` are lengths in milliseconds by Redis' clock.
 */
export interface Status {
  /** The moment of the look by Redis' clock, RFC 3339 UTC. */
  readonly at: string;
  /** The same in ms since 1970. */
  readonly atMs: number;
  /** Where Redis is: `host:port`, or the path of a socket. */
  readonly address: string;
  /** `ENVIRONMENT`, the prefix of all names of streams unless it is `development`. */
  readonly environment: string;
  /** The settings of this machine by which others are judged: theirs may differ. */
  readonly settings: {
    readonly leaseMs: number;
    readonly deadLettersMax: number;
    readonly deadLetterTtlMs: number;
  };
  /** The time since the look before, from which rates are computed; `null` at the first look. */
  readonly sinceMs: number | null;
  /** The one Redis, or the master that Sentinel watches; `null` on a cluster. */
  readonly redis: RedisStatus | null;
  /** `null` without a cluster. */
  readonly cluster: ClusterStatus | null;
  /** Streams of which nothing is known, because their master cannot be asked. They are not among `streams`. */
  readonly unseen: readonly UnseenStream[];
  /** In the order of the catalogue. Those that do not exist are here, too. */
  readonly streams: readonly StreamStatus[];
  readonly services: readonly ServiceStatus[];
  readonly paused: readonly PauseStatus[];
  /** The commands that this user of Redis may not run, so that what they tell is not known: `INFO`. */
  readonly refused: readonly string[];
}

/** A stream and who reads it. */
export interface StreamStatus {
  /** Its whole name, with the environment's prefix. */
  readonly name: string;
  /** What is at its key: `stream`, `none`, or the type of a key that is none of ours. */
  readonly keyType: string;
  /** What its messages are; `null` for a stream that the catalogue does not describe. */
  readonly kind: "event" | "command" | "notification" | "health" | null;
  readonly length: number;
  /** What it takes of Redis' memory, by a sample of its entries. */
  readonly bytes: number | null;
  /** The age of its oldest entry, and of its newest. */
  readonly oldestMs: number | null;
  readonly newestMs: number | null;
  /** How many entries were ever added. */
  readonly added: number | null;
  readonly addedPerSecond: number | null;
  /** Whether ids tell when entries were added, see `StreamHealth.ids`. */
  readonly ids: "current" | "ahead" | "exhausted";
  readonly groups: readonly GroupStatus[];
  readonly letters: StreamLetters;
  /** The types among the newest entries, the most frequent first. */
  readonly types: readonly TypeStatus[];
}

/** The dead letters of a stream, of all groups. */
export interface StreamLetters {
  /** In any state. */
  readonly total: number;
  /** `null` while the index does not match. */
  readonly open: number | null;
  /** Whether the index matches the letters. It is made anew with the next trim. */
  readonly isCounted: boolean;
  readonly ids: "current" | "ahead" | "exhausted";
}

/** A type among the newest entries of a stream. */
export interface TypeStatus {
  readonly type: string;
  /** How many of the newest entries are of this type. */
  readonly seen: number;
  /** The newest of them. */
  readonly newestId: string;
  /** Whether the catalogue describes it in this stream; `null` when no messages of the stream are given. */
  readonly isKnown: boolean | null;
  /** Whether a member of any group handles it; `null` when a group does not tell what it handles. */
  readonly isHandled: boolean | null;
}

/** Something that an operator has paused. */
export interface PauseStatus {
  readonly stream: string;
  readonly group: string;
  /** `null`: all types. */
  readonly type: string | null;
  readonly sinceMs: number | null;
  /** In how many ms it ends by itself. */
  readonly endsInMs: number | null;
  readonly who: string | null;
  readonly why: string | null;
}
