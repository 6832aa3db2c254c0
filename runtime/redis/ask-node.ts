import type { Redis, RedisOptions } from "ioredis";
import type { NodeAddress } from "../config/redis-nodes.js";
import type { Clock } from "../time/clock.js";
import { within } from "../time/limit.js";
import { discreet, makeDiscreet } from "./discreet.js";
import { loadIoredis } from "./load-ioredis.js";

export interface NodeAccess {
  /** User, password, TLS and what else the client is told. */
  readonly options: Omit<RedisOptions, "replyMapping">;
  /** How long connecting and the answer may take together. */
  readonly limitMs: number;
  readonly clock: Clock;
}

/** Asks one node, over a connection that ends with the answer. @throws why there is none: never with a password */
export async function askNode<Reply>(
  { host, port }: NodeAddress,
  { options, limitMs, clock }: NodeAccess,
  question: (client: Redis) => Promise<Reply>,
): Promise<Reply> {
  const once = { lazyConnect: true, retryStrategy: () => null, enableReadyCheck: false, maxRetriesPerRequest: 0 };
  const client = new (loadIoredis().Redis)({ ...options, ...once, host, port });
  makeDiscreet(client);
  let cause: Error | undefined;
  client.on("error", (error: Error) => {
    cause ??= error;
  });
  const ask = async (): Promise<Reply> => {
    await client.connect();
    return question(client);
  };
  try {
    return await within(limitMs, clock, ask);
  } catch (error) {
    throw discreet(cause ?? error);
  } finally {
    client.disconnect();
    // One that hangs would be waited for.
    client.stream?.destroy();
  }
}
