import {
  type Attributes,
  type Context,
  context,
  isSpanContextValid,
  type Link,
  type Span,
  SpanKind,
  trace,
} from "@opentelemetry/api";
import type { Descriptor } from "../../contract/descriptor.js";
import { currentCorrelation, withCorrelation } from "../../messaging/correlation.js";
import type { HandleCall, InterceptedCall } from "../../messaging/interceptor.js";
import type { Published } from "../../messaging/publisher.js";
import { DESTINATION } from "../attribute.js";
import { baggageOf } from "./baggage.js";
import * as names from "./convention.js";
import { createEach } from "./creating.js";
import { noteFailure } from "./exception.js";
import { Identity } from "./identity.js";
import { spanContextOf, traceOfContext } from "./trace-context.js";
import type { Tracing } from "./tracing.js";

type SendingCall = Exclude<InterceptedCall, HandleCall>;

/** What all calls of one operation with messages of a type have in common. */
interface Kind {
  readonly measured: Attributes;
  readonly identity: Identity;
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

  async send(call: SendingCall, next: () => Promise<unknown>): Promise<unknown> {
    const { instruments, exceptions } = this.#tracing;
    const kind = this.#kindOf(call);
    const count = call.operation === "publishAll" ? call.messages.length : 1;
    const within = this.#context();
    const span = this.#begin(call, kind, within);
    try {
      const result = await this.#within(trace.setSpan(within, span), span, next);
      if (call.operation === "publish" || call.operation === "tell") notePlace(span, kind.identity, result);
      instruments.sent(count, call.elapsedMs, kind.measured);
      return result;
    } catch (error) {
      instruments.sent(count, call.elapsedMs, kind.measured, noteFailure(span, error, exceptions));
      throw error;
    } finally {
      span.end();
    }
  }

  /** Where no span is under way, what is published continues the trace of the request or notification that is handled. */
  #context(): Context {
    const active = context.active();
    if (trace.getSpanContext(active) !== undefined) return active;
    const { traceparent, tracestate } = currentCorrelation() ?? {};
    const correlated = spanContextOf(traceparent, tracestate);
    return correlated === undefined ? active : trace.setSpanContext(active, correlated);
  }

  #begin(call: SendingCall, { measured, identity }: Kind, within: Context): Span {
    const { tracer, createSpans } = this.#tracing;
    const attributes: Attributes = { ...measured, [names.OLD_SYSTEM]: names.REDIS };
    const correlation = call.options.correlationId ?? currentCorrelation()?.correlationId;
    identity.addTo(attributes, undefined, correlation);
    let links: Link[] = [];
    if (call.operation === "publishAll") {
      if (createSpans) links = createEach(tracer, call, within, attributes);
      attributes[names.BATCH_COUNT] = call.messages.length;
    }
    // A create span is what the consumers are linked to; this one is then a request to Redis like any other.
    const kind = links.length > 0 ? SpanKind.CLIENT : SpanKind.PRODUCER;
    return tracer.startSpan(`${measured[names.OPERATION]} ${call.stream}`, { kind, attributes, links }, within);
  }

  #within(within: Context, span: Span, next: () => Promise<unknown>): Promise<unknown> {
    const carried = span.spanContext();
    if (!isSpanContextValid(carried)) return next();
    const baggage = this.#tracing.baggage ? baggageOf(within) : undefined;
    const correlation = { ...currentCorrelation(), ...traceOfContext(carried), baggage };
    return context.with(within, () => withCorrelation(correlation, next));
  }

  #kindOf({ descriptor, operation, stream }: SendingCall): Kind {
    const kinds = this.#kinds.get(descriptor) ?? new Map<string, Kind>();
    this.#kinds.set(descriptor, kinds);
    const known = kinds.get(operation);
    if (known !== undefined) return known;
    const measured = {
      [names.SYSTEM]: names.REDIS,
      [names.OPERATION]: operation === "publishAll" ? "publish" : operation,
      [names.OPERATION_TYPE]: "send",
      [DESTINATION]: stream,
      [names.MESSAGE_TYPE]: descriptor.type,
    };
    const kind = { measured, identity: new Identity(descriptor as Descriptor) };
    kinds.set(operation, kind);
    return kind;
  }
}

function notePlace(span: Span, identity: Identity, result: unknown): void {
  if (!span.isRecording()) return;
  const { id, entryId } = (result ?? {}) as Partial<Published>;
  const attributes: Attributes = entryId === undefined ? {} : { [names.ENTRY_ID]: entryId };
  identity.addTo(attributes, id, undefined);
  span.setAttributes(attributes);
}
