import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import type { PlainMessage } from "../contract/codec.js";
import { companyOf } from "../contract/company.js";
import type { MessageKind } from "../contract/descriptor.js";
import { boundedText, isTraceParent, LONGEST_BAGGAGE, LONGEST_TRACESTATE } from "./trace-context.js";

/** Inherited by every message that is published or sent because of a message or a request. */
export interface Correlation {
  /** Common to all messages that one request caused. */
  readonly correlationId?: string | undefined;
  /** The id of the message that is being handled: `metadata.causation_id` of the messages that it causes. */
  readonly messageId?: string | undefined;
  /** The company on whose behalf it happens. Inherited if `tenancy` is `required`. */
  readonly companyId?: number | string | undefined;
  /** W3C Trace Context, carried in `metadata.traceparent`. */
  readonly traceparent?: string | undefined;
  /** W3C Trace Context, carried in `metadata.tracestate`. */
  readonly tracestate?: string | undefined;
  /** W3C Baggage, carried in `metadata.baggage`. A handler's messages do not inherit it. */
  readonly baggage?: string | undefined;
}

const storage = new AsyncLocalStorage<Correlation>();

/**
 * Runs work whose messages inherit the correlation, across every await. The runtime does so for each message that is
 * handled, a gateway for each request.
 * @example
 * withCorrelation({ correlationId: request.id, traceparent: request.headers.traceparent }, () => handle(request));
 */
export function withCorrelation<Result>(correlation: Correlation, work: () => Result): Result {
  return storage.run(correlation, work);
}

/** Created outside of every AsyncLocalStorage context, unless this module is loaded in one. Calls in it see none. */
const outside = /* @__PURE__ */ new AsyncResource("MESSAGING");
const MANUAL = { requireManualDestroy: true };

/**
 * Runs work outside of every AsyncLocalStorage context: neither in that of the caller of `start()` or `listen()`, nor in
 * one that a handler has entered.
 */
export function withoutContext(work: () => void): void {
  outside.runInAsyncScope(work);
}

/**
 * Runs a handler or a listener with the correlation of its message, in a context of its own: what it enters by
 * `enterWith` does not reach what runs after it. The context begins as the present one.
 */
export function inContextOf<Result>(correlation: Correlation, work: () => Result): Result {
  return new AsyncResource("MESSAGE", MANUAL).runInAsyncScope(entered, undefined, correlation, work) as Result;
}

function entered(correlation: Correlation, work: () => unknown): unknown {
  storage.enterWith(correlation);
  return work();
}

/** Runs a handler or a listener with the correlation of its message and no other AsyncLocalStorage context. */
export function withCorrelationOnly<Result>(correlation: Correlation, work: () => Result): Result {
  return outside.runInAsyncScope(inContextOf, undefined, correlation, work) as Result;
}

/** Runs work in the present context. What the work enters by `enterWith` does not reach what runs after it. */
export function apart<Result>(work: () => Result): Result {
  return new AsyncResource("MESSAGE", MANUAL).runInAsyncScope(work);
}

/** The same as {@link currentCorrelation}, not copied: a delivery reads its message when it is asked for a part. */
export function presentCorrelation(): Correlation | undefined {
  return storage.getStore();
}

/** The correlation of the message that is being handled, if one is. */
export function currentCorrelation(): Correlation | undefined {
  const store = storage.getStore();
  if (store === undefined) return undefined;
  const { correlationId, messageId, companyId, traceparent, tracestate, baggage } = store;
  return { correlationId, messageId, companyId, traceparent, tracestate, baggage };
}

export function correlationOf(kind: MessageKind, message: PlainMessage): Correlation {
  return {
    correlationId: message["correlation_id"] as string | undefined,
    messageId: message["id"] as string | undefined,
    companyId: companyOf(kind, message),
    traceparent: traceOf(message, "traceparent"),
    tracestate: traceOf(message, "tracestate"),
  };
}

export function traceOf(message: PlainMessage, part: "traceparent" | "tracestate" | "baggage"): string | undefined {
  const value = (message["metadata"] as PlainMessage | undefined)?.[part];
  return typeof value === "string" ? value : undefined;
}

/**
 * Adds the correlation to a message's metadata. The publisher's own values win. A trace that is malformed or too long is not
 * passed on: a message or a request of others would otherwise be in every message that it causes.
 */
export function inheritMetadata(given: unknown, correlation: Correlation): PlainMessage | undefined {
  const { messageId, traceparent, tracestate, baggage } = correlation;
  const defaults: PlainMessage = { causation_id: messageId };
  if (isTraceParent(traceparent)) {
    defaults["traceparent"] = traceparent;
    defaults["tracestate"] = boundedText(tracestate, LONGEST_TRACESTATE);
  }
  if (baggage !== undefined) defaults["baggage"] = boundedText(baggage, LONGEST_BAGGAGE);
  return withDefaults(given, defaults);
}

/** Adds to metadata what it lacks. An explicit `undefined` counts as lacking. */
export function withDefaults(given: unknown, defaults: PlainMessage): PlainMessage | undefined {
  const own = given as PlainMessage | undefined;
  let whole = own;
  for (const name in defaults) {
    const value = defaults[name];
    if (value === undefined || own?.[name] !== undefined) continue;
    if (whole === own) whole = { ...own };
    (whole as PlainMessage)[name] = value;
  }
  return whole;
}

/** A message with metadata of its own where it has none of these names. */
export function withMetadata(message: PlainMessage, defaults: PlainMessage): PlainMessage {
  return { ...message, metadata: withDefaults(message["metadata"], defaults) };
}
