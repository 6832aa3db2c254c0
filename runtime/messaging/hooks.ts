import type { MessagingError } from "../errors.js";

/** The place of a delivery in Redis. */
export interface DeliveryPlace {
  readonly stream: string;
  readonly group: string;
  readonly entryId: string;
}

/** A group of a stream. */
interface GroupPlace {
  readonly stream: string;
  readonly group: string;
}

/** One attempt at a delivery. */
interface Attempt<Type = string> extends DeliveryPlace {
  readonly type: Type;
  readonly attempt: number;
}

/** The events of a messaging, for logs and metrics. */
export interface HookEvents {
  /** A connection was established, for the first time or again. */
  readonly connected: { readonly role: string; readonly again: boolean };
  /** A connection was lost. It reconnects by itself. */
  readonly disconnected: { readonly role: string; readonly error: Error | undefined };
  /** A message is in its stream. */
  readonly published: {
    readonly type: string;
    readonly id: string | undefined;
    readonly stream: string;
    readonly entryId: string;
  };
  /**
   * A publish failed. With `reported`, because of `onPublishFailure: "report"`, its caller may not have been told. If an
   * interceptor failed it, `error.cause` is what that threw.
   */
  readonly publishFailed: { readonly type: string; readonly error: MessagingError; readonly reported: boolean };
  /** A handler finished. Its entry is about to be acknowledged. */
  readonly handled: Attempt & { readonly durationMs: number };
  /** A handler threw. The message stays pending and is redelivered, answered or moved to the dead letters. */
  readonly handlerFailed: Attempt & { readonly error: unknown };
  /** A failed message was parked. It is redelivered after the delay. */
  readonly retried: Attempt<string | undefined> & { readonly delayMs: number };
  /** Entries of a consumer that died were taken over. */
  readonly recovered: GroupPlace & { readonly from: string; readonly count: number };
  /**
   * An entry was acknowledged without a handler: no living process of the group handles its type, or a filter excludes
   * it.
   */
  readonly skipped: DeliveryPlace & { readonly type: string; readonly reason: "unhandled" | "filtered" };
  /** An entry was moved to the dead letters, with its reason. */
  readonly deadLettered: Attempt<string | undefined> & { readonly error: unknown };
  /** A command was not run because its sender had given up. */
  readonly commandExpired: DeliveryPlace & { readonly type: string };
  /** An answer arrived for which nobody waits. */
  readonly answerUnclaimed: { readonly commandId: string };
  /** Acknowledged entries were removed from a stream, according to its retention. */
  readonly trimmed: { readonly stream: string; readonly removed: number; readonly length: number };
  /** A group that no consumer has served for `MESSAGE_TTL` keeps its stream from being trimmed. */
  readonly groupUnserved: GroupPlace & {
    readonly silentMs: number;
    readonly policy: string;
    /** Whether the policy had the group destroyed. */
    readonly expired: boolean;
  };
  /** Others removed entries (XTRIM, XADD MAXLEN) before a group had read them: they are lost to the group. */
  readonly entriesMissed: GroupPlace & { readonly count: number };
  /** Redis may evict keys when its memory is full, among them streams and groups. */
  readonly evictionPossible: { readonly policy: string };
  /** A consumer group was missing and has been created. */
  readonly groupCreated: GroupPlace & { readonly from: string };
  /** Something failed in the background and is tried again. */
  readonly trouble: { readonly what: string; readonly error: unknown };
}

/** Functions that are called on these events. Their errors are ignored, so that they cannot disturb delivery. */
export type Hooks = { readonly [Name in keyof HookEvents]?: (info: HookEvents[Name]) => void };

/** How often each event has happened. */
export type Counts = Readonly<Record<keyof HookEvents, number>>;

/** Counts events and calls hooks. */
export class HookBus {
  readonly #hooks: readonly Hooks[];
  readonly #counts: Record<keyof HookEvents, number> = {
    connected: 0,
    disconnected: 0,
    published: 0,
    publishFailed: 0,
    handled: 0,
    handlerFailed: 0,
    retried: 0,
    recovered: 0,
    skipped: 0,
    deadLettered: 0,
    commandExpired: 0,
    answerUnclaimed: 0,
    trimmed: 0,
    groupUnserved: 0,
    entriesMissed: 0,
    evictionPossible: 0,
    groupCreated: 0,
    trouble: 0,
  };
  /** The events for which there is a hook. */
  readonly #wanted: ReadonlySet<keyof HookEvents>;

  constructor(...hooks: readonly Hooks[]) {
    this.#hooks = hooks;
    const names = Object.keys(this.#counts) as (keyof HookEvents)[];
    this.#wanted = new Set(names.filter((name) => hooks.some((each) => each[name] !== undefined)));
  }

  get counts(): Counts {
    return { ...this.#counts };
  }

  /** Whether there is a hook for an event. Hot paths ask before they build its info. */
  wants(name: keyof HookEvents): boolean {
    return this.#wanted.has(name);
  }

  count(name: keyof HookEvents): void {
    this.#counts[name]++;
  }

  /** Emits `trouble`. Bound, so that it can be passed on. */
  readonly trouble = (what: string, error: unknown): void => this.emit("trouble", { what, error });

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
