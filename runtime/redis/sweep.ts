import type { Client } from "./connection.js";
import type { StreamKeys } from "./keys.js";
import { sweep, sweepErrors, sweepHandover } from "./lua/retry.js";
import { sweepRetries } from "./lua/sweep-retries.js";

const PAGE = 500;

/**
 * Makes entries of a group due that are parked or handed over and whose record of that was lost, and forgets what is
 * recorded of entries that are no longer pending.
 */
export async function sweepAll(client: Client, keys: StreamKeys, group: string): Promise<void> {
  for (let after: string | null = "-"; after !== null; ) {
    after = await sweep.run(client, [keys.stream, keys.retry, keys.held, keys.paused], [group, after, PAGE]);
  }
  const handoverKeys = [keys.stream, keys.retry, keys.handover, keys.errors];
  while ((await sweepHandover.run(client, handoverKeys, [group, PAGE])) > 0);
  const retryKeys = [keys.stream, keys.retry, keys.errors, keys.held];
  // Mostly nothing waits for a retry.
  for (let from: string | null = (await client.zcard(keys.retry)) > 0 ? "0" : null; from !== null; ) {
    from = await sweepRetries.run(client, retryKeys, [group, from, PAGE]);
  }
  const errorKeys = [keys.stream, keys.retry, keys.errors, keys.handover];
  for (let from: string | null = "0"; from !== null; ) {
    from = await sweepErrors.run(client, errorKeys, [group, from, PAGE]);
  }
}
