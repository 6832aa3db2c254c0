import { rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";

import {
  type ConnectionError,
  onUserCreated,
  publishUserCreated,
  type RedisOptions,
  userCreated,
  type Variables,
  validateToken,
} from "../../../generated/index.js";
import { readConfig } from "../../../runtime/config/config.js";
import type { RedisConfig } from "../../../runtime/config/redis-config.js";
import { Connection, type ConnectionRole } from "../../../runtime/redis/connection.js";
import { type RedisServer, startRedis } from "../../../runtime/testing/redis/index.js";
import { systemClock } from "../../../runtime/time/clock.js";
import { eventually } from "../../support/eventually.js";
import { createService, logBook } from "../../support/service.js";
import { startTcpProxy } from "../../support/tcp-proxy.js";
import { opensslAvailable, startTlsRedis, type TlsRedis } from "../../support/tls-redis.js";

const input = { entity_id: 1, after_data: { email: "ada@example.com" } };

/** That of an authority which has signed nothing here. */
const otherCertificate = rootCertificates[0] as string;

/** A port on which nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

describe.skipIf(!opensslAvailable)("TLS with an ACL user", () => {
  let redis: TlsRedis;
  let admin: Redis;
  beforeAll(async () => {
    // What belongs to a stream carries the stream's name in braces, so the rights name both.
    redis = await startTlsRedis({ rules: "~app:* ~{app:* &* +@all -@admin -@dangerous +info" });
    admin = new Redis(redis.server.url);
  });
  afterAll(async () => {
    admin.disconnect();
    await redis.stop();
  });

  const ways: Readonly<Record<string, () => { readonly redis: RedisOptions; readonly env: Variables }>> = {
    options: () => ({
      redis: {
        host: redis.host,
        port: redis.port,
        username: redis.username,
        password: redis.password,
        tls: { ca: redis.ca },
      },
      env: {},
    }),
    REDIS_URL: () => ({ redis: {}, env: { REDIS_URL: redis.url, REDIS_TLS_CA: redis.caFile } }),
    "separate variables": () => ({
      redis: {},
      env: {
        REDIS_HOST: redis.host,
        REDIS_PORT: String(redis.port),
        REDIS_USERNAME: redis.username,
        REDIS_PASSWORD: redis.password,
        REDIS_TLS: "true",
        REDIS_TLS_CA: redis.caFile,
        REDIS_TLS_SERVERNAME: "localhost",
      },
    }),
  };

  it.each(Object.entries(ways))("publishes and consumes, set up by %s", async (name, way) => {
    const service = `by-${name.toLowerCase().replaceAll(/\W/g, "-")}`;
    await using messaging = createService({}, { service, environment: "app", ...way() });
    const seen: unknown[] = [];
    onUserCreated(messaging, (event) => seen.push(event.after_data.email), { source_service: service });
    await messaging.start({ requireRedis: true });
    await publishUserCreated(messaging, input);
    await eventually(() => seen.length > 0);
    expect(seen).toEqual(["ada@example.com"]);
    expect(await admin.client("LIST")).toMatch(new RegExp(`name=${service}:publish .*user=${redis.username}`));
  });

  it("names a certificate that it does not trust", async () => {
    await using messaging = createService({ url: redis.url }, { redis: { connectionTimeoutSeconds: 1 } });
    await expect(publishUserCreated(messaging, input)).rejects.toMatchObject({
      code: "REDIS_UNAVAILABLE",
      message: expect.stringMatching(/self-signed certificate/),
    });
  });

  it("reads the files of certificates anew at each attempt to connect", async () => {
    const path = join(redis.server.folder, "rotated.pem");
    writeFileSync(path, otherCertificate);
    const env = { REDIS_URL: redis.url, REDIS_TLS_CA: path };
    const options = { service: "rotated", environment: "app", env, redis: { connectionTimeoutSeconds: 1 } };
    await using messaging = createService({}, options);
    onUserCreated(messaging, () => {});
    await expect(messaging.start({ requireRedis: true })).rejects.toMatchObject({ code: "REDIS_UNAVAILABLE" });
    rmSync(path);
    await expect(publishUserCreated(messaging, input)).rejects.toMatchObject({ code: "REDIS_UNAVAILABLE" });
    writeFileSync(path, redis.ca);
    await eventually(() => messaging.start({ requireRedis: true }).then(() => true));
    writeFileSync(path, otherCertificate);
    await admin.call("CLIENT", "KILL", "USER", redis.username);
    writeFileSync(path, redis.ca);
    await eventually(async () => /name=rotated:heartbeat/.test(String(await admin.client("LIST"))));
  });

  it("says which right is missing", async () => {
    await using messaging = createService({ url: redis.url }, { redis: { tls: { ca: redis.ca } } });
    await expect(publishUserCreated(messaging, input)).rejects.toMatchObject({
      code: "PUBLISH_FAILED",
      retryable: false,
      message: expect.stringMatching(/NOPERM/),
    });
  });
});

describe("a Redis that refuses", () => {
  const secret = "the-wrong-password";
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis({ arguments: ["--requirepass", "right"] });
  });
  afterAll(() => redis.stop());

  const refused = (): object => ({
    name: "ConnectionError",
    code: "REDIS_REFUSED",
    retryable: false,
    message: expect.stringContaining(`127.0.0.1:${redis.port}`),
  });

  it.each([
    ["a wrong password", { password: secret }],
    ["no password", {}],
    ["a user that it does not know", { username: "nobody", password: secret }],
  ])("is an error at once, not after the connection timeout: %s", async (_, credentials) => {
    const logger = logBook();
    // Far longer than this test may take: only a refusal ends it in time.
    const options = { redis: { ...credentials, connectionTimeoutSeconds: 300, socketTimeoutSeconds: 300 }, logger };
    const messaging = createService(redis, options);
    onUserCreated(messaging, () => {});
    const failures = await Promise.allSettled([messaging.start(), publishUserCreated(messaging, input)]);
    await messaging.close();
    for (const failure of failures) {
      expect(failure).toMatchObject({ status: "rejected", reason: refused() });
      expect(String((failure as PromiseRejectedResult).reason)).not.toContain(secret);
    }
    expect(logger.text).not.toContain(secret);
  });

  it("is an error when the database does not exist", async () => {
    const messaging = createService(redis, { redis: { password: "right", db: 4711 } });
    await expect(messaging.start()).rejects.toMatchObject(refused());
    await messaging.close();
  });

  it("can be started again once it does not any more", async () => {
    const admin = new Redis(redis.url, { password: "right" });
    await using messaging = createService(redis, { redis: { username: "late", password: "late" } });
    const seen: unknown[] = [];
    onUserCreated(messaging, (event) => seen.push(event.entity_id));
    await expect(messaging.start()).rejects.toMatchObject({ code: "REDIS_REFUSED" });
    await admin.call("ACL", "SETUSER", "late", "on", ">late", "~*", "&*", "+@all");
    await eventually(() => messaging.start().then(() => true));
    await publishUserCreated(messaging, input);
    await eventually(() => seen.length === 1);
    admin.disconnect();
  });
});

describe("a connection that its service closes", () => {
  it("is not told as lost", async () => {
    await using server = await startRedis();
    const lost: string[] = [];
    const messaging = createService(server, { hooks: { disconnected: ({ role }) => void lost.push(role) } });
    onUserCreated(messaging, () => {});
    await messaging.start();
    await messaging.close();
    // Redis has noticed that they are gone, so their sockets are.
    const client = new Redis(server.url);
    await eventually(async () => !String(await client.client("LIST")).includes("name=test-service:"));
    client.disconnect();
    await new Promise((resolve) => setImmediate(resolve));
    expect(lost).toEqual([]);
  });
});

describe("a Redis that is too old", () => {
  it("is named with its version, by start()", async () => {
    await using redis = await startRedis({ arguments: ["--rename-command", "EVALSHA_RO", ""] });
    const messaging = createService(redis);
    onUserCreated(messaging, () => {});
    const unsupported: Partial<ConnectionError> = {
      code: "REDIS_UNSUPPORTED",
      retryable: false,
      message: expect.stringMatching(`127.0.0.1:${redis.port} is ${redis.version.split(".")[0]}\\..*: 7.0 or newer`),
    };
    await expect(messaging.start()).rejects.toMatchObject(unsupported);
    await messaging.close();
  });
});

describe("a Redis that is not there", () => {
  const impatient = { redis: { connectionTimeoutSeconds: 0.3 } };

  it("is an error in bounded time that says where, and that a repeat may help", async () => {
    const port = await freePort();
    const messaging = createService({ url: `redis://127.0.0.1:${port}` }, impatient);
    onUserCreated(messaging, () => {});
    const unavailable: Partial<ConnectionError> = {
      code: "REDIS_UNAVAILABLE",
      retryable: true,
      message: expect.stringMatching(`127.0.0.1:${port} cannot be reached: .*ECONNREFUSED.*Check REDIS_HOST`),
    };
    await expect(publishUserCreated(messaging, input)).rejects.toMatchObject(unavailable);
    await expect(messaging.send(validateToken, { token: "t" })).rejects.toMatchObject(unavailable);
    await expect(messaging.start({ requireRedis: true })).rejects.toMatchObject(unavailable);
    await messaging.close();
  });

  it("does not hold up a process that ends", async () => {
    const config = readConfig(
      { service: "test", redis: { url: `redis://127.0.0.1:${await freePort()}` } },
      "fields",
      {},
    ).redis;
    const connection = new Connection({ ...config, connectionTimeoutMs: 100 }, "test", "settle", systemClock);
    await expect(connection.ready()).rejects.toMatchObject({ code: "REDIS_UNAVAILABLE" });
    await new Promise((resolve) => connection.client.once("reconnecting", resolve));
    // Only timers that keep the process alive are counted: now that of the next attempt to connect.
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
    const before = timers();
    connection.close();
    expect(timers()).toBeLessThan(before);
  });

  it("is the same when its host has no address", async () => {
    const messaging = createService({ url: "redis://no-such-host.invalid:6379" }, impatient);
    await expect(publishUserCreated(messaging, input)).rejects.toMatchObject({
      code: "REDIS_UNAVAILABLE",
      message: expect.stringContaining("no-such-host.invalid:6379"),
    });
    await messaging.close();
  });

  it("is the same when it accepts connections and says nothing", async () => {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await new Promise((resolve) => silent.once("listening", resolve));
    const address = silent.address() as { port: number };
    const messaging = createService({ url: `redis://127.0.0.1:${address.port}` }, impatient);
    await expect(publishUserCreated(messaging, input)).rejects.toMatchObject({ code: "REDIS_UNAVAILABLE" });
    await messaging.close();
    silent.close();
  });

  it("is waited for by a service that starts, which takes part once it is up", async () => {
    const port = await freePort();
    const logger = logBook();
    await using messaging = createService({ url: `redis://127.0.0.1:${port}` }, { ...impatient, logger });
    const seen: unknown[] = [];
    onUserCreated(messaging, (event) => seen.push(event.entity_id));
    await messaging.start();
    expect(logger.text).toMatch(/connecting at start failed.*ECONNREFUSED/);

    await using _redis = await startRedis({ port });
    await eventually(() => publishUserCreated(messaging, input));
    await eventually(() => seen.length === 1);
    expect(seen).toEqual([1]);
  });

  it("may come and go: publishing and consuming go on, in silence but for the log", async () => {
    await using redis = await startRedis({ persistent: true });
    const logger = logBook();
    await using messaging = createService(redis, { ...impatient, logger });
    const seen = new Set<unknown>();
    onUserCreated(messaging, (event) => seen.add(event.entity_id));
    await messaging.start();
    await publishUserCreated(messaging, input);
    await eventually(() => seen.has(1));
    await redis.restart();
    await eventually(() => messaging.publish(userCreated, { ...input, entity_id: 2 }));
    await eventually(() => seen.has(2));
    expect(logger.text).toContain("lost the connection to Redis");
    expect(logger.text).toContain("connected to Redis again");
  });
});

describe("a connection whose master has become a replica, which still answers,", () => {
  const settings = (url: string): RedisConfig =>
    readConfig({ service: "test", redis: { url, socketTimeoutSeconds: 0.2 } }, "json", {}).redis;
  const open = async (url: string, role: ConnectionRole): Promise<Connection> => {
    const connection = new Connection(settings(url), "test", role, systemClock);
    onTestFinished(() => connection.close());
    await connection.ready();
    return connection;
  };
  const observer = (redis: RedisServer): Redis => {
    const client = new Redis(redis.url);
    onTestFinished(() => client.disconnect());
    return client;
  };
  const calls = async (client: Redis, command: string): Promise<number> =>
    Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(await client.info("commandstats"))?.[1] ?? 0);

  it.each(["subscribe", "publish", "settle"] as const)("leaves it, and finds the new one: %s", async (role) => {
    await using old = await startRedis();
    await using next = await startRedis();
    await using proxy = await startTcpProxy(old);
    const [oldClient, nextClient] = [observer(old), observer(next)];
    const connection = await open(proxy.url, role);
    if (role === "subscribe") await connection.client.subscribe("news");
    const asked = await calls(oldClient, "hello");
    await eventually(async () => (await calls(oldClient, "hello")) > asked + 1);

    await oldClient.replicaof(next.host, next.port);
    await eventually(async () => (await oldClient.info("replication")).includes("master_link_status:up"));
    expect(await nextClient.client("LIST")).not.toContain(`name=test:${role} `);
    // Until then it finds the replica again, as it does while the address still leads there.
    const { session } = connection;
    await eventually(() => connection.session > session);
    proxy.redirect(next);
    await eventually(async () => String(await nextClient.client("LIST")).includes(`name=test:${role} `));
    await eventually(() => connection.isReady);
  });

  it("is left alone if it was directed to a replica on purpose", async () => {
    await using master = await startRedis();
    await using replica = await startRedis();
    const client = observer(replica);
    await client.replicaof(master.host, master.port);
    await eventually(async () => (await client.info("replication")).includes("master_link_status:up"));
    const connection = await open(replica.url, "subscribe");
    const { session } = connection;
    const asked = await calls(client, "hello");
    await eventually(async () => (await calls(client, "hello")) > asked + 4);
    expect(connection.session).toBe(session);
  });
});
