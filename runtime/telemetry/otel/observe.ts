import type { BatchObservableResult, Meter, Observable } from "@opentelemetry/api";
import type { ExtendedMessaging } from "../../messaging/extension.js";
import type { Counts } from "../../messaging/hooks.js";
import { SERVICE } from "../attribute.js";
import { METRICS } from "../metric.js";
import type { Tally } from "../tally.js";
import { IN_FLIGHT } from "./convention.js";
import type { Processing } from "./processing.js";

interface Observed {
  readonly tally: Tally;
  readonly processing: Processing;
}

/**
 * Has a meter ask for the health of a messaging whenever metrics are collected: nothing is asked between.
 * Returns what is called when the messaging is closed.
 */
export function observe(meter: Meter, messaging: ExtendedMessaging, { tally, processing }: Observed): () => void {
  const { service } = messaging;
  const observed = METRICS.map((metric) => {
    const { name, unit, description } = metric;
    const options = { unit, description };
    const instrument: Observable =
      metric.kind === "counter"
        ? meter.createObservableCounter(name, options)
        : meter.createObservableGauge(name, options);
    return { metric, instrument };
  });
  const description = "Messages that handlers of this process work on.";
  const inFlight = meter.createObservableUpDownCounter(IN_FLIGHT, { unit: "{message}", description });
  let last: Counts | undefined;
  const collect = async (result: BatchObservableResult): Promise<void> => {
    // What was counted until the end is told after it, too: the last collection comes when the SDK is shut down.
    const health = last === undefined ? await messaging.health() : undefined;
    const sample = { service, counts: last ?? messaging.counts, health, tally };
    for (const { metric, instrument } of observed) {
      for (const { value, labels } of metric.read(sample)) result.observe(instrument, value, labels);
    }
    if (last !== undefined) return;
    for (const { underWay, place } of processing.inFlight) {
      result.observe(inFlight, underWay, { [SERVICE]: service, ...place });
    }
  };
  const all = [...observed.map(({ instrument }) => instrument), inFlight];
  meter.addBatchObservableCallback(collect, all);
  return () => {
    last = messaging.counts;
  };
}
