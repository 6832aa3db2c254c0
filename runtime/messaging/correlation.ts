import { AsyncLocalStorage } from "node:async_hooks";
import { companyOf } from "../contract/company.js";
import type { MessageKind } from "../contract/descriptor.js";

/** What flows from a message, or a request, to whatever is published or sent because of it. */
export interface Correlation {
  /** Ties together everything that one request set off. */
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
 * Runs work so that whatever it publishes or sends inherits the correlation, across every await. Handlers run so by
 * themselves; a gateway does it for each request.
 *
 * @example
 * withCorrelation({ correlationId: request.id, traceparent: request.headers.traceparent }, () => handle(request));
 */
export function withCorrelation<Result>(correlation: Correlation, work: () => Result): Result {
  return storage.run(correlation, work);
}

/** The correlation of what is being handled, if anything is. */
export function currentCorrelation(): Correlation | undefined {
  const store = storage.getStore();
  if (store === undefined) return undefined;
  // What is handled right now keeps its correlation in itself: it is read out only when somebody asks.
  const { correlationId, messageId, companyId, traceparent, tracestate } = store;
  return { correlationId, messageId, companyId, traceparent, tracestate };
}

/** What flows on from a message. */
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
