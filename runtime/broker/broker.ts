// broker/ is the port between delivery and Redis: interfaces only. It may import contract/ and errors.ts.
import type { MessagingError } from "../errors.js";
import type { Appender } from "./append.js";
import type { Answer } from "./delivery.js";
import type { Log } from "./log.js";
import type { Members } from "./membership.js";
import type { Subscriptions } from "./subscriptions.js";
import type { Topology } from "./topology.js";
import type { Transfer, Transferred } from "./transfer.js";

/**
 * How long a command may wait in a process before it is looked for among the answers. A destroyed group is created again
 * only after so long: members of older versions take a younger entry for one that was never delivered before.
 */
export const YOUNG_MS = 1000;

/** The clock by which entries have their ids. */
export interface BrokerClock {
  /** Milliseconds since 1970 there, to within a round trip. `undefined` while that is not known. */
  now(): number | undefined;
  /** True if it is certainly earlier there than a moment in ms since 1970. */
  isBefore(instant: number): boolean;
  /** Connects if need be, and keeps the time from then on. */
  start(): void;
}

export interface Answers {
  find(stream: string, commandId: string): Promise<string | null>;
  /** Why commands cannot be sent, or answers not heard, at the moment. `undefined` while they can. */
  failure(): MessagingError | undefined;
  /**
   * Finds the answer to a command before it runs; `expired` when its sender has given up, at `givenUpAt` by the broker's
   * clock in ms since 1970. The signal ends the wait for a connection.
   */
  check(
    stream: string,
    commandId: string,
    givenUpAt: number,
    waiting: { readonly signal: AbortSignal },
  ): Promise<string | null>;
  /** Stores and sends an answer, and leaves its command as it is. */
  give(answer: Answer): Promise<void>;
}

/** The port between delivery and the system that stores and passes on messages. `redis/` implements it. */
export interface Broker {
  readonly appender: Appender;
  readonly answers: Answers;
  readonly subscriptions: Subscriptions;
  /** Whether consumers can settle now: on a cluster, as soon as its masters are known. */
  readonly isReady: boolean;
  /** Whether nothing that is in use is away: on a cluster, no master. */
  readonly isWhole: boolean;
  /** Connects, and checks the broker's features. Resolves to the policy by which it may evict streams, if it may. */
  connect(signal: AbortSignal): Promise<{ readonly evictionPolicy: string | undefined }>;
  /** @throws {ConfigError} when handling so many streams needs more connections than are allowed */
  assertAffordable(streams: readonly string[]): void;
  /** Resolves to the time that an answer takes, in ms. */
  ping(): Promise<number>;
  /** Never rejects: what is not stored is in the result, with its reason. */
  transfer(transfer: Transfer): Promise<Transferred>;
  /** The clock by which the entries of a stream have their ids. @param stream - its whole name */
  clockOf(stream: string): BrokerClock;
  /**
   * Reads which partitions a stream has now.
   *
   * @param stream - its whole name
   * @throws {ConfigError} the record of it is none of this package
   */
  topology(stream: string, signal?: AbortSignal): Promise<Topology>;
  /** @param stream - its whole name */
  log(stream: string): Log;
  members(): Members;
  close(): void;
}
