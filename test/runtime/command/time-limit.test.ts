import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import {
  type MessagingOptions,
  publishHealthReport,
  sendValidateToken,
  subscribeNotifications,
} from "../../../generated/index.js";
import { type RedisServer, startRedis } from "../../../runtime/testing/redis/index.js";
import { eventually } from "../../support/eventually.js";
import { ADDRESS_CHECK } from "../../support/on-cluster.js";
import { createService } from "../../support/service.js";
import { startTcpProxy, type TcpProxy } from "../../support/tcp-proxy.js";

let redis: RedisServer;
let admin: Redis;
let proxy: TcpProxy;
beforeAll(async () => {
  redis = await startRedis();
  admin = new Redis(redis.url);
  proxy = await startTcpProxy(redis);
});
afterEach(() => {
  proxy.mode = "pass";
  return admin.flushall();
});
afterAll(async () => {
  admin.disconnect();
  await proxy.close();
  await redis.stop();
});

/** Only the limit of a call ends its waits: those of the connections are far longer than a test may take. */
const patient = { redis: { connectionTimeoutSeconds: 300, socketTimeoutSeconds: 300 } };
const asking = (options: MessagingOptions = patient): ReturnType<typeof createService> => createService(proxy, options);
const token = { token: "t" };

/** Cuts the links; resolves when their clients have noticed. */
async function cut(): Promise<void> {
  proxy.reset();
  await eventually(() => proxy.connections === 0);
  await new Promise((resolve) => setTimeout(resolve, 50));
}

/** One of its connections, or both, have been used before. */
const uses: Readonly<Record<string, (asker: ReturnType<typeof asking>) => Promise<unknown>>> = {
  "no connection": async () => {},
  "a connection that hears": (asker) => subscribeNotifications(asker, { userId: 1 }, () => {}),
  "both connections": (asker) => sendValidateToken(asker, token, { timeoutSeconds: 1 }).catch(() => {}),
};

/** An asker for each use, all of which are used. */
async function askers(): Promise<ReturnType<typeof asking>[]> {
  return Promise.all(
    Object.values(uses).map(async (use) => {
      const asker = asking();
      onTestFinished(() => asker.close());
      await use(asker);
      return asker;
    }),
  );
}

describe("a command", () => {
  it.each(["refuse", "blackhole", "stall"] as const)(
    "ends with its time limit, or at once when it is aborted, where the link is gone: %s",
    async (mode) => {
      const all = await askers();
      proxy.mode = mode;
      if (mode === "refuse") await cut();
      const ending = new AbortController();
      const aborted = all.map((asker) => sendValidateToken(asker, token, { signal: ending.signal }));
      ending.abort("enough");
      for (const each of aborted)
        await expect(each).rejects.toMatchObject({ code: "COMMAND_ABORTED", cause: "enough" });
      const late = all.map((asker) => sendValidateToken(asker, token, { timeoutSeconds: 1 }).catch((error) => error));
      for (const error of await Promise.all(late)) {
        expect(error).toMatchObject({ name: "CommandTimeoutError", code: "COMMAND_TIMEOUT" });
      }
      proxy.mode = "pass";
      proxy.reset();
    },
  );

  it("whose sender gave up before there was a connection is not sent when there is one", async () => {
    const all = await askers();
    await admin.del("commands");
    proxy.mode = "refuse";
    await cut();
    const ending = new AbortController();
    const aborted = all.map((asker) => sendValidateToken(asker, token, { signal: ending.signal }));
    const late = all.map((asker) => sendValidateToken(asker, token, { timeoutSeconds: 1 }).catch((error) => error));
    await new Promise((resolve) => setTimeout(resolve, 50));
    ending.abort();
    await Promise.allSettled(aborted);
    for (const { code, message } of await Promise.all(late)) {
      expect(code).toBe("COMMAND_TIMEOUT");
      expect(message).toMatch(new RegExp(`within 1 s: Redis at .* cannot be reached: .*Check ${ADDRESS_CHECK}`));
    }
    proxy.mode = "pass";
    await Promise.all(all.map((asker) => publishHealthReport(asker, { status: "healthy" })));
    expect(await admin.exists("commands")).toBe(0);
  });
});

it("a first call is made after the process was busy for longer than it may take to connect", async () => {
  await using messaging = asking({ redis: { connectionTimeoutSeconds: 2 } });
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2500);
  await publishHealthReport(messaging, { status: "healthy" });
});
