import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Config, readConfig, type Settings } from "../../../runtime/config/config.js";
import type { Variables } from "../../../runtime/config/setting-reader.js";
import { ConfigError } from "../../../runtime/errors.js";

const named = { SERVICE_NAME: "orders" };
const read = (environment: Variables = {}, settings: Settings = {}): Config =>
  readConfig(settings, "fields", { ...named, ...environment });

/** The problems that settings have. */
function problemsOf(environment: Variables, settings: Settings = {}): readonly string[] {
  try {
    readConfig(settings, "fields", environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe("REDIS_URL", () => {
  it.each<[string, Partial<Config["redis"]>]>([
    ["redis://cache", { host: "cache", port: 6379, db: 0, username: undefined, password: undefined, tls: undefined }],
    ["redis://cache:7000/3", { host: "cache", port: 7000, db: 3 }],
    ["redis://cache:7000/", { port: 7000, db: 0 }],
    ["redis://:secret@cache", { username: undefined, password: "secret" }],
    ["redis://app:a%20b%2F%40%3A%25@cache", { username: "app", password: "a b/@:%" }],
    ["rediss://app@cache", { username: "app", password: undefined, tls: {} }],
    ["redis://[::1]:7000", { host: "::1", port: 7000 }],
    ["redis://cache?db=3", { host: "cache", db: 3 }],
    ["redis://cache/3?db=3", { db: 3 }],
    ["valkey://app:secret@cache:7000/2", { host: "cache", port: 7000, db: 2, username: "app", tls: undefined }],
    ["valkeys://cache", { host: "cache", port: 6379, tls: {} }],
    ["unix:///run/redis%20one.sock?db=3", { socket: "/run/redis one.sock", db: 3, address: "/run/redis one.sock" }],
    ["unix://app:a%40b@/run/redis.sock", { socket: "/run/redis.sock", username: "app", password: "a@b", db: 0 }],
    ["redis+unix://:secret@/run/redis.sock", { socket: "/run/redis.sock", username: undefined, password: "secret" }],
    ["valkey+unix:///run/valkey.sock", { socket: "/run/valkey.sock", tls: undefined }],
  ])("is understood: %s", (url, expected) => {
    expect(read({ REDIS_URL: url }).redis).toMatchObject(expected);
    expect(read({}, { redis: { url } }).redis).toMatchObject(expected);
  });

  it.each([
    "cache:6379",
    "http://cache",
    "redis://",
    "redis://cache/zero",
    "redis://cache:99999",
    "redis://cache:0",
    "redis://app:100%@cache",
    "redis://100%:secret@cache",
    "myredis://cache",
    "redis://cache/1/2",
    "nonsense",
    "redis://cache/3?db=4",
    "redis://cache?db=one",
    "redis://cache?db=1&db=1",
    "redis://cache?timeout=3",
    "unix://run/redis.sock",
    "unix:///",
    "unix:///run/redis.sock?password=secret",
    // Passwords with what must be encoded.
    "redis://app:a/b@cache",
    "redis://app:1/b@cache",
    "redis://app:1?b@cache",
    "redis://app:1#b@cache",
    "unix://app:a/b@/run/redis.sock",
  ])("is refused, without being repeated: %s", (url) => {
    const [problem, ...more] = problemsOf({ ...named, REDIS_URL: url });
    // Always the same text, whatever the URL: it may hold a password.
    expect(problem).toBe(
      "REDIS_URL must read redis://user:password@host:6379/0 (rediss:// for TLS) or unix:///path/to/redis.sock?db=0; percent-encode @ : / ? # and % in the user and the password (encodeURIComponent)",
    );
    expect(more).toEqual([]);
  });

  it("wins over host, port and db, and lends from the rest what it does not say", () => {
    const environment = { REDIS_HOST: "other", REDIS_PORT: "1", REDIS_DB: "9", REDIS_PASSWORD: "secret" };
    const { redis } = read({ ...environment, REDIS_URL: "redis://cache:7000/3" });
    expect(redis).toMatchObject({ host: "cache", port: 7000, db: 3, password: "secret" });
  });

  it("in the environment gives way to a host in code", () => {
    const { redis } = read({ REDIS_URL: "rediss://cache:7000" }, { redis: { host: "here" } });
    expect(redis).toMatchObject({ host: "here", port: 6379, tls: undefined });
  });

  it("in code wins over a host in code", () => {
    const { redis } = read({}, { redis: { url: "redis://cache:7000", host: "here", port: 7001 } });
    expect(redis).toMatchObject({ host: "cache", port: 7000 });
  });

  it("gives way to a socket in code, and wins over one in the environment", () => {
    const environment = { REDIS_URL: "redis://cache:7000", REDIS_SOCKET: "/run/redis.sock" };
    expect(read(environment).redis).toMatchObject({ host: "cache", socket: undefined });
    expect(read(environment, { redis: { socket: "/run/own.sock" } }).redis.socket).toBe("/run/own.sock");
    expect(read({ REDIS_SOCKET: "/run/redis.sock" }, { redis: { host: "here" } }).redis.socket).toBeUndefined();
  });

  it("leaves the database to its own setting where it names none", () => {
    expect(read({ REDIS_URL: "redis://cache", REDIS_DB: "4" }).redis.db).toBe(4);
  });

  it("in the environment gives way to a port in code", () => {
    const { redis } = read({ REDIS_URL: "rediss://cache:7000/3" }, { redis: { port: 7001 } });
    expect(redis).toMatchObject({ host: "redis", port: 7001, db: 0, tls: undefined });
  });
});

describe("TLS files", () => {
  let folder: string;
  let pem: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "messaging-config-"));
    pem = join(folder, "ca.pem");
    writeFileSync(pem, "PEM");
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(["CA", "CERT", "KEY"])("REDIS_TLS_%s is read when TLS is on, however it was turned on", (part) => {
    const files = { [`REDIS_TLS_${part}`]: pem };
    const expected = { [part.toLowerCase()]: "PEM" };
    expect(read({ REDIS_TLS: "true", ...files }).redis.tls).toEqual(expected);
    expect(read({ REDIS_URL: "rediss://cache", ...files }).redis.tls).toEqual(expected);
    expect(read(files, { redis: { tls: true } }).redis.tls).toEqual(expected);
  });

  it("REDIS_TLS_SERVERNAME is handed on", () => {
    expect(read({ REDIS_TLS: "true", REDIS_TLS_SERVERNAME: "cache" }).redis.tls).toEqual({ servername: "cache" });
  });

  it("must be readable", () => {
    for (const part of ["CA", "CERT", "KEY"]) {
      const problems = problemsOf({ ...named, REDIS_TLS: "true", [`REDIS_TLS_${part}`]: join(folder, "none.pem") });
      expect(problems).toEqual([expect.stringMatching(`^REDIS_TLS_${part} must name a readable PEM file`)]);
    }
  });

  it.each(["CA", "CERT", "KEY", "SERVERNAME"])("without TLS REDIS_TLS_%s is refused, not ignored", (part) => {
    const problems = problemsOf({ ...named, [`REDIS_TLS_${part}`]: pem });
    expect(problems).toEqual([expect.stringContaining("TLS is off")]);
  });
});

describe("TLS", () => {
  const isOn = (environment: Variables, redis: Settings["redis"] = {}): boolean =>
    read(environment, { redis }).redis.tls !== undefined;

  it("is on with a rediss:// or valkeys:// URL, whatever REDIS_TLS says", () => {
    for (const REDIS_TLS of ["false", "0", "no", "off", "true", "", undefined]) {
      expect([REDIS_TLS, isOn({ REDIS_URL: "rediss://cache", REDIS_TLS })]).toEqual([REDIS_TLS, true]);
      expect([REDIS_TLS, isOn({ REDIS_TLS }, { url: "valkeys://cache" })]).toEqual([REDIS_TLS, true]);
    }
  });

  it("is not turned off in code beside a rediss:// URL: one of the two is wrong", () => {
    const problem = expect.stringContaining("redis.tls is false, but the URL is rediss://");
    expect(problemsOf({ ...named, REDIS_URL: "rediss://cache" }, { redis: { tls: false } })).toEqual([problem]);
    expect(problemsOf(named, { redis: { url: "rediss://cache", tls: false } })).toEqual([problem]);
  });

  it("is turned on for a redis:// URL by what stands beside it", () => {
    expect(isOn({ REDIS_URL: "redis://cache", REDIS_TLS: "true" })).toBe(true);
    expect(isOn({}, { url: "redis://cache", tls: true })).toBe(true);
    expect(isOn({ REDIS_URL: "redis://cache" }, { tls: {} })).toBe(true);
  });
});

describe("a URL in code", () => {
  const url = "redis://:secret@cache:7000/3";

  it("is beaten by nothing in the environment", () => {
    const variables = {
      ...{
        REDIS_URL: "rediss://other:1/1",
        REDIS_HOST: "other",
        REDIS_PORT: "1",
        REDIS_DB: "1",
        REDIS_USERNAME: "other",
      },
      ...{ REDIS_PASSWORD: "other", REDIS_TLS: "true", REDIS_TLS_SERVERNAME: "other" },
    };
    const { redis } = read(variables, { redis: { url } });
    const given = { host: "cache", port: 7000, db: 3, username: undefined, password: "secret", tls: undefined };
    expect(redis).toMatchObject(given);
  });

  it("is completed by what code says beside it", () => {
    expect(read({}, { redis: { url, username: "app" } }).redis).toMatchObject({ username: "app", password: "secret" });
    expect(read({ REDIS_USERNAME: "app" }, { redis: { url: "redis://cache" } }).redis.username).toBe("app");
  });
});

describe("what may be a secret in the wrong place is refused, and not repeated:", () => {
  it.each([
    ["REDIS_HOST", "redis://app:hunter2@cache:6379"],
    ["REDIS_HOST", "app:hunter2@cache"],
    ["REDIS_HOST", "cache hunter2"],
    ["REDIS_HOST", "cache\nhunter2"],
    ["REDIS_TLS_KEY", "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----"],
    ["REDIS_TLS_KEY", "-----BEGIN PRIVATE KEY----- hunter2"],
    ["REDIS_TLS_CERT", "hunter2\nhunter2"],
  ])("%s=%j", (variable, value) => {
    const problems = problemsOf({ ...named, REDIS_TLS: "true", [variable]: value });
    expect(problems).toEqual([expect.stringContaining(`${variable} must`)]);
    expect(problems.join()).not.toContain("hunter2");
  });

  it("a host in code", () => {
    const problems = problemsOf(named, { redis: { host: "redis://:hunter2@cache" } });
    expect(problems).toEqual([expect.stringContaining("REDIS_HOST must be the name")]);
    expect(problems.join()).not.toContain("hunter2");
  });
});
