import {
  type Attributes,
  type Context,
  context,
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  type Link,
  type Span,
  SpanKind,
  trace,
} from "@opentelemetry/api";
import type { Descriptor } from "../../contract/descriptor.js";
import { type Correlation, currentCorrelation, withCorrelation } from "../../messaging/correlation.js";
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
    const correlation = currentCorrelation();
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

  #begin(
    call: SendingCall,
    { measured, identity, name }: Kind,
    within: Context,
    correlation: Correlation | undefined,
  ): Span {
    const { tracer, isTraced, createSpans } = this.#tracing;
    if (!isTraced) return tracer.startSpan(name, undefined, within);
    const attributes: Attributes = { ...measured.attributes, [names.OLD_SYSTEM]: names.REDIS };
    identity.addTo(attributes, undefined, call.options.correlationId ?? correlation?.correlationId);
    let links: Link[] = [];
    if (call.operation === "publishAll") {
      if (createSpans) links = createEach(tracer, call, within, attributes);
      attributes[names.BATCH_COUNT] = call.messages.length;
    }
    // A create span is what the consumers are linked to; this one is then a request to Redis like any other.
    const kind = links.length > 0 ? SpanKind.CLIENT : SpanKind.PRODUCER;
    return tracer.startSpan(name, { kind, attributes, links }, within);
  }

  #within(
    within: Context,
    span: Span,
    correlation: Correlation | undefined,
    next: () => Promise<unknown>,
  ): Promise<unknown> {
    const carried = span.spanContext();
    if (carried === INVALID_SPAN_CONTEXT || !isSpanContextValid(carried)) return next();
    const baggage = this.#tracing.baggage ? baggageOf(within) : undefined;
    return withCorrelation({ ...correlation, ...traceOfContext(carried), baggage }, () =>
      context.with(trace.setSpan(within, span), next),
    );
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
    const kind = { measured, identity: new Identity(descriptor as Descriptor), name: `${called} ${stream}` };
    kinds.set(operation, kind);
    return kind;
  }
}

/** Where no span is under way, what is published continues the trace of the request or notification that is handled. */
function contextOf(correlation: Correlation | undefined): Context {
  const active = context.active();
  if (correlation?.traceparent === undefined || trace.getSpanContext(active) !== undefined) return active;
  const correlated = spanContextOf(correlation.traceparent, correlation.tracestate);
  return correlated === undefined ? active : trace.setSpanContext(active, correlated);
}

function notePlace(span: Span, identity: Identity, result: unknown): void {
  if (!span.isRecording()) return;
  const { id, entryId } = (result ?? {}) as Partial<Published>;
  const attributes: Attributes = entryId === undefined ? {} : { [names.ENTRY_ID]: entryId };
  identity.addTo(attributes, id, undefined);
  span.setAttributes(attributes);
}
