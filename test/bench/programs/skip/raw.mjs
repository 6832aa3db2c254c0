import { Redis } from "ioredis";
import { answer, countdown, settings } from "../program.mjs";

const { url, group, count } = settings;
const redis = new Redis(url);
const read = countdown(count);

await redis.xgroup("CREATE", "events", group, "0");
for (let left = count; left > 0; ) {
  const [[, entries]] = await redis.xreadgroup("GROUP", group, "raw", "COUNT", 100, "STREAMS", "events", ">");
  for (const _entry of entries) read.tick();
  await redis.xack("events", group, ...entries.map(([id]) => id));
  left -= entries.length;
}
answer(read.measured());
redis.disconnect();
