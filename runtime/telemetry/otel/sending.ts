import {
  type Context,
  context,
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  type Span,
  SpanKind,
  type SpanOptions,
  trace,
} from "@opentelemetry/api";
import type { Descriptor } from "../../contract/descriptor.js";
import { type Correlation, presentCorrelation, withCorrelation } from "../../messaging/correlation.js";
import type { HandleCall, InterceptedCall } from "../../messaging/interceptor.js";
import type { Published } from "../../messaging/publisher.js";
import { DESTINATION } from "../attribute.js";
import { baggageOf } from "./baggage.js";
import * as names from "./convention.js";
import { createEach } from "./creating.js";
import { noteFailure } from "./exception.js";
import { Identity } from "./identity.js";
import type { Measured } from "./instruments.js";
import { spanContextOf, traceOfContext } from "./trace-context.js";
import type { Tracing } from "./tracing.js";

type SendingCall = Exclude<InterceptedCall, HandleCall>;

/** What all calls of one operation with messages of a type have in common. */
interface Kind {
  readonly measured: Measured;
  readonly identity: Identity;
  /** Of the span. */
  readonly name: string;
  /**
   * What a span begins with, one object for all. What only this message has is noted once it is known that the span records: an
   * object of attributes for each message would take longer than all else.
   */
  readonly options: SpanOptions;
}

/**
 * A span for each publish, send and tell, until the message is stored, or the command answered. Its context is carried in the
 * metadata of the messages.
 */
export class Sending {
  readonly #tracing: Tracing;
  readonly #kinds = new WeakMap<Descriptor, Map<string, Kind>>();

  constructor(tracing: Tracing) {
    this.#tracing = tracing;
  }

  send(call: SendingCall, next: () => Promise<unknown>): Promise<unknown> {
    const { instruments, exceptions } = this.#tracing;
    const kind = this.#kindOf(call);
    const count = call.operation === "publishAll" ? call.messages.length : 1;
    const correlation = presentCorrelation();
    const within = contextOf(correlation);
    const span = this.#begin(call, kind, within, correlation);
    return this.#within(within, span, correlation, next).then(
      (result) => {
        if (call.operation === "publish" || call.operation === "tell") notePlace(span, kind.identity, result);
        instruments.noteSent(kind.measured, count, call.elapsedMs);
        span.end();
        return result;
      },
      (error: unknown) => {
        const failed = kind.measured.failed(noteFailure(span, error, exceptions));
        instruments.noteSent(failed, count, call.elapsedMs);
        span.end();
        throw error;
      },
    );
  }

  #begin(call: SendingCall, { options, identity, name }: Kind, within: Context, correlation?: Correlation): Span {
    const { tracer, isTraced, createSpans } = this.#tracing;
    if (!isTraced) return tracer.startSpan(name, undefined, within);
    const correlationId = call.options.correlationId ?? correlation?.correlationId;
    const each = { options, identity, correlationId };
    const links = createSpans && call.operation === "publishAll" ? createEach(tracer, call, within, each) : [];
    // A create span is what the consumers are linked to; this one is then a request to Redis like any other.
    const given = links.length > 0 ? { ...options, kind: SpanKind.CLIENT, links } : options;
    const span = tracer.startSpan(name, given, within);
    if (!span.isRecording()) return span;
    identity.note(span, undefined, correlationId);
    if (call.operation === "publishAll") span.setAttribute(names.BATCH_COUNT, call.messages.length);
    return span;
  }

  #within(
    within: Context,
    span: Span,
    correlation: Correlation | undefined,
    next: () => Promise<unknown>,
  ): Promise<unknown> {
    const carried = span.spanContext();
    if (carried === INVALID_SPAN_CONTEXT || !isSpanContextValid(carried)) return next();
    const { traceparent, tracestate } = traceOfContext(carried);
    const carrying: Correlation = {
      correlationId: correlation?.correlationId,
      messageId: correlation?.messageId,
      companyId: correlation?.companyId,
      traceparent,
      tracestate,
      baggage: this.#tracing.baggage ? baggageOf(within) : undefined,
    };
    return withCorrelation(carrying, () => context.with(trace.setSpan(within, span), next));
  }

  #kindOf({ descriptor, operation, stream }: SendingCall): Kind {
    const kinds = this.#kinds.get(descriptor) ?? new Map<string, Kind>();
    this.#kinds.set(descriptor, kinds);
    const known = kinds.get(operation);
    if (known !== undefined) return known;
    const called = operation === "publishAll" ? "publish" : operation;
    const measured = this.#tracing.instruments.ofSending({
      [names.SYSTEM]: names.REDIS,
      [names.OPERATION]: called,
      [names.OPERATION_TYPE]: "send",
      [DESTINATION]: stream,
      [names.MESSAGE_TYPE]: descriptor.type,
    });
    const attributes = { ...measured.attributes, [names.OLD_SYSTEM]: names.REDIS };
    const kind: Kind = {
      measured,
      identity: new Identity(descriptor as Descriptor),
      name: `${called} ${stream}`,
      options: { kind: SpanKind.PRODUCER, attributes },
    };
    kinds.set(operation, kind);
    return kind;
  }
}

/** Where no span is under way, what is published continues the trace of the request or notification that is handled. */
function contextOf(correlation: Correlation | undefined): Context {
  const active = context.active();
  if (correlation === undefined || trace.getSpanContext(active) !== undefined) return active;
  const correlated = spanContextOf(correlation.traceparent, correlation.tracestate);
  return correlated === undefined ? active : trace.setSpanContext(active, correlated);
}

function notePlace(span: Span, identity: Identity, result: unknown): void {
  if (!span.isRecording()) return;
  const { id, entryId } = (result ?? {}) as Partial<Published>;
  if (entryId !== undefined) span.setAttribute(names.ENTRY_ID, entryId);
  identity.note(span, id, undefined);
}
