import type { FlatFields } from "../contract/codec.js";
import type { Answer, Delivery, Take, Unhandled } from "./delivery.js";
import type { AttemptRecord, FailureRecord, Kept } from "./failed-attempt.js";
import type { Aside, GroupPause } from "./group-pause.js";
import type { IdState } from "./id-state.js";
import type { Log, OpenLetters } from "./log.js";
import type { RetryCall } from "./retry-call.js";
import type { Lease, Neighbourhood, Shares } from "./shares.js";
import type { HeartbeatState, SignsOfLife } from "./signs-of-life.js";

/** One consumer of one group, on one stream. */
export interface MemberPlace {
  /** The whole name of the stream. */
  readonly stream: string;
  readonly group: string;
  /** Unique for each start of a process. */
  readonly consumer: string;
  /** It reads the entries that were redriven to this group from the stream's dead letters, not the stream itself. */
  readonly redriven: boolean;
  /** The types that it handles. `undefined` stands for entries without a type. */
  readonly handles: readonly (string | undefined)[];
  /** Whether these are commands: its new deliveries say so ({@link Delivery.isNew}). */
  readonly answers: boolean;
  /** Where it owns a partition: it alone reads it. Left out where every member of the group reads. */
  readonly lease?: Lease;
}

/** Aborted when a member reads or settles no more. They end its waits. */
export interface MemberSignals {
  readonly reading: AbortSignal;
  readonly settling: AbortSignal;
}

export interface Joined {
  /** The id from which the group was created, or to which it was set back; `undefined` when it existed. */
  readonly createdFrom?: string | undefined;
  /** The group must not be created yet: try again after so many milliseconds. */
  readonly retryInMs?: number | undefined;
  /** What is paused of the group. `undefined` when it is not known. */
  readonly pauses?: readonly GroupPause[] | undefined;
}

/** The state of a stream and one of its groups. `null` stands for a lag that the broker cannot tell. */
export interface GroupState {
  readonly lag: number | null;
  readonly pending: number;
  readonly oldestPendingSeconds: number;
  readonly parked: number;
  /** Those of the group. */
  readonly deadLetters: OpenLetters;
  readonly ids: IdState;
}

/** Parked entries that are due. */
export interface Released {
  readonly deliveries: readonly Delivery[];
  /** In how many ms the next is due, or a pause ends; -1 when neither will happen by itself. */
  readonly nextMs: number;
  /** Whether entries are handed over, to any member. */
  readonly areHandedOver: boolean;
  /** Whether the types that the members handle have changed: {@link Membership.enrol} learns them. */
  readonly isOutdated: boolean;
  /** What is paused of the group. `undefined` when it is not known, because the group is gone. */
  readonly pauses: readonly GroupPause[] | undefined;
  /** What operators have called for since, the oldest first. Of very many some are left for the next look. */
  readonly calls: readonly RetryCall[];
}

/** An entry of a consumer that died. Its delivery is to be counted just before it begins, by {@link Membership.fetch}. */
export interface TakenOver {
  readonly id: string;
  /** Empty where they are not needed. */
  readonly fields: FlatFields;
  /** The attempt that begins then. */
  readonly attempt: number;
  /** It had begun in more than one process that died, so it is to run alone. */
  readonly isSuspect: boolean;
}

/** Entries that others handed over. */
export interface HandedOver {
  readonly deliveries: readonly Delivery[];
  /** Those that had been taken over from a dead consumer. */
  readonly takenOver: readonly TakenOver[];
  /** Whether there are more. */
  readonly areMore: boolean;
}

/** An entry that is held by its id. */
export interface Unfetched {
  readonly id: string;
  /** The attempt that begins when it is fetched; 0 where its delivery is counted already. */
  readonly attempt: number;
  readonly isTakenOver: boolean;
}

/** Entries that were held by their ids. */
export interface Fetched {
  /** Those that still belong to this consumer. */
  readonly deliveries: readonly Delivery[];
  /** How many were looked for, in their order. The others are to be fetched again. */
  readonly looked: number;
}

/** The entries that a member holds when it leaves, as far as it knows them. */
export interface Leaving {
  /** Those of which no handler has begun. */
  readonly unbegun: readonly string[];
  /** Those whose handler has not ended. */
  readonly begun: readonly string[];
  /** Those that failed and wait here for their next attempt: that attempt. */
  readonly failed: readonly Pick<Unfetched, "id" | "attempt">[];
  /** Others may have taken some of these, and settled them. */
  readonly isContested: boolean;
  /** The error that is recorded for those that have begun, as JSON. */
  readonly failure: string;
}

export interface Holder {
  holds(id: string): boolean;
  take(deliveries: readonly Delivery[]): void;
}

/** What a member looks for now and then: entries that are due or handed over, or consumers that are dead. */
export type Watch = "due" | "dead";

/**
 * A consumer's membership in its group. Every read and every settlement of its entries goes through here.
 *
 * Settling resolves when the broker has confirmed it, also when the group is gone and nothing is left to settle; it
 * rejects when it should be tried again.
 */
export interface Membership extends MemberPlace, Neighbourhood {
  readonly log: Log;
  /**
   * Creates the group if it is missing, makes known what this member handles, and beats. To be repeated after anything
   * that may have undone either.
   *
   * @param startFrom - where a group begins that is new: `new` with what is added from now on, a number with what was
   * added since, in ms on this process' monotonic clock
   * @throws {ConnectionError}
   */
  join(startFrom: "all" | "new" | number): Promise<Joined>;
  /** Gives back the entries that it holds, so that others get them at once, and ends the membership. */
  leave(leaving: Leaving): Promise<void>;
  /** Whether its heartbeat came too late since this was last asked: other members may have taken its entries. */
  lapsed(): boolean;
  /** Whether a call that failed with this error was refused before it took any entry. */
  hasTakenNothing(error: unknown): boolean;

  /** Takes up to so many new entries, or none after a while. They are taken before this resolves. */
  read(count: number, take: Take): Promise<void>;
  /** Ends a read that waits, so that no entry is lost on its way. */
  interrupt(): Promise<void>;
  /** Takes entries that were delivered to this consumer and never arrived. To be called while no read is under way. */
  takeStrays(holder: Holder): Promise<void>;

  /** @param retried - those of the entries that failed before */
  acknowledge(ids: readonly string[], retried: readonly string[]): Promise<void>;
  /**
   * Acknowledges entries like {@link acknowledge}. Of the unhandled ones it hands over those whose type another living
   * member handles. Resolves to the others, which are acknowledged.
   */
  acknowledgeUnhandled(unhandled: readonly Unhandled[], ids: readonly string[]): Promise<readonly Unhandled[]>;
  /** Hands an entry over to another living member that handles its type. Resolves to `false` when there is none. */
  handOver(unhandled: Unhandled): Promise<boolean>;
  /** Hands a command over, or else stores and sends an answer like {@link answer}. */
  refuse(answer: Answer, unhandled: Unhandled): Promise<{ readonly isHandedOver: boolean; readonly error?: unknown }>;
  /** Whether other members may hand entries over to this one: it handles types that they do not. */
  readonly receives: boolean;
  /**
   * Records a failed attempt of an entry, unless another consumer has it or it is deleted from its stream. It is parked
   * until its retry is due; where `parkedMs` is left undefined, this consumer keeps it for that. Where `failure` is left
   * undefined, the attempt does not count, and nothing is recorded of it.
   */
  recordFailure(delivery: Delivery, record: AttemptRecord): Promise<Kept>;
  /** Moves an entry to the dead letters. Resolves to the letter's id, or to `null` when another consumer has the entry. */
  bury(
    delivery: Delivery,
    record: FailureRecord & { readonly labels: Readonly<Record<string, string>> },
  ): Promise<string | null>;
  /** Stores and sends an answer, and acknowledges its command. Resolves to the error if the broker refuses it. */
  answer(answer: Answer, id: string): Promise<unknown>;

  /**
   * Fetches those of the entries that still belong to this consumer. Each counts as delivered as often as its `attempt`, at
   * least: to repeat it after a lost reply counts nothing twice.
   *
   * @param mostBytes - of text: no entry is looked for after that, but one is in any case
   */
  fetch(entries: readonly Unfetched[], mostBytes: number): Promise<Fetched>;
  /** Those of the entries that still belong to this consumer; all of them when the group is gone. */
  owned(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Those of the entries that an operator has moved to the dead letters while they were pending. Left out where none can. */
  buried?(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /**
   * Takes up to so many parked entries whose retry is due. None while the whole group is paused.
   *
   * @param heard - the moment of the last call for retries that this consumer has heard; 0 before the first
   */
  release(count: number, heard: number): Promise<Released>;
  /** Parks entries whose types are paused until these are resumed. Their delivery does not count. */
  setAside(entries: readonly Aside[]): Promise<void>;
  /** Takes up to so many entries that others handed over: this member handles their type, or no member does any more. */
  receive(count: number, takenOver: number): Promise<HandedOver>;
  /** Makes entries due that are parked or handed over and whose record of that was lost. */
  sweep(): Promise<void>;

  /** Waits before the next look: so long, or for as long as it would find nothing. `false` when this member reads no more. */
  until(watch: Watch, ms: number): Promise<boolean>;
  /** Looks for signs of life of the other consumers. */
  look(): Promise<SignsOfLife>;
  /**
   * Takes over up to so many entries of a consumer whose heartbeat still is the given one, else `undefined`. The oldest
   * come first.
   */
  takeOver(
    consumer: string,
    beat: string,
    options: { readonly most: number; readonly withFields: boolean },
  ): Promise<readonly TakenOver[] | undefined>;
  /**
   * Learns what the others handle, and makes known again what this member handles if that was lost.
   *
   * @param beats - the heartbeats: with these it is done only if there is a need
   */
  enrol(beats?: ReadonlyMap<string, string>): Promise<void>;

  state(): Promise<GroupState>;
}

/** The consumers of one start of a service. They share one heartbeat. */
export interface Members {
  readonly heartbeat: HeartbeatState;
  add(place: MemberPlace, signals: MemberSignals): Membership;
  /**
   * This service's share of a stream's partitions. Those that it owns are added as they come.
   *
   * @param signal - ends its waits for a connection
   */
  share(stream: string, consumer: string, signal: AbortSignal): Shares;
  /** Starts the heartbeat of all members that were added; called again, also of those that were added since. */
  start(): void;
  /** Ends the heartbeat. To be called before the members leave: a later beat would make one look alive. */
  stop(): Promise<void>;
}
