import { Redis } from "ioredis";

/** Looks at what is pending, by a connection that is there before the clock starts. */
export async function pendingAt(url) {
  const redis = new Redis(url);
  await redis.ping();
  return {
    /** Resolves when a group has nothing pending, or only what it held before: the last acknowledgement counts too. */
    async acknowledged(group, { held = 0 } = {}) {
      while ((await redis.xpending("events", group))[0] > held) await new Promise((resolve) => setTimeout(resolve, 1));
    },
    close: () => redis.disconnect(),
  };
}
