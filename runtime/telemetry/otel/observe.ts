import type { BatchObservableResult, Meter, Observable } from "@opentelemetry/api";
import type { ExtendedMessaging } from "../../messaging/extension.js";
import { SERVICE } from "../attribute.js";
import { METRICS } from "../metric.js";
import type { Tally } from "../tally.js";
import { IN_FLIGHT } from "./convention.js";
import type { Processing } from "./processing.js";

/**
 * Has a meter ask for the health of a messaging whenever metrics are collected: nothing is counted or asked between.
 * Returns the function that ends it.
 */
export function observe(meter: Meter, messaging: ExtendedMessaging, tally: Tally, processing: Processing): () => void {
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
  const collect = async (result: BatchObservableResult): Promise<void> => {
    const sample = { service, health: await messaging.health(), tally };
    for (const { metric, instrument } of observed) {
      for (const { value, labels } of metric.read(sample)) result.observe(instrument, value, labels);
    }
    for (const { underWay, place } of processing.inFlight) {
      result.observe(inFlight, underWay, { [SERVICE]: service, ...place });
    }
  };
  const instruments = [...observed.map(({ instrument }) => instrument), inFlight];
  meter.addBatchObservableCallback(collect, instruments);
  return () => meter.removeBatchObservableCallback(collect, instruments);
}
