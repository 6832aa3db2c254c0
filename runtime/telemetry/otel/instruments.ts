import type { Attributes, Counter, Histogram, Meter } from "@opentelemetry/api";
import { ERROR_TYPE } from "../attribute.js";
import {
  CONSUMED_MESSAGES,
  DURATION_BOUNDS,
  OPERATION_DURATION,
  PROCESS_DURATION,
  SENT_MESSAGES,
} from "./convention.js";

/** What is counted as it happens. The attributes of success are given as one object each time, which costs nothing to make. */
export class Instruments {
  readonly #sent: Counter;
  readonly #consumed: Counter;
  readonly #operation: Histogram;
  readonly #process: Histogram;

  constructor(meter: Meter) {
    const seconds = { unit: "s", advice: { explicitBucketBoundaries: DURATION_BOUNDS } };
    const messages = { unit: "{message}" };
    const of = (description: string): { readonly description: string } => ({ description });
    this.#sent = meter.createCounter(SENT_MESSAGES, { ...messages, ...of("Messages that were published or sent.") });
    this.#consumed = meter.createCounter(CONSUMED_MESSAGES, { ...messages, ...of("Messages given to handlers.") });
    this.#operation = meter.createHistogram(OPERATION_DURATION, {
      ...seconds,
      ...of("The time until a message was stored, or a command answered."),
    });
    this.#process = meter.createHistogram(PROCESS_DURATION, { ...seconds, ...of("The time that handlers took.") });
  }

  sent(count: number, elapsedMs: number, attributes: Attributes, errorType?: string): void {
    const all = errorType === undefined ? attributes : { ...attributes, [ERROR_TYPE]: errorType };
    this.#sent.add(count, all);
    this.#operation.record(elapsedMs / 1000, all);
  }

  processed(elapsedMs: number, attributes: Attributes, errorType?: string): void {
    const all = errorType === undefined ? attributes : { ...attributes, [ERROR_TYPE]: errorType };
    this.#consumed.add(1, all);
    this.#process.record(elapsedMs / 1000, all);
  }
}
