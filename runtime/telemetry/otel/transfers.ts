import { type Attributes, type Link, ROOT_CONTEXT, SpanKind } from "@opentelemetry/api";
import type { HookEvents, Hooks } from "../../messaging/hooks.js";
import { DESTINATION, GROUP } from "../attribute.js";
import * as names from "./convention.js";
import { spanContextOf } from "./trace-context.js";
import type { Tracing } from "./tracing.js";

/** A span for each read that brings messages, with links to their publishers, and for each acknowledgement. */
export class Transfers {
  readonly #tracing: Tracing;

  constructor(tracing: Tracing) {
    this.#tracing = tracing;
  }

  readonly hooks: Hooks = {
    received: (info) => this.#made("receive", "receive", info, info.carried),
    acknowledged: (info) => this.#made("ack", "settle", info),
  };

  #made(
    operation: string,
    type: "receive" | "settle",
    { stream, group, consumer, count, startedAt: startTime }: HookEvents["acknowledged"],
    carried?: HookEvents["received"]["carried"],
  ): void {
    const attributes: Attributes = {
      [names.SYSTEM]: names.REDIS,
      [names.OLD_SYSTEM]: names.REDIS,
      [names.OPERATION]: operation,
      [names.OPERATION_TYPE]: type,
      [DESTINATION]: stream,
      [GROUP]: group,
      [names.CLIENT_ID]: consumer,
      [names.BATCH_COUNT]: count,
    };
    const options = { kind: SpanKind.CLIENT, attributes, startTime };
    const span = this.#tracing.tracer.startSpan(`${operation} ${stream}`, options, ROOT_CONTEXT);
    // The entries are read once more for it: only where it is recorded.
    if (span.isRecording() && carried !== undefined) span.addLinks(linksOf(carried()));
    span.end();
  }
}

function linksOf(carried: ReturnType<HookEvents["received"]["carried"]>): Link[] {
  return carried.flatMap(({ traceparent, tracestate }) => {
    const context = spanContextOf(traceparent, tracestate);
    return context === undefined ? [] : [{ context }];
  });
}
