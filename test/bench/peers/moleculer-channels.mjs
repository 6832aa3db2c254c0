// Its Redis adapter with 100 messages in flight, as in its own throughput test.
import { Middleware } from "@moleculer/channels";
import { ServiceBroker } from "moleculer";
import { message } from "../programs/message.mjs";
import { inFlight, rate, settings, tally } from "../programs/program.mjs";

const handled = tally();
const adapter = { type: "Redis", options: { redis: settings.url, maxInFlight: 100 } };
const broker = new ServiceBroker({ logger: false, middlewares: [Middleware({ adapter })] });
broker.createService({
  name: "workers",
  channels: {
    "user.created": {
      maxInFlight: 100,
      async handler(_event) {
        handled.tick();
      },
    },
  },
});
await broker.start();

await rate(async (count) => {
  await Promise.all([
    inFlight(1000, count, (n) => broker.sendToChannel("user.created", message(n))),
    handled.more(count),
  ]);
});
process.exit();
