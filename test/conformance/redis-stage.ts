import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { createMessaging, type Messaging, type MessagingOptions } from "../../generated/index.js";
import { Operations } from "../../runtime/operations/index.js";
import { leaseKey } from "../../runtime/redis/keys.js";
import { acquireLease, releaseLease } from "../../runtime/redis/lua/shares.js";
import type { RedisServer } from "../../runtime/testing/redis/index.js";
import { eventually } from "../support/eventually.js";
import { logBook } from "../support/service.js";
import { startTcpProxy, type TcpProxy } from "../support/tcp-proxy.js";
import type { Stage } from "./stage.js";

/** Time is real, and other plays take theirs. */
const LONGEST_MS = 25_000;
let plays = 0;

/** Plays on a Redis that other plays may use at the same time: each has an environment of its own. */
export async function onRedis(redis: RedisServer, play: (stage: Stage) => Promise<void>): Promise<void> {
  const environment = `play-${++plays}`;
  const services: Messaging[] = [];
  const proxies: TcpProxy[] = [];
  const create = (service: string, options: MessagingOptions, url: string): Messaging => {
    const place = { environment, env: {}, logger: logBook(), retryDelaySeconds: 0.05, blockTimeMs: 50 };
    const messaging = createMessaging({ service, ...place, ...options, redis: { url } });
    services.push(messaging);
    return messaging;
  };
  const admin = new Redis(redis.url, { lazyConnect: true });
  await using operations = new Operations({ environment, env: {}, redis: { url: redis.url } });
  try {
    await play({
      service: (name, options = {}) => create(name, options, redis.url),
      mortal: async (name, options = {}) => {
        const proxy = await startTcpProxy(redis);
        proxies.push(proxy);
        const service = create(name, { drainTimeoutSeconds: 0, ...options }, proxy.url);
        // Neither what it sends nor what it is sent arrives any more.
        const crash = (): void => {
          proxy.mode = "blackhole";
        };
        return { service, crash };
      },
      deadLetters: operations.deadLetters,
      groups: operations.groups,
      partitions: operations.partitions,
      usurp: async (partition, group) => {
        const lease = [leaseKey(partition, group)];
        const [epoch] = await admin.hmget(lease[0] as string, "epoch");
        await releaseLease.run(admin, lease, [epoch ?? ""]);
        await acquireLease.run(admin, lease, ["intruder", ""]);
      },
      until: async (holds, what) => void (await eventually(holds, Boolean, { what, everyMs: 5, withinMs: LONGEST_MS })),
      pass: (ms) => sleep(ms),
    });
  } finally {
    admin.disconnect();
    for (const proxy of proxies) await proxy.close();
    await Promise.all(services.map((service) => service.close()));
  }
}
