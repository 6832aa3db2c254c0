// Two ioredis clients, since the reading one blocks; autopipelining for publishing; reads of 100; acknowledgements of a
// batch sent together. Uncapped (-1), because its default of about 100 entries drops unread ones.
import { Redis } from "ioredis";
import { StreamChannelBroker } from "redis-streams-broker";
import { message } from "../programs/message.mjs";
import { inFlight, rate, settings, tally } from "../programs/program.mjs";

const sending = new StreamChannelBroker(new Redis(settings.url, { enableAutoPipelining: true }), "events");
const receiving = new StreamChannelBroker(new Redis(settings.url), "events");
const handled = tally();
const handle = async (_event) => {};

const group = await receiving.joinConsumerGroup("workers", "0");
const take = async (payloads) => {
  await Promise.all(
    payloads.map(async ({ payload, markAsRead }) => {
      await handle(JSON.parse(payload.json));
      await markAsRead();
      handled.tick();
    }),
  );
};
await group.subscribe("worker", take, 1000, 100);

await rate(async (count) => {
  const one = (n) => sending.publish({ message_type: "user.created", json: JSON.stringify(message(n)) }, -1);
  await Promise.all([inFlight(1000, count, one), handled.more(count)]);
});
process.exit();
