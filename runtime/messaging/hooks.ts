import type { MessagingError } from "../errors.js";
import type { Clock } from "../time/clock.js";
import type { Published } from "./publisher.js";
import type { CarriedTrace } from "./trace-context.js";

/** The place of a delivery in Redis. */
export interface DeliveryPlace {
  readonly stream: string;
  readonly group: string;
  readonly entryId: string;
}

type GroupPlace = Pick<DeliveryPlace, "stream" | "group">;

/** What a consumer did to several entries by one command to Redis. */
interface Transfer extends GroupPlace {
  readonly consumer: string;
  readonly count: number;
  readonly startedAt: number;
}

/** Which message an event is about. Both are `undefined` where it has none, and where its entry cannot be read. */
export interface MessageIds {
  readonly messageId: string | undefined;
  /** Common to all messages that one request caused. */
  readonly correlationId: string | undefined;
}

/** A message as its handler has it. */
interface Handling extends DeliveryPlace, MessageIds {
  readonly type: string;
  /** The type on the wire, if an upcaster made the message of an older one. */
  readonly originalType?: string;
  readonly attempt: number;
}

interface Attempt extends DeliveryPlace, MessageIds {
  readonly type: string | undefined;
  readonly attempt: number;
}

/** The events of a messaging, for logs and metrics. */
export interface HookEvents {
  /** The service reads the streams of its handlers. Its Redis may still be away. */
  readonly started: { readonly instance: string; readonly group: string; readonly streams: readonly string[] };
  /** The service reads no longer, and has given back what it had not handled. */
  readonly stopped: { readonly instance: string };
  /** The messaging is closed: it does nothing from now on. */
  readonly closed: { readonly instance: string };
  /** A connection was established, for the first time or again. */
  readonly connected: { readonly role: string; readonly again: boolean };
  /** A connection was lost. It is restored automatically. */
  readonly disconnected: { readonly role: string; readonly error: Error | undefined };
  /**
   * Another node serves a stream than the one before, both by their addresses: a replica has taken the place of its master, or
   * the stream has moved. Told once by each process that uses the stream.
   */
  readonly failedOver: { readonly stream: string; readonly from: string; readonly to: string };
  /**
   * A stream has lost its end: the entries after the id `from`, and at least up to `to`, the greatest id that this process was
   * given. A replica that had not received them has taken the place of its master, or Redis has started from older data. What was
   * published since is lost for the groups that had not read it, although the publish had resolved; so is all that was
   * settled since, and comes again. Told once by each process that learns of it.
   */
  readonly historyLost: { readonly stream: string; readonly from: string; readonly to: string };
  /** A message is in its stream. */
  readonly published: Published & { readonly type: string; readonly correlationId: string | undefined };
  /**
   * A publish failed. If an interceptor failed it, `error.cause` is the interceptor's error. `reported` is true with
   * `onPublishFailure: "report"`: the caller may not have received the error. A list that fails as a whole has no ids.
   */
  readonly publishFailed: MessageIds & {
    readonly type: string;
    readonly error: MessagingError;
    readonly reported: boolean;
  };
  /** A message of the outbox cannot be published, now or later: it waits there for an operator, by its place. */
  readonly outboxRefused: MessageIds & {
    readonly type: string;
    readonly stream: string;
    readonly place: string;
    readonly error: MessagingError;
  };
  /** A read that began at `startedAt` (ms since 1970) has brought entries. `carried` reads the traces that they carry. */
  readonly received: Transfer & { readonly carried: () => readonly CarriedTrace[] };
  /** So many entries were acknowledged together. Not the commands that were answered: an answer acknowledges its command. */
  readonly acknowledged: Transfer;
  /** A handler finished. Its entry is about to be acknowledged. */
  readonly handled: Handling & { readonly durationMs: number };
  /**
   * A handler threw. The message stays pending, and is tried again after `delayMs`: `maxAttempts` times in all, and one more
   * for each process that died with it. Where `delayMs` is `undefined`, no attempt is left: it becomes a dead letter.
   */
  readonly handlerFailed: Handling & {
    readonly error: unknown;
    readonly maxAttempts: number;
    readonly delayMs: number | undefined;
  };
  /** A failed message was parked. It is redelivered after the delay. */
  readonly retried: Attempt & { readonly delayMs: number };
  /**
   * A failed message was neither parked nor moved to the dead letters: another consumer has it by now, or its stream or
   * group is gone with all that was pending there.
   */
  readonly dropped: Attempt;
  /** Entries of a dead consumer were taken over. */
  readonly recovered: GroupPlace & { readonly from: string; readonly count: number };
  /**
   * This process was stopped or cut off for longer than its lease, and other consumers have taken so many entries whose
   * handlers had begun here. Each may have been handled twice at the same time, in spite of `order: "entity"`. One whose handler
   * ends after the lapse was noticed, and before Redis could be asked whose it is, is not counted.
   */
  readonly overtaken: GroupPlace & { readonly count: number };
  /**
   * An entry was acknowledged without a handler: no living process of the group handles its type, or a filter excludes
   * it. One that nobody handles has no ids in the encoding `json`: it is not read.
   */
  readonly skipped: DeliveryPlace & MessageIds & { readonly type: string; readonly reason: "unhandled" | "filtered" };
  /** An entry was moved to the dead letters, with its reason. `letterId` is its id among them. */
  readonly deadLettered: Attempt & { readonly error: unknown; readonly letterId: string };
  /** A command was not run because its sender had given up. */
  readonly commandExpired: DeliveryPlace & MessageIds & { readonly type: string };
  /** An answer arrived for which nobody waits. */
  readonly answerUnclaimed: { readonly commandId: string };
  /** A notification was not given to a listener, because it had expired by Redis' clock. */
  readonly notificationExpired: MessageIds & { readonly channel: string; readonly entryId: string | undefined };
  /** Acknowledged entries were removed from a stream, according to its retention. */
  readonly trimmed: { readonly stream: string; readonly removed: number; readonly length: number };
  /** A group unserved for `MESSAGE_TTL` keeps its stream from being trimmed. `expired`: the policy destroyed it. */
  readonly groupUnserved: GroupPlace & {
    readonly silentMs: number;
    readonly policy: string;
    readonly expired: boolean;
  };
  /** Another client removed entries (XTRIM, XADD MAXLEN) that a group had not read. The group has lost them. */
  readonly entriesMissed: GroupPlace & { readonly count: number };
  /** Dead letters of a group that were open were removed: they were too old, or too many. */
  readonly deadLettersRemoved: GroupPlace & { readonly count: number };
  /** When its memory is full, Redis may evict keys, streams among them. */
  readonly evictionPossible: { readonly policy: string };
  /**
   * A consumer group was missing and has been created, or stood past the end of its stream and was set back. `again`: this
   * service had joined it before, so Redis has lost data, or someone has destroyed the group.
   */
  readonly groupCreated: GroupPlace & { readonly from: string; readonly again: boolean };
  /**
   * An operator has paused a group, or one type of it: no handler begins until then (ISO 8601), or until it is resumed. Told once
   * by each process that learns of it.
   */
  readonly paused: GroupPlace & {
    readonly type: string | undefined;
    readonly until: string | undefined;
    readonly by: string;
    readonly why: string | undefined;
  };
  /** A group, or one type of it, is no longer paused. */
  readonly resumed: GroupPlace & { readonly type: string | undefined };
  /** Background work failed and is tried again. It has the ids of a message where it was about one that could be read. */
  readonly trouble: Partial<MessageIds> & { readonly what: string; readonly error: unknown };
}

/**
 * Functions that are called on these events. Their errors are ignored, so that they cannot disturb delivery. A hook may
 * run in the AsyncLocalStorage context of an unrelated request: use its argument only.
 */
export type Hooks = { readonly [Name in keyof HookEvents]?: (info: HookEvents[Name]) => void };

/** The number of times that each event has happened. */
export type Counts = Readonly<Record<keyof HookEvents, number>>;

/** What most parts of the runtime need. */
export interface RuntimeParts {
  readonly clock: Clock;
  readonly hooks: HookBus;
}

export class HookBus {
  readonly #hooks: readonly Hooks[];
  readonly #counts: Record<keyof HookEvents, number> = {
    started: 0,
    stopped: 0,
    closed: 0,
    connected: 0,
    disconnected: 0,
    failedOver: 0,
    historyLost: 0,
    published: 0,
    publishFailed: 0,
    outboxRefused: 0,
    received: 0,
    acknowledged: 0,
    handled: 0,
    handlerFailed: 0,
    retried: 0,
    dropped: 0,
    recovered: 0,
    overtaken: 0,
    skipped: 0,
    deadLettered: 0,
    commandExpired: 0,
    answerUnclaimed: 0,
    notificationExpired: 0,
    trimmed: 0,
    groupUnserved: 0,
    entriesMissed: 0,
    deadLettersRemoved: 0,
    evictionPossible: 0,
    groupCreated: 0,
    paused: 0,
    resumed: 0,
    trouble: 0,
  };
  readonly #wanted: ReadonlySet<keyof HookEvents>;

  constructor(...hooks: readonly Hooks[]) {
    this.#hooks = hooks;
    const names = Object.keys(this.#counts) as (keyof HookEvents)[];
    this.#wanted = new Set(names.filter((name) => hooks.some((each) => each[name] !== undefined)));
  }

  get counts(): Counts {
    return { ...this.#counts };
  }

  /** Hot paths ask this before they build the info of an event. */
  wants(name: keyof HookEvents): boolean {
    return this.#wanted.has(name);
  }

  count(name: keyof HookEvents): void {
    this.#counts[name]++;
  }

  /** Bound, to be passed on. */
  readonly trouble = (what: string, error: unknown, about?: MessageIds): void =>
    this.emit("trouble", { what, error, ...about });

  emit<Name extends keyof HookEvents>(name: Name, info: HookEvents[Name]): void {
    this.#counts[name]++;
    for (const hooks of this.#hooks) {
      try {
        const result: unknown = hooks[name]?.(info);
        if (result instanceof Promise) result.catch(() => {});
      } catch {
        // A hook must not disturb delivery.
      }
    }
  }
}
