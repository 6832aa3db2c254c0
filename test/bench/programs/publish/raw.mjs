import { Redis } from "ioredis";
import { byHand, message } from "../message.mjs";
import { inFlight, rate, settings } from "../program.mjs";

const redis = new Redis(settings.url, { enableAutoPipelining: true });
const { write } = byHand(settings.encoding);

await rate((count) => inFlight(1000, count, (n) => redis.xadd("events", "*", ...write(message(n)))));
redis.disconnect();
