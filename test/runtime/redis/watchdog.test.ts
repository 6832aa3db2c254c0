import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { endWhenSilent } from "../../../runtime/redis/silence.js";
import { type RedisServer, startRedis } from "../../../runtime/testing/redis/index.js";
import { systemClock } from "../../../runtime/time/clock.js";

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const LIMIT_MS = 200;

async function watched(): Promise<{ readonly client: Redis; readonly losses: Error[] }> {
  const client = new Redis(redis.url, { maxRetriesPerRequest: 0, lazyConnect: true, retryStrategy: () => 10 });
  const losses: Error[] = [];
  client.on("error", (error) => losses.push(error));
  await client.connect();
  const watchdog = endWhenSilent(client, LIMIT_MS, systemClock);
  onTestFinished(() => {
    watchdog.cancel();
    client.disconnect();
  });
  return { client, losses };
}

describe("endWhenSilent", () => {
  it("ends a socket on which an answer is awaited for too long, and the client connects anew", async () => {
    const { client, losses } = await watched();
    redis.pause();
    const asked = client.ping();
    await expect(asked).rejects.toThrow();
    expect(losses.map(({ message }) => message)).toEqual([`Redis has not answered for ${LIMIT_MS} ms`]);
    redis.resume();
    await new Promise((resolve) => client.once("ready", resolve));
    expect(await client.ping()).toBe("PONG");
  });

  it("leaves a connection alone on which nothing is awaited", async () => {
    const { client, losses } = await watched();
    const id = await client.client("ID");
    await sleep(5 * LIMIT_MS);
    expect(await client.client("ID")).toBe(id);
    expect(losses).toEqual([]);
  });

  it("leaves it alone when this process was busy for longer, and the answer there all the while", async () => {
    const { client, losses } = await watched();
    await sleep(LIMIT_MS);
    const asked = client.ping();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5 * LIMIT_MS);
    expect(await asked).toBe("PONG");
    await sleep(LIMIT_MS);
    expect(losses).toEqual([]);
  });

  it("leaves it alone while something comes, however long the whole takes", async () => {
    const { client, losses } = await watched();
    const until = performance.now() + 5 * LIMIT_MS;
    const busy = async (): Promise<void> => {
      while (performance.now() < until) await client.xread("BLOCK", 0.3 * LIMIT_MS, "STREAMS", "none", "$");
    };
    await Promise.all([busy(), busy()]);
    expect(losses).toEqual([]);
  });
});
