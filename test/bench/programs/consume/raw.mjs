import { Redis } from "ioredis";
import { byHand } from "../message.mjs";
import { answer, countdown, settings } from "../program.mjs";

const { url, encoding, group, count } = settings;
const redis = new Redis(url);
const { read } = byHand(encoding);
const handled = countdown(count);
const handle = async (_event) => handled.tick();

await redis.xgroup("CREATE", "events", group, "0");
for (let left = count; left > 0; ) {
  const [[, entries]] = await redis.xreadgroup("GROUP", group, "raw", "COUNT", 100, "STREAMS", "events", ">");
  await Promise.all(entries.map(([, entry]) => handle(read(entry))));
  await redis.xack("events", group, ...entries.map(([id]) => id));
  left -= entries.length;
}
answer(handled.measured());
redis.disconnect();
