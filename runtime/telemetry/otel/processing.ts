import { type Attributes, type Context, context, ROOT_CONTEXT, type Span, SpanKind, trace } from "@opentelemetry/api";
import type { PlainMessage } from "../../contract/codec.js";
import type { Descriptor } from "../../contract/descriptor.js";
import { HandlerTimeoutError } from "../../errors.js";
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

/** What all attempts at messages of a type have in common. */
interface Kind {
  readonly measured: Measured;
  readonly identity: Identity;
  readonly attempts: Attempts;
  /** Of the spans. */
  readonly name: string;
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
    return context.with(trace.setSpan(base, span), next).then(
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

  /** A handler whose time is up may never end: its span does, and what it does later is in no span. */
  readonly handlerFailed = (info: HookEvents["handlerFailed"]): void => {
    if (!(info.error instanceof HandlerTimeoutError)) return;
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

  #begin({ identity, name }: Kind, delivery: MessageContext, message: PlainMessage, base: Context): Span {
    const { tracer, isTraced, parent } = this.#tracing;
    if (!isTraced && parent === "link") return tracer.startSpan(name, undefined, base);
    const { stream, group } = delivery;
    const attributes: Attributes = {
      [names.SYSTEM]: names.REDIS,
      [names.OLD_SYSTEM]: names.REDIS,
      [names.OPERATION]: "process",
      [names.OPERATION_TYPE]: "process",
      [DESTINATION]: stream,
      [GROUP]: group,
      [names.CLIENT_ID]: delivery.consumer,
      [names.MESSAGE_TYPE]: delivery.type,
      [names.ENTRY_ID]: delivery.entryId,
      [names.ATTEMPT]: delivery.attempt,
    };
    identity.addTo(attributes, delivery.messageId, delivery.correlationId);
    const producer = spanContextOf(traceOf(message, "traceparent"), traceOf(message, "tracestate"));
    const options = { kind: SpanKind.CONSUMER, attributes };
    if (producer === undefined) return tracer.startSpan(name, options, base);
    if (parent === "parent") return tracer.startSpan(name, options, trace.setSpanContext(base, producer));
    return tracer.startSpan(name, { ...options, links: [{ context: producer }] }, base);
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
    const kind = { measured, identity: new Identity(descriptor), attempts, name: `process ${stream}` };
    this.#kinds.set(descriptor, kind);
    return kind;
  }
}
