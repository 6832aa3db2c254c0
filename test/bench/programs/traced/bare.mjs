import { context, ROOT_CONTEXT, SpanKind, trace } from "@opentelemetry/api";
import { settings } from "../program.mjs";
import { measure } from "./load.mjs";
import { providers, shutdown } from "./providers.mjs";

// What a service does by hand: the same spans and measurements, and no context that travels.
const given = providers(settings.share);
const tracer = given.tracerProvider.getTracer("bare");
const meter = given.meterProvider.getMeter("bare");
const place = { "messaging.system.name": "redis", "messaging.destination.name": "events" };

function around(name, kind, own, where) {
  const count = meter.createCounter(`${name}.messages`);
  const duration = meter.createHistogram(`${name}.duration`);
  const measured = { ...place, ...own, "messaging.operation.name": name, "merp.message.type": "user.created" };
  return (one) => {
    const began = performance.now();
    const within = where();
    const attributes = {
      ...measured,
      "messaging.system": "redis",
      "messaging.operation.type": name,
      "merp.attempt": 1,
    };
    attributes["messaging.message.id"] = "0af76519-16cd-43dd-8448-eb211c80319c";
    const span = tracer.startSpan(`${name} events`, { kind, attributes }, within);
    const end = () => {
      count.add(1, measured);
      duration.record((performance.now() - began) / 1000, measured);
      span.end();
    };
    const made = context.with(trace.setSpan(within, span), one);
    if (made instanceof Promise) return made.finally(end);
    end();
    return made;
  };
}

const group = { "messaging.consumer.group.name": "user-auth-service-workers" };
await measure([], {
  publishing: around("publish", SpanKind.PRODUCER, {}, () => context.active()),
  handling: around("process", SpanKind.CONSUMER, group, () => ROOT_CONTEXT),
});
await shutdown(given);
