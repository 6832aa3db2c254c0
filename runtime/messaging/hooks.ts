import type { MessagingError } from "../errors.js";

/** Where a delivery stands in Redis. */
export interface DeliveryPlace {
  readonly stream: string;
  readonly group: string;
  readonly entryId: string;
}

/** Everything that a messaging tells about itself: what logs and metrics hang on. */
export interface HookEvents {
  /** A connection is there, for the first time or again. */
  readonly connected: { readonly role: string; readonly again: boolean };
  /** A connection was lost; it comes back by itself. */
  readonly disconnected: { readonly role: string; readonly error: Error | undefined };
  /** A message is in its stream. */
  readonly published: {
    readonly type: string;
    readonly id: string | undefined;
    readonly stream: string;
    readonly entryId: string;
  };
  /** A publish failed. With `reported`, because of `onPublishFailure: "report"`, its caller may not have been told. */
  readonly publishFailed: { readonly type: string; readonly error: MessagingError; readonly reported: boolean };
  /** A handler finished, its entry is about to be acknowledged. */
  readonly handled: DeliveryPlace & { readonly type: string; readonly attempt: number; readonly durationMs: number };
  /** A handler threw; the message stays pending and comes again. */
  readonly handlerFailed: DeliveryPlace & { readonly type: string; readonly attempt: number; readonly error: unknown };
  /** A failed message was laid aside; it comes again after the delay. */
  readonly retried: DeliveryPlace & {
    readonly type: string | undefined;
    readonly attempt: number;
    readonly delayMs: number;
  };
  /** Entries of a consumer that died were taken over. */
  readonly recovered: {
    readonly stream: string;
    readonly group: string;
    readonly from: string;
    readonly count: number;
  };
  /** An entry was acknowledged unseen: nobody here handles its type, or its filter left it out. */
  readonly skipped: DeliveryPlace & { readonly type: string; readonly reason: "unhandled" | "filtered" };
  /** An entry went to the dead letters, whole, with its reason. */
  readonly deadLettered: DeliveryPlace & {
    readonly type: string | undefined;
    readonly attempt: number;
    readonly error: unknown;
  };
  /** A command was not run because its sender had given up before. */
  readonly commandExpired: DeliveryPlace & { readonly type: string };
  /** An answer came for which nobody waits (any more). */
  readonly answerUnclaimed: { readonly commandId: string };
  /** Acknowledged entries were removed from a stream, as its retention says. */
  readonly trimmed: { readonly stream: string; readonly removed: number; readonly length: number };
  /** A group keeps a stream from being trimmed, and nobody has served it for `MESSAGE_TTL`. */
  readonly groupUnserved: {
    readonly stream: string;
    readonly group: string;
    readonly silentMs: number;
    readonly policy: string;
    /** Whether the policy had it destroyed. */
    readonly expired: boolean;
  };
  /** Somebody else removed entries (XTRIM, XADD MAXLEN) that a group had not read: they are lost to it. */
  readonly entriesMissed: { readonly stream: string; readonly group: string; readonly count: number };
  /** Redis may evict keys when its memory is full, and with them streams and groups. */
  readonly evictionPossible: { readonly policy: string };
  /** A consumer group was missing and has been created. */
  readonly groupCreated: { readonly stream: string; readonly group: string; readonly from: string };
  /** Something failed in the background and is tried again. */
  readonly trouble: { readonly what: string; readonly error: unknown };
}

/**
 * Functions to be called on what happens. What they throw is ignored: they must not disturb delivery.
 *
 * A hook runs in the AsyncLocalStorage context in which the event happens to occur, which may be that of an unrelated
 * request: use what the hook is given, and read no context in it.
 */
export type Hooks = { readonly [Name in keyof HookEvents]?: (info: HookEvents[Name]) => void };

/** How often each thing happened since start. */
export type Counts = Readonly<Record<keyof HookEvents, number>>;

/** Counts what happens and tells whoever asked. */
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

  /** The names that somebody asked for. */
  readonly #wanted: ReadonlySet<keyof HookEvents>;

  constructor(...hooks: readonly Hooks[]) {
    this.#hooks = hooks;
    const names = Object.keys(this.#counts) as (keyof HookEvents)[];
    this.#wanted = new Set(names.filter((name) => hooks.some((each) => each[name] !== undefined)));
  }

  get counts(): Counts {
    return { ...this.#counts };
  }

  /** Whether making the info is worth it: hot paths ask before they build one. */
  wants(name: keyof HookEvents): boolean {
    return this.#wanted.has(name);
  }

  count(name: keyof HookEvents): void {
    this.#counts[name]++;
  }

  /** Emits `trouble`. Bound, so that it can be passed on by itself. */
  readonly trouble = (what: string, error: unknown): void => this.emit("trouble", { what, error });

  emit<Name extends keyof HookEvents>(name: Name, info: HookEvents[Name]): void {
    this.#counts[name]++;
    for (const hooks of this.#hooks) {
      try {
        const result: unknown = hooks[name]?.(info);
        if (result instanceof Promise) result.catch(() => {});
      } catch {
        // A broken metric must not cost a message.
      }
    }
  }
}
