import { type Attributes, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { HookEvents, Hooks } from "../../messaging/hooks.js";
import { DESTINATION, ERROR_TYPE, GROUP } from "../attribute.js";
import { errorTypeOf } from "../error-type.js";
import * as names from "./convention.js";
import type { Processing } from "./processing.js";
import type { Tracing } from "./tracing.js";

/**
 * A span for what becomes of a message that was not handled: from the end of the attempt until it is parked for its retry, or
 * among the dead letters. Acknowledgements have one of their own kind, since each acknowledges many messages.
 */
export class Settling {
  readonly #tracing: Tracing;
  readonly #processing: Processing;

  constructor(tracing: Tracing, processing: Processing) {
    this.#tracing = tracing;
    this.#processing = processing;
  }

  readonly hooks: Hooks = {
    retried: (info) => this.#settled("retry", info, { [names.RETRY_DELAY]: info.delayMs / 1000 }),
    deadLettered: (info) => this.#settled("dead_letter", info, { [names.REASON]: errorTypeOf(info.error) }, info.error),
    dropped: (info) => void this.#processing.attemptsOf(info)?.take(info.entryId),
  };

  #settled(operation: string, info: HookEvents["dropped"], own: Attributes, error?: unknown): void {
    const { stream, group, entryId, type, attempt: number } = info;
    const attempt = this.#processing.attemptsOf(info)?.take(entryId);
    const { tracer } = this.#tracing;
    const attributes: Attributes = {
      [names.SYSTEM]: names.REDIS,
      [names.OLD_SYSTEM]: names.REDIS,
      [names.OPERATION]: operation,
      [names.OPERATION_TYPE]: "settle",
      [DESTINATION]: stream,
      [GROUP]: group,
      [names.ENTRY_ID]: entryId,
      [names.ATTEMPT]: number,
      ...own,
    };
    const within = attempt === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, attempt.span);
    const began = attempt?.endedAt === undefined ? {} : { startTime: attempt.endedAt };
    // The type as the entry has it is known to be one of the catalogue's only where a handler took it.
    if (attempt !== undefined && type !== undefined) attributes[names.MESSAGE_TYPE] = type;
    const span = tracer.startSpan(`${operation} ${stream}`, { kind: SpanKind.CLIENT, attributes, ...began }, within);
    // No handler has seen it, so that no other span tells why.
    if (attempt === undefined && error !== undefined) {
      span.setAttribute(ERROR_TYPE, errorTypeOf(error));
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end();
  }
}
