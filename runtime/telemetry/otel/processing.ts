import {
  type Attributes,
  type Context,
  context,
  INVALID_SPAN_CONTEXT,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  trace,
} from "@opentelemetry/api";
import type { PlainMessage } from "../../contract/codec.js";
import type { Descriptor } from "../../contract/descriptor.js";
import { BuriedError, HandlerTimeoutError } from "../../errors.js";
import { traceOf } from "../../messaging/correlation.js";
import type { MessageContext } from "../../messaging/handler.js";
import type { HookEvents } from "../../messaging/hooks.js";
import type { HandleCall } from "../../messaging/interceptor.js";
import { DESTINATION, GROUP } from "../attribute.js";
import { Attempt, Attempts } from "./attempts.js";
import { withBaggage } from "./baggage.js";
import * as names from "./convention.js";
import { noteFailure } from "./exception.js";
import { Identity } from "./identity.js";
import type { Measured } from "./instruments.js";
import { spanContextOf } from "./trace-context.js";
import type { Tracing } from "./tracing.js";

const NO_LINKS: Link[] = [];

/** What all attempts at messages of a type have in common. */
interface Kind {
  readonly measured: Measured;
  readonly identity: Identity;
  readonly attempts: Attempts;
  /** Of the spans. */
  readonly name: string;
  /**
   * What the span of a first attempt begins with, one object for all. What only this message has is noted once it is known that
   * the span records: an object of attributes for each message would take longer than all else.
   */
  readonly first: Attributes;
}

/**
 * A span for each attempt at a message, from the first interceptor to the last handler's end. It begins a trace of its own
 * that is linked to the publisher's: a trace then shows one piece of work, however many groups, retries and days follow.
 */
export class Processing {
  readonly #tracing: Tracing;
  readonly #kinds = new WeakMap<Descriptor, Kind>();
  readonly #attempts = new Map<string, Attempts>();

  constructor(tracing: Tracing) {
    this.#tracing = tracing;
  }

  /** The attempts under way, of each stream and group. */
  get inFlight(): Iterable<Attempts> {
    return this.#attempts.values();
  }

  /** The attempts of a place, if a handler has ever begun there. */
  attemptsOf({ stream, group }: { readonly stream: string; readonly group: string }): Attempts | undefined {
    return this.#attempts.get(`${stream}\0${group}`);
  }

  handle(call: HandleCall, next: () => Promise<unknown>): Promise<unknown> {
    const { context: delivery, descriptor } = call;
    const message = call.message as PlainMessage;
    const kind = this.#kindOf(descriptor, delivery);
    const base = this.#tracing.baggage ? withBaggage(ROOT_CONTEXT, traceOf(message, "baggage")) : ROOT_CONTEXT;
    const span = this.#begin(kind, delivery, message, base);
    const attempt = new Attempt(call, span, kind.measured);
    kind.attempts.begin(attempt);
    // Two functions instead of an async one, which would make twice as many promises for each message.
    return this.#within(base, span, next).then(
      (result) => {
        if (attempt.endedAt === undefined) {
          this.#tracing.instruments.noteProcessed(kind.measured, call.elapsedMs);
          kind.attempts.end(attempt);
        }
        return result;
      },
      (error: unknown) => {
        if (attempt.endedAt === undefined) {
          this.#failed(attempt, error);
          // The answer to a command says that it failed: nothing is retried.
          if (descriptor.kind === "command" && message["reply_to"] !== undefined) kind.attempts.end(attempt);
          else kind.attempts.fail(attempt);
        }
        throw error;
      },
    );
  }

  /** A handler that is no longer waited for may never end: its span does, and what it does later is in no span. */
  readonly handlerFailed = (info: HookEvents["handlerFailed"]): void => {
    if (!(info.error instanceof HandlerTimeoutError || info.error instanceof BuriedError)) return;
    const attempts = this.attemptsOf(info);
    const attempt = attempts?.find(info.entryId);
    if (attempt === undefined || attempt.endedAt !== undefined) return;
    this.#failed(attempt, info.error);
    attempts?.fail(attempt);
  };

  #failed({ span, measured, elapsedMs }: Attempt, error: unknown): void {
    const { instruments, exceptions } = this.#tracing;
    instruments.noteProcessed(measured.failed(noteFailure(span, error, exceptions)), elapsedMs);
  }

  /** A handler begins outside of every context: where there is neither a span nor baggage it stays there. */
  #within(base: Context, span: Span, next: () => Promise<unknown>): Promise<unknown> {
    const isBare = base === ROOT_CONTEXT && span.spanContext() === INVALID_SPAN_CONTEXT;
    return isBare ? next() : context.with(trace.setSpan(base, span), next);
  }

  #begin(kind: Kind, delivery: MessageContext, message: PlainMessage, base: Context): Span {
    const { tracer, isTraced, parent } = this.#tracing;
    const { name, identity } = kind;
    if (!isTraced && parent === "link") return tracer.startSpan(name, undefined, base);
    const attributes = delivery.attempt === 1 ? kind.first : { ...kind.first, [names.ATTEMPT]: delivery.attempt };
    const producer = spanContextOf(traceOf(message, "traceparent"), traceOf(message, "tracestate"));
    const isParent = parent === "parent" && producer !== undefined;
    const links = isParent || producer === undefined ? NO_LINKS : [{ context: producer }];
    const within = isParent ? trace.setSpanContext(base, producer) : base;
    const span = tracer.startSpan(name, { kind: SpanKind.CONSUMER, attributes, links }, within);
    if (!span.isRecording()) return span;
    span.setAttribute(names.CLIENT_ID, delivery.consumer);
    span.setAttribute(names.ENTRY_ID, delivery.entryId);
    identity.note(span, delivery.messageId, delivery.correlationId);
    return span;
  }

  #kindOf(descriptor: Descriptor, { stream, group }: MessageContext): Kind {
    const known = this.#kinds.get(descriptor);
    if (known !== undefined) return known;
    const place = {
      [names.SYSTEM]: names.REDIS,
      [names.OPERATION]: "process",
      [DESTINATION]: stream,
      [GROUP]: group,
    };
    const attempts = this.attemptsOf({ stream, group }) ?? new Attempts(place);
    this.#attempts.set(`${stream}\0${group}`, attempts);
    const measured = this.#tracing.instruments.ofProcessing({ ...place, [names.MESSAGE_TYPE]: descriptor.type });
    const first = {
      ...measured.attributes,
      [names.OLD_SYSTEM]: names.REDIS,
      [names.OPERATION_TYPE]: "process",
      [names.ATTEMPT]: 1,
    };
    const kind = { measured, identity: new Identity(descriptor), attempts, name: `process ${stream}`, first };
    this.#kinds.set(descriptor, kind);
    return kind;
  }
}
