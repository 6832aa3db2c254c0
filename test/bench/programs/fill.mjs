// Fills a stream to be consumed: `user.created` only, or the examples of 30 event types in turn.

import * as testing from "@m-erp/messaging/testing";
import { Redis } from "ioredis";
import { byHand, message } from "./message.mjs";
import { answer, settings } from "./program.mjs";

const { url, encoding, count, types } = settings;
const redis = new Redis(url);
const { write } = byHand(encoding);
const pick = types === 1 ? message : (n) => examples[n % types];
const examples = Object.entries(testing)
  .filter(([name]) => name.startsWith("example") && name !== "example")
  .map(([, example]) => example())
  .filter(({ type }) => type === "event")
  .sort((a, b) => rank(a) - rank(b))
  .slice(0, types);

/** The three types that the consuming programs handle are among them. */
function rank({ event_type: type }) {
  return ["user.created", "user.updated", "user.logged_in"].includes(type) ? 0 : 1;
}

for (let n = 0; n < count; n += 500) {
  const pipeline = redis.pipeline();
  for (let at = n; at < Math.min(count, n + 500); at++) pipeline.xadd("events", "*", ...write(pick(at)));
  await pipeline.exec();
}
answer({ value: await redis.xlen("events") });
redis.disconnect();
