import {
  type Context,
  isSpanContextValid,
  type Link,
  SpanKind,
  type SpanOptions,
  type Tracer,
} from "@opentelemetry/api";
import type { PlainMessage } from "../../contract/codec.js";
import { contractOf } from "../../contract/contract.js";
import type { Descriptor } from "../../contract/descriptor.js";
import { traceOf, withMetadata } from "../../messaging/correlation.js";
import type { PublishAllCall } from "../../messaging/interceptor.js";
import { OPERATION, OPERATION_TYPE } from "./convention.js";
import type { Identity } from "./identity.js";
import { traceOfContext } from "./trace-context.js";

/** What the spans of the messages have in common with that of their publishing. */
interface Common {
  readonly options: SpanOptions;
  readonly identity: Identity;
  readonly correlationId: string | undefined;
}

/**
 * Makes a span for each message of a `publishAll`, whose context that message carries. One that has a context of its own keeps
 * it. Returns the links from the span that sends them.
 */
export function createEach(tracer: Tracer, call: PublishAllCall, within: Context, common: Common): Link[] {
  if (!contractOf(call.descriptor as Descriptor).hasOpenMetadata) return [];
  const { identity, correlationId } = common;
  const attributes = { ...common.options.attributes, [OPERATION]: "create", [OPERATION_TYPE]: "create" };
  const options = { kind: SpanKind.PRODUCER, attributes };
  const links: Link[] = [];
  call.messages = call.messages.map((given) => {
    const message = given as PlainMessage;
    // What is no object is left to the contract, which refuses it.
    const isRefused = typeof (message?.["metadata"] ?? {}) !== "object";
    if (message === null || isRefused || traceOf(message, "traceparent") !== undefined) return message;
    const span = tracer.startSpan(`create ${call.stream}`, options, within);
    identity.note(span, undefined, correlationId);
    span.end();
    const context = span.spanContext();
    if (!isSpanContextValid(context)) return message;
    links.push({ context });
    return withMetadata(message, traceOfContext(context));
  });
  return links;
}
