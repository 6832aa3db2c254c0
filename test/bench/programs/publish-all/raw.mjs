import { Redis } from "ioredis";
import { byHand, message } from "../message.mjs";
import { rate, settings } from "../program.mjs";

const redis = new Redis(settings.url);
const { write } = byHand(settings.encoding);

await rate(async (count) => {
  for (let n = 0; n < count; n += 100) {
    const pipeline = redis.pipeline();
    for (let at = 0; at < 100; at++) pipeline.xadd("events", "*", ...write(message(n + at)));
    await pipeline.exec();
  }
});
redis.disconnect();
