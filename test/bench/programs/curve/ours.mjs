// One point of a curve: publishes and handles a load under conditions that the settings describe, and answers
// microseconds a message for both directions.
import { createMessaging, defineEvent } from "@m-erp/messaging/runtime";
import { pendingAt } from "../pending.mjs";
import { answer, inFlight, settings, tally } from "../program.mjs";

const {
  url,
  encoding,
  count,
  bytes = 200,
  types = 1,
  concurrency = 100,
  consumers = 1,
  readers = 1,
  service = "curve",
  held = 0,
} = settings;
const schema = (type) => ({
  type: "object",
  properties: {
    id: { type: "string", format: "uuid" },
    timestamp: { type: "string", format: "date-time" },
    source_service: { type: "string" },
    type: { const: "event" },
    event_type: { const: type },
    entity_type: { const: "thing" },
    entity_id: { type: "integer" },
    after_data: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
  },
  required: ["id", "timestamp", "source_service", "type", "event_type", "entity_type", "entity_id", "after_data"],
});
const descriptors = Array.from({ length: types }, (_, n) => defineEvent(`thing.t${n}`, schema(`thing.t${n}`)));
const options = { service, encoding, concurrency, streamMaxLength: 1e9, startFrom: "new", redis: { url }, env: {} };
const services = Array.from({ length: readers }, (_, n) => (n === 0 ? service : `${service}-${n}`));
const members = services.flatMap((name) =>
  Array.from({ length: consumers }, () => createMessaging({ ...options, service: name })),
);
const publisher = createMessaging({ ...options, service: "publisher" });
const pending = await pendingAt(url);
const handled = tally();
for (const member of members) {
  for (const descriptor of descriptors) member.on(descriptor, async () => handled.tick());
  await member.start();
}

const text = "x".repeat(bytes);
const load = async (messages) => {
  const one = (n) => publisher.publish(descriptors[n % types], { entity_id: n, after_data: { text } });
  await Promise.all([inFlight(Math.min(1000, 5e7 / bytes), messages, one), handled.more(messages * readers)]);
  for (const name of services) await pending.acknowledged(`${name}-workers`, { held });
};
await load(Math.max(types, Math.round(count / 5)));
const since = performance.now();
const cpu = process.cpuUsage();
await load(count);
const { user, system } = process.cpuUsage(cpu);
answer({ value: ((performance.now() - since) * 1000) / count, details: { cpu: (user + system) / count } });
process.exit();
