import { Redis } from "ioredis";
import { byHand, message } from "../message.mjs";
import { answer, settings } from "../program.mjs";

const redis = new Redis(settings.url);
await redis.xadd("events", "*", ...byHand("fields").write(message(0)));
answer({ value: performance.now() });
redis.disconnect();
