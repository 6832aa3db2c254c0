import { existsSync } from "node:fs";

import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";

import { opensslAvailable, startTlsRedis } from "./tls-redis.js";

describe.skipIf(!opensslAvailable)("a Redis with TLS and a limited user", () => {
  it("speaks TLS to those who trust its certificate, and only to them", async () => {
    await using tls = await startTlsRedis();
    const client = new Redis(tls.url, { tls: { ca: tls.ca } });
    const stranger = new Redis(tls.url, { lazyConnect: true, retryStrategy: () => null });
    stranger.on("error", () => {});
    try {
      await expect(client.ping()).resolves.toBe("PONG");
      expect(existsSync(tls.caFile)).toBe(true);
      await expect(stranger.connect()).rejects.toThrow();
    } finally {
      client.disconnect();
      stranger.disconnect();
    }
  });

  it("allows the user its own keys and nothing else", async () => {
    await using tls = await startTlsRedis();
    const client = new Redis(tls.url, { tls: { ca: tls.ca } });
    try {
      expect(await client.acl("WHOAMI")).toBe(tls.username);
      await client.xadd("app:events", "*", "a", "1");
      await expect(client.xadd("events", "*", "a", "1")).rejects.toThrow("NOPERM");
      await expect(client.flushall()).rejects.toThrow("NOPERM");
      expect(await client.info("server")).toContain("redis_version");
    } finally {
      client.disconnect();
    }
  });
});
