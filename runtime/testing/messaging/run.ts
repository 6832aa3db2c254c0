import type { MessageContext } from "../../messaging/handler.js";
import type { Clock } from "../../time/clock.js";

/** The process in which something runs. */
export interface Place {
  readonly service: string;
  readonly clock: Clock;
  /** After so long in virtual time a handler is told to give up. */
  readonly handlerTimeoutMs: number;
  /** After so long in real time it warns of an answer that the test waits for. */
  readonly warnAfterMs: number;
  readonly warn: (details: object, text: string) => void;
  readonly hasCrashed: () => boolean;
  /** What is under way in all services of its test. */
  readonly activity: object;
}

/** A handler that runs. */
export interface Run {
  readonly place: Place;
  readonly type: string;
  /** The entry that it handles; empty for a notification whose listener runs. */
  readonly entryId: string;
  readonly attempt: number;
  /** The handler that published the message. */
  readonly cause: Run | undefined;
  /** That of its delivery; `undefined` for a listener. */
  readonly context: Pick<MessageContext, "signal" | "stream" | "entryId"> | undefined;
  /** When it began, in ms on the clock of its place. */
  readonly beganAt: number;
  /** What it waits for that takes virtual time. */
  readonly waitsFor: Set<Wait>;
  /** The name of its function, once that was called: interceptors run before. */
  handler: string | undefined;
  /** It has done nothing for so long that time passes without it. */
  isIdle: boolean;
}

/** What a handler waits for that takes virtual time. */
export interface Wait {
  readonly what: string;
  /** When the wait ends at the latest, in ms on the clock of its place; `undefined` if that is not known. */
  readonly until: number | undefined;
}

/** A call that publishes and has not ended. */
export interface Outgoing {
  readonly place: Place;
  readonly operation: string;
  readonly type: string;
  /** As of a {@link Run}. */
  isIdle: boolean;
}
