import type {
  Attributes,
  BatchObservableResult,
  Histogram,
  Meter,
  MeterProvider,
  ObservableCounter,
} from "@opentelemetry/api";
import { ERROR_TYPE } from "../attribute.js";
import {
  CONSUMED_MESSAGES,
  DURATION_BOUNDS,
  OPERATION_DURATION,
  PROCESS_DURATION,
  SCHEMA_URL,
  SCOPE,
  SENT_MESSAGES,
} from "./convention.js";

/**
 * What all calls of a kind have in common: the attributes of their measurements, and how many messages there were. An SDK looks
 * up the attributes of every measurement, so the counts are kept here, and told when metrics are collected.
 */
export class Measured {
  readonly attributes: Attributes;
  count = 0;
  readonly #failed = new Map<string, Measured>();

  constructor(attributes: Attributes) {
    this.attributes = attributes;
  }

  /** The same for those that failed with errors of a class. */
  failed(errorType: string): Measured {
    const known = this.#failed.get(errorType);
    if (known !== undefined) return known;
    const failed = new Measured({ ...this.attributes, [ERROR_TYPE]: errorType });
    this.#failed.set(errorType, failed);
    return failed;
  }

  /** This one and those that failed. */
  get all(): Iterable<Measured> {
    return [this, ...this.#failed.values()];
  }
}

const byProvider = new WeakMap<MeterProvider, Instruments>();

/** The instruments of the conventions. All messagings of a provider share them: their attributes name no service. */
export function instrumentsOf(provider: MeterProvider): Instruments {
  const known = byProvider.get(provider);
  if (known !== undefined) return known;
  const instruments = new Instruments(provider.getMeter(SCOPE, undefined, { schemaUrl: SCHEMA_URL }));
  byProvider.set(provider, instruments);
  return instruments;
}

export class Instruments {
  readonly #operation: Histogram;
  readonly #process: Histogram;
  readonly #sending = new Map<string, Measured>();
  readonly #processing = new Map<string, Measured>();

  constructor(meter: Meter) {
    const seconds = { unit: "s", advice: { explicitBucketBoundaries: DURATION_BOUNDS } };
    const unit = "{message}";
    const sent = meter.createObservableCounter(SENT_MESSAGES, { unit, description: "Messages published or sent." });
    const consumed = meter.createObservableCounter(CONSUMED_MESSAGES, {
      unit,
      description: "Messages given to handlers.",
    });
    const stored = "The time until a message was stored, or a command answered.";
    this.#operation = meter.createHistogram(OPERATION_DURATION, { ...seconds, description: stored });
    this.#process = meter.createHistogram(PROCESS_DURATION, {
      ...seconds,
      description: "The time that handlers took.",
    });
    const collect = (result: BatchObservableResult): void => {
      tell(result, sent, this.#sending.values());
      tell(result, consumed, this.#processing.values());
    };
    meter.addBatchObservableCallback(collect, [sent, consumed]);
  }

  ofSending(attributes: Attributes): Measured {
    return kept(this.#sending, attributes);
  }

  ofProcessing(attributes: Attributes): Measured {
    return kept(this.#processing, attributes);
  }

  noteSent(measured: Measured, count: number, elapsedMs: number): void {
    measured.count += count;
    this.#operation.record(elapsedMs / 1000, measured.attributes);
  }

  noteProcessed(measured: Measured, elapsedMs: number): void {
    measured.count++;
    this.#process.record(elapsedMs / 1000, measured.attributes);
  }
}

function tell(result: BatchObservableResult, counter: ObservableCounter, kinds: Iterable<Measured>): void {
  for (const kind of kinds) {
    for (const { attributes, count } of kind.all) if (count > 0) result.observe(counter, count, attributes);
  }
}

function kept(kinds: Map<string, Measured>, attributes: Attributes): Measured {
  const key = Object.values(attributes).join("\0");
  const measured = kinds.get(key) ?? new Measured(attributes);
  kinds.set(key, measured);
  return measured;
}
