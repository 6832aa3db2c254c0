import type { Client } from "./connection.js";
import type { StreamKeys } from "./keys.js";
import { sweep, sweepHandover } from "./lua/retry.js";

const PAGE = 500;

/** Makes entries of a group due that are parked or handed over and whose record of that was lost. */
export async function sweepAll(client: Client, keys: StreamKeys, group: string): Promise<void> {
  for (let after: string | null = "-"; after !== null; ) {
    after = await sweep.run(client, [keys.stream, keys.retry], [group, after, PAGE]);
  }
  const handoverKeys = [keys.stream, keys.retry, keys.handover, keys.errors];
  while ((await sweepHandover.run(client, handoverKeys, [group, PAGE])) > 0);
}
