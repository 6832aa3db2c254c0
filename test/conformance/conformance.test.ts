import { describe, it } from "vitest";
import { useRedis } from "../support/redis.js";
import { commands } from "./commands.js";
import { deadLetters } from "./dead-letters.js";
import { keeping } from "./keeping.js";
import { members } from "./members.js";
import { inMemory } from "./memory-stage.js";
import { notifications } from "./notifications.js";
import { order } from "./order.js";
import { partitions } from "./partitions.js";
import { pauses } from "./pauses.js";
import { publishing } from "./publishing.js";
import { onRedis } from "./redis-stage.js";
import { replays } from "./replays.js";
import { retries } from "./retries.js";
import { services } from "./services.js";

const { redis } = await useRedis();

/** What delivery promises, in the same sentences for both brokers. */
const rooms = {
  publishing,
  retries,
  "dead letters": deadLetters,
  order,
  commands,
  notifications,
  members,
  partitions,
  keeping,
  services,
  replays,
  pauses,
};

for (const [room, sentences] of Object.entries(rooms)) {
  describe(`${room}, in memory`, () => {
    for (const [sentence, play] of Object.entries(sentences)) it(sentence, () => inMemory(play));
  });
  describe.concurrent(`${room}, on Redis`, () => {
    for (const [sentence, play] of Object.entries(sentences)) it(sentence, () => onRedis(redis, play));
  });
}
