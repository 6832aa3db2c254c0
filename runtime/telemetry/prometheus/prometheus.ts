import type { ExtendedMessaging, Extension, ExtensionParts } from "../../messaging/extension.js";
import { METRICS, type Sample } from "../metric.js";
import { Tally } from "../tally.js";
import { expositionOf } from "./exposition.js";

/** Tells the metrics of the messagings that it was given to. */
export interface Prometheus extends Extension {
  /** The `Content-Type` of the text. */
  readonly contentType: string;
  /** The metrics in the text format of Prometheus. It asks Redis, within the connection timeout, and never rejects. */
  text(): Promise<string>;
}

/**
 * Makes the metrics of a messaging for Prometheus, without OpenTelemetry. It does no work until it is asked.
 * @example
 * const metrics = prometheus();
 * await using messaging = createMessaging({ service: "billing-service", extensions: [metrics] });
 * app.get("/metrics", async (_request, response) => response.type(metrics.contentType).send(await metrics.text()));
 */
export function prometheus(): Prometheus {
  const attached = new Map<ExtendedMessaging, Tally>();
  return {
    contentType: "text/plain; version=0.0.4; charset=utf-8",
    extend: () => partsOf(attached),
    text: async () => expositionOf(METRICS, await Promise.all([...attached].map(sampleOf))),
  };
}

function partsOf(attached: Map<ExtendedMessaging, Tally>): ExtensionParts {
  const tally = new Tally();
  return {
    hooks: tally.hooks,
    attach: (messaging) => {
      attached.set(messaging, tally);
      return () => void attached.delete(messaging);
    },
  };
}

async function sampleOf([messaging, tally]: readonly [ExtendedMessaging, Tally]): Promise<Sample> {
  const health = await messaging.health();
  return { service: messaging.service, counts: messaging.counts, health, tally };
}
