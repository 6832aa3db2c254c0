import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import { companyOf } from "../contract/company.js";
import type { MessageKind } from "../contract/descriptor.js";

/** Inherited from a message, or a request, by every message that is published or sent because of it. */
export interface Correlation {
  /** Common to all messages that one request caused. */
  readonly correlationId?: string | undefined;
  /** The message that is being handled: the cause of what follows, written to `metadata.causation_id`. */
  readonly messageId?: string | undefined;
  /** The company on whose behalf it happens. Inherited where `tenancy` is `required`. */
  readonly companyId?: number | string | undefined;
  /** W3C Trace Context, carried in `metadata.traceparent`. */
  readonly traceparent?: string | undefined;
  /** W3C Trace Context, carried in `metadata.tracestate`. */
  readonly tracestate?: string | undefined;
}

type Message = Readonly<Record<string, unknown>>;

const storage = new AsyncLocalStorage<Correlation>();

/**
 * Runs work so that every message that it publishes or sends inherits the correlation, across every await. The runtime
 * does so for handlers; a gateway does it for each request.
 *
 * @example
 * withCorrelation({ correlationId: request.id, traceparent: request.headers.traceparent }, () => handle(request));
 */
export function withCorrelation<Result>(correlation: Correlation, work: () => Result): Result {
  return storage.run(correlation, work);
}

/**
 * Created outside of every context, unless this module is loaded within one. `AsyncResource` binds what runs in it to
 * the context of its creation.
 */
const outside = /* @__PURE__ */ new AsyncResource("MESSAGING");
const MANUAL = { requireManualDestroy: true };

/**
 * Runs a handler or a listener with the correlation of its message, and in no other context of an AsyncLocalStorage:
 * neither that of the caller of `start()` or `listen()`, nor what another handler has entered.
 */
export function withCorrelationOnly<Result>(correlation: Correlation, work: () => Result): Result {
  return outside.runInAsyncScope(isolated, undefined, correlation, work) as Result;
}

function isolated(correlation: Correlation, work: () => unknown): unknown {
  return apart(() => storage.run(correlation, work));
}

/** Runs work in the present context. What the work enters by `enterWith` does not reach what runs after it. */
export function apart<Result>(work: () => Result): Result {
  return new AsyncResource("MESSAGE", MANUAL).runInAsyncScope(work);
}

/** The correlation of the message that is being handled, if one is. */
export function currentCorrelation(): Correlation | undefined {
  const store = storage.getStore();
  if (store === undefined) return undefined;
  // A delivery reads its correlation from its message only when it is asked for.
  const { correlationId, messageId, companyId, traceparent, tracestate } = store;
  return { correlationId, messageId, companyId, traceparent, tracestate };
}

/** The correlation that a message passes on. */
export function correlationOf(kind: MessageKind, message: Message): Correlation {
  return {
    correlationId: message["correlation_id"] as string | undefined,
    messageId: message["id"] as string | undefined,
    companyId: companyOf(kind, message),
    traceparent: traceOf(message, "traceparent"),
    tracestate: traceOf(message, "tracestate"),
  };
}

/** A part of the W3C Trace Context that a message carries. */
export function traceOf(message: Message, part: "traceparent" | "tracestate"): string | undefined {
  const value = (message["metadata"] as Message | undefined)?.[part];
  return typeof value === "string" ? value : undefined;
}

/** The metadata of a message that is published because of another: the publisher's own wins. */
export function inheritMetadata(given: unknown, correlation: Correlation): Message | undefined {
  const { messageId, traceparent, tracestate } = correlation;
  const inherited = { causation_id: messageId, traceparent, tracestate };
  const present = Object.entries(inherited).filter(([, value]) => value !== undefined);
  if (present.length === 0) return given as Message | undefined;
  return { ...Object.fromEntries(present), ...(given as Message | undefined) };
}
