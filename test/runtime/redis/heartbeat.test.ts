import { Redis } from "ioredis";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Config, readConfig } from "../../../runtime/config/config.js";
import type { RedisOptions } from "../../../runtime/config/redis-config.js";
import { HookBus } from "../../../runtime/messaging/hooks.js";
import { Connection } from "../../../runtime/redis/connection.js";
import { Heartbeat } from "../../../runtime/redis/heartbeat.js";
import { startRedis } from "../../../runtime/testing/redis/index.js";
import { systemClock } from "../../../runtime/time/clock.js";
import { eventually } from "../../support/eventually.js";
import { startTcpProxy, type TcpProxy } from "../../support/tcp-proxy.js";
import { opensslAvailable, startTlsRedis } from "../../support/tls-redis.js";

const KEY = "app:alive";
const CONSUMER = "this-one";

function configOf(redis: RedisOptions): Config {
  const timeouts = { connectionTimeoutSeconds: 0.3, socketTimeoutSeconds: 0.3 };
  return readConfig({ service: "test", leaseSeconds: 0.3, redis: { ...timeouts, ...redis } }, "fields", {});
}

/** The main thread's own connection, which is never opened. */
function unopened({ redis, service }: Config): Connection {
  const connection = new Connection(redis, service, "settle", systemClock);
  onTestFinished(() => connection.close());
  return connection;
}

/** A heartbeat that its thread alone sends. */
function start(redis: RedisOptions, keys: readonly string[] = [KEY]): Heartbeat {
  const config = configOf(redis);
  const heartbeat = new Heartbeat({ config, hooks: new HookBus(), clock: systemClock });
  for (const key of keys) heartbeat.add(keysAt(key), "workers", CONSUMER);
  heartbeat.start(unopened(config));
  onTestFinished(() => heartbeat.stop());
  return heartbeat;
}

const keysAt = (alive: string) => ({ stream: "app", alive, floor: `${alive}:floor` });

/** A client that looks at Redis from outside, also after a restart. */
function observer(url: string): Redis {
  const client = new Redis(url, { maxRetriesPerRequest: 0, retryStrategy: () => 50 });
  client.on("error", () => {});
  onTestFinished(() => client.disconnect());
  return client;
}

/** Resolves when Redis has been told of three more heartbeats. */
async function beats(client: Redis, key = KEY): Promise<void> {
  const first = await client.zscore(key, CONSUMER);
  const later = new Set<string>();
  const look = async (): Promise<number> => {
    const score = await client.zscore(key, CONSUMER);
    if (score !== null && score !== first) later.add(score);
    return later.size;
  };
  await eventually(look, (size) => size >= 3, { what: "three heartbeats" });
}

const connectsAnew = (proxy: TcpProxy): Promise<number> => {
  const before = proxy.accepted;
  return eventually(
    () => proxy.accepted,
    (accepted) => accepted > before,
    { what: "a new connection" },
  );
};

describe("the heartbeat's thread", () => {
  it("is refused each time where it cannot be given the TLS options", () => {
    const config = configOf({ url: "rediss://127.0.0.1:1", tls: { secureContext: { context: () => {} } } as never });
    const heartbeat = new Heartbeat({ config, hooks: new HookBus(), clock: systemClock });
    heartbeat.add(keysAt(KEY), "workers", CONSUMER);
    const route = unopened(config);
    for (let time = 0; time < 2; time++) expect(() => heartbeat.start(route)).toThrow(/secureContext cannot be passed/);
  });

  it("goes on after its link was cut, and is refused for a while", async () => {
    await using redis = await startRedis();
    await using proxy = await startTcpProxy(redis);
    const client = observer(redis.url);
    start({ url: proxy.url });
    await beats(client);

    proxy.mode = "refuse";
    proxy.reset();
    await connectsAnew(proxy);
    await connectsAnew(proxy);
    proxy.mode = "pass";
    await beats(client);
  });

  it("beats for those, too, that were added after it had started", async () => {
    await using redis = await startRedis();
    const client = observer(redis.url);
    const heartbeat = start({ url: redis.url });
    await beats(client);

    heartbeat.add(keysAt("later:alive"), "workers", CONSUMER);
    heartbeat.start(unopened(configOf({ url: redis.url })));
    await beats(client, "later:alive");
    await beats(client);
  });

  it("goes on after Redis was restarted", async () => {
    await using redis = await startRedis();
    const client = observer(redis.url);
    start({ url: redis.url });
    await beats(client);

    await redis.restart();
    await eventually(() => beats(client).then(() => true));
  });

  it("connects anew when a reply does not come", async () => {
    await using redis = await startRedis();
    await using proxy = await startTcpProxy(redis);
    const heartbeat = start({ url: proxy.url });
    await eventually(() => !heartbeat.lapsed);
    const before = heartbeat.lapses;

    // What has lost bytes stays dead: only a new connection can be answered again.
    proxy.mode = "mute";
    await connectsAnew(proxy);
    await eventually(() => heartbeat.lapsed);
    proxy.mode = "pass";
    await eventually(() => !heartbeat.lapsed);
    expect(heartbeat.lapses).toBeGreaterThan(before);
  });

  it("counts a lapse also when its beats were held up for longer than the lease, and all arrive then", async () => {
    await using redis = await startRedis();
    await using proxy = await startTcpProxy(redis);
    const heartbeat = start({ url: proxy.url, socketTimeoutSeconds: 30 });
    await eventually(() => !heartbeat.lapsed);
    const before = heartbeat.lapses;

    proxy.mode = "stall";
    await eventually(() => heartbeat.lapsed);
    proxy.mode = "pass";
    await eventually(() => !heartbeat.lapsed);
    expect(heartbeat.lapses).toBeGreaterThan(before);
  });

  it("finds the new master after a failover: READONLY makes it connect anew", async () => {
    await using old = await startRedis();
    await using next = await startRedis();
    await using proxy = await startTcpProxy(old);
    start({ url: proxy.url });
    await beats(observer(old.url));

    // The connection to the old master stays open, as it does when a master is made a replica.
    proxy.redirect(next);
    await observer(old.url).replicaof(next.host, next.port);
    await beats(observer(next.url));
  });

  it("tries again after its password was refused", async () => {
    await using redis = await startRedis({ arguments: ["--requirepass", "old"] });
    await using proxy = await startTcpProxy(redis);
    const client = observer(`redis://:old@${redis.host}:${redis.port}`);
    start({ url: `redis://:new@${proxy.host}:${proxy.port}` });
    await eventually(() => proxy.accepted >= 3);

    await client.config("SET", "requirepass", "new");
    await beats(client);
  });

  it("sends a password also where none is asked for, and uses its database", async () => {
    await using redis = await startRedis();
    start({ url: `redis://:unasked@${redis.host}:${redis.port}/5` });
    await beats(observer(`${redis.url}/5`));
  });

  it("does without a name where its user may not set one", async () => {
    await using redis = await startRedis();
    const client = observer(redis.url);
    await client.call("ACL", "SETUSER", "nameless", "on", ">secret", "~*", "+@all", "-client|setname");
    start({ url: redis.url, username: "nameless", password: "secret" });
    await beats(client);
  });

  it("counts a round only when the heartbeat of every consumer was confirmed", async () => {
    await using redis = await startRedis();
    const client = observer(redis.url);
    await client.call("ACL", "SETUSER", "half", "on", ">half", "~one*", "+@all");
    const heartbeat = start({ url: redis.url, username: "half", password: "half" }, ["one", "two"]);
    await beats(client, "one");
    expect(heartbeat.lapsed).toBe(true);

    await client.call("ACL", "SETUSER", "half", "~two*");
    await eventually(() => !heartbeat.lapsed);
    await beats(client, "two");
  });
});

describe("a heartbeat whose thread is hindered", () => {
  /** The main thread has a way to Redis of its own. */
  async function startBeside(
    threads: RedisOptions,
    main: string,
  ): Promise<{ heartbeat: Heartbeat; troubles: string[] }> {
    const troubles: string[] = [];
    const hooks = new HookBus({ trouble: ({ what, error }) => void troubles.push(`${what}: ${String(error)}`) });
    const config = (redis: RedisOptions): Config =>
      readConfig({ service: "test", leaseSeconds: 0.6, redis }, "json", {});
    const connection = new Connection(config({ url: main }).redis, "test", "settle", systemClock);
    await connection.ready();
    const heartbeat = new Heartbeat({ config: config(threads), hooks, clock: systemClock });
    heartbeat.add({ stream: "app", alive: KEY, floor: "floor" }, "workers", CONSUMER);
    heartbeat.start(connection);
    onTestFinished(async () => {
      await heartbeat.stop();
      connection.close();
    });
    return { heartbeat, troubles };
  }

  it("is sent by the main thread, and says why", async () => {
    await using redis = await startRedis();
    await using proxy = await startTcpProxy(redis);
    proxy.mode = "refuse";
    const { heartbeat, troubles } = await startBeside({ url: proxy.url }, redis.url);
    await beats(observer(redis.url));
    await eventually(
      () => heartbeat.state,
      ({ state }) => state === "covered",
    );
    expect(heartbeat.state.reason).toMatch(/ECONNRESET|closed/);
    await eventually(() => troubles.length > 0);

    proxy.mode = "pass";
    await eventually(
      () => heartbeat.state,
      ({ state, reason }) => state === "confirmed" && reason === null,
    );
    expect(troubles).toEqual([
      expect.stringMatching(/^sending heartbeats over their own connection: .*(ECONNRESET|closed)/),
    ]);
  });

  it("and whose main thread is, too, asks Redis for something, which notes that its consumer lives", async () => {
    await using redis = await startRedis();
    const client = observer(redis.url);
    await client.xgroup("CREATE", "app", "workers", "0", "MKSTREAM");
    await client.xadd("app", "*", "name", "value");
    await client.call("ACL", "SETUSER", "mute", "on", ">mute", "~app", "+@all");
    const url = `redis://mute:mute@${redis.host}:${redis.port}`;
    const { heartbeat, troubles } = await startBeside({ url }, url);
    const idleMs = async (): Promise<number> => {
      const [info] = (await client.xinfo("CONSUMERS", "app", "workers")) as [(string | number)[]];
      return Number(info[info.indexOf("idle") + 1]);
    };
    await eventually(() => troubles.length === 1);
    expect(heartbeat.state).toEqual({ state: "unconfirmed", reason: expect.stringContaining("NOPERM") });
    let [last, signs] = [Number.POSITIVE_INFINITY, 0];
    const look = async (): Promise<number> => {
      const now = await idleMs();
      if (now < last) signs++;
      last = now;
      return signs;
    };
    await eventually(look, (seen) => seen > 3, { what: "three more signs of life" });
    // It has read nothing by that.
    expect(((await client.xpending("app", "workers")) as [number])[0]).toBe(0);
    expect(troubles).toEqual([expect.stringMatching(/^sending heartbeats: .*NOPERM/)]);
  });
});

describe.skipIf(!opensslAvailable)("the heartbeat's thread with TLS", () => {
  it("connects as its user and under its name, trusting a certificate of one's own", async () => {
    await using redis = await startTlsRedis();
    const client = observer(redis.server.url);
    start({ url: redis.url, tls: { ca: redis.ca } });
    await beats(client);
    expect(await client.client("LIST")).toMatch(new RegExp(`name=test:heartbeat .*user=${redis.username}`));
  });

  it("connects anew when the TLS handshake is not answered", async () => {
    await using redis = await startTlsRedis();
    await using proxy = await startTcpProxy(redis);
    proxy.mode = "mute";
    const { username, password, ca } = redis;
    start({ host: proxy.host, port: proxy.port, username, password, tls: { ca } });
    await connectsAnew(proxy);
    await connectsAnew(proxy);
    proxy.mode = "pass";
    await beats(observer(redis.server.url));
  });

  it("goes on after its link was cut", async () => {
    await using redis = await startTlsRedis();
    await using proxy = await startTcpProxy(redis);
    const client = observer(redis.server.url);
    const { username, password, ca } = redis;
    start({ host: proxy.host, port: proxy.port, username, password, tls: { ca } });
    await beats(client);

    proxy.reset();
    await connectsAnew(proxy);
    await beats(client);
  });
});

describe("the main thread's own heartbeat", () => {
  it("tells every consumer of the process that the lease had lapsed, also the one that did not notice", async () => {
    await using redis = await startRedis();
    const config = readConfig({ service: "test", leaseSeconds: 0.1, redis: { url: redis.url } }, "fields", {});
    const connection = new Connection(config.redis, config.service, "settle", systemClock);
    onTestFinished(() => connection.close());
    const heartbeat = new Heartbeat({ config, hooks: new HookBus(), clock: systemClock });
    for (const key of ["a:alive", "b:alive"])
      heartbeat.add({ stream: "app", alive: key, floor: `${key}:floor` }, "workers", CONSUMER);
    expect(heartbeat.lapsed).toBe(true);
    await heartbeat.renew(connection);
    // The first one is no lapse: nothing was held before it.
    expect(heartbeat.lapses).toBe(0);

    await eventually(() => heartbeat.lapsed);
    expect(heartbeat.confirmedMs).toBe(0);
    await heartbeat.renew(connection);
    expect(heartbeat.lapses).toBe(1);
    // What runs now may have begun before, so others may have taken it.
    expect(heartbeat.keepsAll).toBe(false);
    // Of the time without a beat only a sixth of a lease counts as confirmed.
    expect(heartbeat.confirmedMs).toBe(16);
    const client = observer(redis.url);
    expect(await Promise.all(["a:alive", "b:alive"].map((key) => client.zcard(key)))).toEqual([1, 1]);
  });
});
