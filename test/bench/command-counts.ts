import type { Redis } from "ioredis";

/**
 * How often Redis ran each command while something went on, scripts' inner commands included. What clients say on
 * connecting, and the asking itself, is left out.
 */
export async function commandsDuring(
  redis: Redis,
  action: () => Promise<unknown>,
): Promise<ReadonlyMap<string, number>> {
  await redis.config("RESETSTAT");
  await action();
  const counts = new Map<string, number>();
  for (const [, command, calls] of (await redis.info("commandstats")).matchAll(/cmdstat_([^:]+):calls=(\d+)/g)) {
    if (!/^(config|info|client|hello|auth|select|ping|command)\b/.test(command as string)) {
      counts.set(command as string, Number(calls));
    }
  }
  return counts;
}
