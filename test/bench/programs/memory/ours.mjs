// Publishes and handles for long, and looks now and then at what is left after a full garbage collection.
import { createMessaging, onUserCreated, publishUserCreated } from "@m-erp/messaging";
import { Redis } from "ioredis";
import { input } from "../message.mjs";
import { answer, inFlight, settings, tally } from "../program.mjs";

const { url, encoding, count, seconds } = settings;
const LOOKS = 20;
const redis = new Redis(url);
const messaging = createMessaging({
  service: "user-auth-service",
  encoding,
  trimIntervalSeconds: 1,
  redis: { url },
  env: {},
});
const handled = tally();
onUserCreated(messaging, async () => handled.tick());
await messaging.start();

const looks = [];
const until = performance.now() + seconds * 1000;
for (let look = 0; look < LOOKS && performance.now() < until; look++) {
  const portion = Math.round(count / LOOKS);
  await Promise.all([inFlight(1000, portion, (n) => publishUserCreated(messaging, input(n))), handled.more(portion)]);
  globalThis.gc();
  const { heapUsed, rss } = process.memoryUsage();
  const redisBytes = Number(/used_memory:(\d+)/.exec(await redis.info("memory"))[1]);
  looks.push({ messages: (look + 1) * portion, heap: heapUsed, rss, redis: redisBytes });
}
// Growth from the first quarter, when everything is compiled and buffers have their size, to the end.
const settled = looks[Math.floor(looks.length / 4)];
const last = looks.at(-1);
answer({ value: last.heap / settled.heap, details: { looks } });
await messaging.close();
redis.disconnect();
