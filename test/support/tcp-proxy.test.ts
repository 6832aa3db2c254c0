import { once } from "node:events";
import { connect } from "node:net";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { type RedisServer, startRedis } from "../../runtime/testing/redis/index.js";
import { eventually } from "./eventually.js";
import { startNat } from "./nat.js";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.js";

let server: RedisServer;
let direct: Redis;
let proxy: TcpProxy;
let client: Redis;
let closed: boolean;

beforeAll(async () => {
  server = await startRedis();
  direct = new Redis(server.url);
});

afterAll(async () => {
  direct.disconnect();
  await server.stop();
});

beforeEach(async () => {
  await direct.flushall();
  proxy = await startTcpProxy(server);
  // It tries no second time, so that what happens to a connection is seen.
  client = new Redis(proxy.url, { retryStrategy: () => null, maxRetriesPerRequest: 0 });
  closed = false;
  client.on("error", () => {});
  const own = client;
  own.on("close", () => {
    closed ||= own === client; // The client of the test before may close as late as now.
  });
  await client.ping();
});

afterEach(async () => {
  client.disconnect();
  await proxy.close();
});

/** Whether it settles while other things do: enough round trips that a reply would have come. */
async function settles(answer: Promise<unknown>): Promise<boolean> {
  let settled = false;
  answer.then(
    () => (settled = true),
    () => (settled = true),
  );
  for (let turn = 0; turn < 50; turn += 1) {
    await direct.ping();
  }
  return settled;
}

describe("the TCP proxy", () => {
  it("passes everything, large and binary values too", async () => {
    const value = Buffer.alloc(3_000_000, "\u0000\r\nä", "utf8");
    await client.set("large", value);
    expect((await client.getBuffer("large"))?.equals(value)).toBe(true);
    expect(proxy).toMatchObject({ connections: 1, accepted: 1 });
  });

  it("redirects new connections, and leaves open ones where they are", async () => {
    await using other = await startRedis();
    proxy.redirect(other);
    const late = new Redis(proxy.url);
    expect(await late.config("GET", "port")).toEqual(["port", String(other.port)]);
    expect(await client.config("GET", "port")).toEqual(["port", String(server.port)]);
    late.disconnect();
  });

  it("mutes: the reply is lost, but Redis has the write", async () => {
    proxy.mode = "mute";
    const answer = client.set("written", "yes");
    expect(await eventually(() => direct.get("written"))).toBe("yes");
    expect(await settles(answer)).toBe(false);
    expect(closed).toBe(false);
  });

  it("blackholes: nothing arrives, and the socket stays open although Redis has closed it", async () => {
    proxy.mode = "blackhole";
    const answer = client.set("written", "yes");
    await direct.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    expect(await settles(answer)).toBe(false);
    expect(await direct.get("written")).toBeNull();
    expect(closed).toBe(false);
    expect(client.status).toBe("ready");
  });

  it("never heals a connection that has lost bytes, while a new one works", async () => {
    proxy.mode = "mute";
    const lost = client.incr("count");
    await eventually(() => direct.get("count"));
    // Redis has counted before its reply has reached the proxy: only what got there can be lost.
    expect(await settles(lost)).toBe(false);
    proxy.mode = "pass";
    expect(await settles(client.incr("count"))).toBe(false);
    expect(await settles(lost)).toBe(false);
    const next = new Redis(proxy.url);
    expect(await next.incr("count")).toBe(3);
    next.disconnect();
  });

  it("stalls: what was held is delivered when it passes again", async () => {
    proxy.mode = "stall";
    const answer = client.incr("count");
    expect(await settles(answer)).toBe(false);
    expect(await direct.get("count")).toBeNull();
    proxy.mode = "pass";
    expect(await answer).toBe(1);
  });

  it("delays, and keeps the order", async () => {
    proxy.delayMs = 30;
    const first = client.rpush("list", "1");
    expect(await direct.exists("list")).toBe(0);
    proxy.delayMs = 0; // What comes later must not overtake.
    const second = client.rpush("list", "2");
    await Promise.all([first, second]);
    expect(await direct.lrange("list", 0, -1)).toEqual(["1", "2"]);
  });

  it("resets open connections", async () => {
    const errors: string[] = [];
    client.on("error", (error) => errors.push(String(error)));
    const answer = client.blpop("nothing", 0);
    await eventually(async () => (await direct.info("clients")).includes("blocked_clients:1"));
    proxy.reset();
    await expect(answer).rejects.toThrow();
    await eventually(() => errors.some((error) => error.includes("ECONNRESET")));
    await eventually(
      () => proxy.connections,
      (open) => open === 0,
    );
    await eventually(async () => (await direct.info("clients")).includes("blocked_clients:0"));
  });

  it("refuses new connections and leaves open ones", async () => {
    proxy.mode = "refuse";
    const next = new Redis(proxy.url, { retryStrategy: () => null, lazyConnect: true });
    next.on("error", () => {});
    await expect(next.connect()).rejects.toThrow();
    expect(await client.ping()).toBe("PONG");
    expect(proxy.accepted).toBe(2);
  });

  it("cuts a connection in the middle of a reply, once", async () => {
    await direct.set("long", "x".repeat(1000));
    proxy.cutAfter(500);
    await expect(client.get("long")).rejects.toThrow();
    expect(closed).toBe(true);
    const next = new Redis(proxy.url);
    expect(await next.get("long")).toHaveLength(1000);
    next.disconnect();
  });

  it("cuts a connection in the middle of a request, which Redis then never runs", async () => {
    proxy.cutAfter(20, "requests");
    await expect(client.set("written", "x".repeat(1000))).rejects.toThrow();
    await eventually(
      () => proxy.connections,
      (open) => open === 0,
    );
    expect(await direct.get("written")).toBeNull();
  });

  it("lets the other side know when one closes", async () => {
    client.disconnect();
    await eventually(async () => (await direct.info("clients")).includes("connected_clients:1\r\n"));
    await eventually(
      () => proxy.connections,
      (open) => open === 0,
    );
  });

  it("misbehaves for the clients of one address only, and resets what that has broken", async () => {
    const other = connect({ port: proxy.port, host: proxy.host, localAddress: "127.0.0.2" });
    const ping = async (): Promise<string> => {
      other.write("PING\r\n");
      const [reply] = (await once(other, "data")) as [Buffer];
      return reply.toString();
    };
    expect(await ping()).toBe("+PONG\r\n");

    proxy.setModeFor("127.0.0.1", "blackhole");
    const lost = client.ping().catch(String);
    expect(await ping()).toBe("+PONG\r\n");
    await eventually(() => {
      proxy.resetBroken();
      return closed;
    });

    expect(await lost).toContain("Connection is closed");
    expect(await ping()).toBe("+PONG\r\n");
    other.destroy();
  });
});

it("stands before each of several servers, whose addresses lead to it", async () => {
  await using nat = await startNat([server]);
  expect(nat.natMap).toEqual({ [`127.0.0.1:${server.port}`]: nat.seeds[0] });
  const there = new Redis(nat.before(server).url);
  expect(await there.ping()).toBe("PONG");
  there.disconnect();
});
