import { Redis } from "ioredis";

/** Resolves when a group has nothing pending, or only what it held before: the last acknowledgement counts too. */
export async function acknowledged(url, group, { held = 0 } = {}) {
  const redis = new Redis(url);
  while ((await redis.xpending("events", group))[0] > held) await new Promise((resolve) => setTimeout(resolve, 1));
  redis.disconnect();
}
