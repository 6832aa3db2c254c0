import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import {
  MessagingError,
  notifySuccess,
  onUserCreated,
  publishUserCreated,
  sendValidateToken,
  subscribeNotifications,
  userCreated,
  validateToken,
} from "../../../generated/index.js";
import { Operations } from "../../../runtime/operations/index.js";
import { type RedisServer, startRedis } from "../../../runtime/testing/redis/index.js";
import { eventually } from "../../support/eventually.js";
import { createService } from "../../support/service.js";
import { startTcpProxy, type TcpProxy } from "../../support/tcp-proxy.js";

const USER = "guest";
const PASSWORD = "secret";
const input = { entity_id: 1, after_data: { email: "ada@example.com" } };
const CODES = ["REDIS_UNAVAILABLE", "REDIS_REFUSED", "PUBLISH_FAILED", "PUBLISH_UNCERTAIN", "COMMAND_TIMEOUT"];
const ADVICE = /check|repeat|wait|raise|rights/i;

let redis: RedisServer;
let proxy: TcpProxy;
let admin: Redis;
beforeAll(async () => {
  redis = await startRedis();
  proxy = await startTcpProxy(redis);
  admin = new Redis(redis.url);
});
afterAll(async () => {
  admin.disconnect();
  await proxy.close();
  await redis.stop();
});

const rights = (...rules: string[]): Promise<unknown> =>
  admin.acl("SETUSER", USER, "reset", "on", `>${PASSWORD}`, "allkeys", "allchannels", ...rules);

/** Each makes the weather, and resolves to how it ends. */
const weathers: Readonly<Record<string, () => Promise<() => unknown>>> = {
  "a script that does not end": async () => {
    await admin.config("SET", "busy-reply-threshold", "1");
    const busy = new Redis(redis.url);
    busy.eval("while true do end", 0).catch(() => {});
    await eventually(() =>
      admin.ping().then(
        () => false,
        ({ message }) => message.startsWith("BUSY"),
      ),
    );
    return async () => {
      await admin.script("KILL");
      busy.disconnect();
    };
  },
  "no rights": async () => {
    await rights("+hello", "+auth", "+client", "+info", "+ping", "+command");
    return () => rights("+@all");
  },
  "no memory": async () => {
    await admin.config("SET", "maxmemory", "1");
    return () => admin.config("SET", "maxmemory", "0");
  },
  "a master that has become a replica": async () => {
    await admin.replicaof("127.0.0.1", "1");
    return () => admin.replicaof("NO", "ONE");
  },
  "no room for more clients": async () => {
    await admin.config("SET", "maxclients", "1");
    proxy.reset();
    return () => admin.config("SET", "maxclients", "10000");
  },
  "a link that is cut": async () => {
    proxy.mode = "refuse";
    proxy.reset();
    return () => {
      proxy.mode = "pass";
    };
  },
  "a Redis that hangs": async () => {
    redis.pause();
    return () => redis.resume();
  },
};

type Service = ReturnType<typeof createService>;

/** Every public call that may reject. */
function calls(messaging: Service, operations: Operations): Readonly<Record<string, () => Promise<unknown>>> {
  const { deadLetters } = operations;
  const options = { once: true, id: crypto.randomUUID() };
  return {
    publish: () => publishUserCreated(messaging, input),
    "publish once": () => publishUserCreated(messaging, input, options),
    publishAll: () => messaging.publishAll(userCreated, [input, input]),
    notify: () => notifySuccess(messaging, { title: "t", message: "m" }),
    tell: () => messaging.tell(validateToken, { token: "t" }),
    send: () => sendValidateToken(messaging, { token: "t" }, { timeoutSeconds: 1 }),
    listen: () => subscribeNotifications(messaging, { channel: crypto.randomUUID() }, () => {}),
    "listen since": () => subscribeNotifications(messaging, { userId: 1 }, () => {}, { since: "0-1", catchUp: false }),
    "listen and catch up": () => subscribeNotifications(messaging, { userId: 2 }, () => {}, { catchUp: true }),
    start: () => messaging.start({ requireRedis: true }),
    list: () => deadLetters.list("events").next(),
    get: () => deadLetters.get("events", "1-1"),
    redrive: () => deadLetters.redrive("events", "1-1"),
    redriveAll: () => deadLetters.redriveAll("events"),
    discard: () => deadLetters.discard("events", "1-1", "none"),
  };
}

function service(): { readonly messaging: Service; readonly operations: Operations } {
  const url = proxy.url.replace("redis://", `redis://${USER}:${PASSWORD}@`);
  const settings = { redis: { url, connectionTimeoutSeconds: 0.5, socketTimeoutSeconds: 0.5 } };
  const messaging = createService({}, settings);
  onUserCreated(messaging, () => {});
  const operations = new Operations({ ...settings, service: "operator", env: {} });
  onTestFinished(async () => {
    await Promise.all([messaging.close(), operations.close()]);
  });
  return { messaging, operations };
}

describe.each(Object.keys(weathers))("in %s", (weather) => {
  it("each call ends with an error of ours that says what to do, or succeeds", async () => {
    await rights("+@all");
    const fresh = service();
    const used = service();
    await Promise.allSettled(Object.values(calls(used.messaging, used.operations)).map((call) => call()));
    const end = await (weathers[weather] as () => Promise<() => unknown>)();
    const made = [fresh, used].flatMap(({ messaging, operations }) => Object.entries(calls(messaging, operations)));
    const outcomes = await Promise.all(
      made.map(
        async ([name, call]) =>
          [
            name,
            await call().then(
              () => undefined,
              (error: unknown) => error,
            ),
          ] as const,
      ),
    );
    await end();
    const failed = outcomes.filter(([, error]) => error !== undefined);
    expect(failed.length).toBeGreaterThan(1);
    for (const [name, error] of failed) {
      expect([name, error]).toEqual([name, expect.any(MessagingError)]);
      const { code, message } = error as MessagingError;
      if (code === "DEAD_LETTER_MISSING") continue;
      expect(CODES, `${name}: ${message}`).toContain(code);
      expect(message, name).toMatch(ADVICE);
    }
  });
});
