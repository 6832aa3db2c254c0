import { describe, expect, it } from "vitest";
import { type Config, readConfig, type Settings } from "../../../runtime/config/config.js";
import type { Variables } from "../../../runtime/config/setting-reader.js";
import { ConfigError } from "../../../runtime/errors.js";

const read = (environment: Variables, redis: Settings["redis"] = {}): Config["redis"] =>
  readConfig({ redis }, "fields", { SERVICE_NAME: "orders", ...environment }).redis;

/** The problems that settings have. */
function problemsOf(environment: Variables, redis: unknown = {}): readonly string[] {
  try {
    read(environment, redis as Settings["redis"]);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const nodes = [
  { host: "redis-1", port: 7001 },
  { host: "::1", port: 7002 },
];

describe("a cluster", () => {
  it("is named by some of its nodes, in the environment or in code", () => {
    const natMap = { "10.0.0.1:6379": { host: "localhost", port: 7001 }, "::2:6379": { host: "::1", port: 7002 } };
    const variables = {
      REDIS_CLUSTER_NODES: "redis-1:7001, [::1]:7002",
      REDIS_NAT_MAP: "10.0.0.1:6379=localhost:7001, [::2]:6379=[::1]:7002",
    };
    expect(read(variables).cluster).toEqual({ nodes, natMap });
    const cluster = {
      nodes: ["redis-1:7001", { host: "::1", port: 7002 }],
      natMap: { "10.0.0.1:6379": "localhost:7001", "[::2]:6379": "[::1]:7002" },
    };
    expect(read({}, { cluster }).cluster).toEqual({ nodes, natMap });
    expect(read({ REDIS_CLUSTER_NODES: "other:1" }, { cluster }).cluster).toEqual({ nodes, natMap });
    expect(read(variables, { cluster: {} }).cluster).toEqual({ nodes, natMap });
  });

  it("is named in error texts, takes precedence over one address, and leaves it the user, the password and TLS", () => {
    const variables = { REDIS_URL: "rediss://app:secret@cache:1", REDIS_SOCKET: "/run/redis.sock" };
    expect(read({ ...variables, REDIS_CLUSTER_NODES: "redis-1:7001,[::1]:7002" })).toMatchObject({
      address: "the cluster of redis-1:7001, [::1]:7002",
      ...{ socket: undefined, username: "app", password: "secret", tls: {} },
    });
  });

  it("gives way to an address in code, of whatever form", () => {
    const variables = { REDIS_CLUSTER_NODES: "redis-1:7001", REDIS_NAT_MAP: "a:1=b:2" };
    const placed = [{ url: "redis://cache" }, { host: "cache" }, { port: 1 }, { client: { sentinels: [], name: "x" } }];
    for (const redis of placed) expect(read(variables, redis).cluster).toBeUndefined();
  });

  it("has one database", () => {
    const problem = expect.stringMatching(/names database 3: a cluster has database 0 only/);
    expect(problemsOf({ REDIS_CLUSTER_NODES: "a:1", REDIS_DB: "3" })).toEqual([problem]);
    expect(problemsOf({ REDIS_CLUSTER_NODES: "a:1", REDIS_URL: "redis://cache/3" })).toEqual([problem]);
  });
});

describe("Sentinel", () => {
  it("is named by the sentinels, and has its own user, password and TLS", () => {
    const variables = {
      ...{ REDIS_SENTINELS: "redis-1:7001,[::1]:7002", REDIS_SENTINEL_MASTER: "main" },
      ...{ REDIS_SENTINEL_USERNAME: "watcher", REDIS_SENTINEL_PASSWORD: "secret", REDIS_SENTINEL_TLS: "true" },
    };
    const sentinel = { master: "main", username: "watcher", password: "secret", tls: true };
    const expected = { sentinels: nodes, ...sentinel, natMap: {} };
    expect(read(variables)).toMatchObject({
      address: "the master main of the sentinels redis-1:7001, [::1]:7002",
      sentinel: expected,
    });
    expect(read({}, { sentinel: { sentinels: nodes, ...sentinel } }).sentinel).toEqual(expected);
  });

  it("watches mymaster unless told otherwise, without TLS where Redis has none", () => {
    const REDIS_SENTINELS = "redis-1:7001";
    const byDefault = { master: "mymaster", username: undefined, password: undefined, tls: false };
    expect(read({ REDIS_SENTINELS }).sentinel).toMatchObject(byDefault);
    expect(read({ REDIS_SENTINELS, REDIS_TLS: "true" }).sentinel?.tls).toBe(true);
    expect(read({ REDIS_SENTINELS, REDIS_TLS: "true", REDIS_SENTINEL_TLS: "no" }).sentinel?.tls).toBe(false);
  });
});

describe("refuses", () => {
  const form = "host:port, with brackets around an IPv6 address";
  const cluster = { nodes: ["a:1"] };
  const sentinel = { sentinels: ["a:1"] };
  it.each<[string, Variables, unknown, string]>([
    [
      "both in the environment",
      { REDIS_CLUSTER_NODES: "a:1", REDIS_SENTINELS: "b:2" },
      {},
      "REDIS_CLUSTER_NODES and REDIS_SENTINELS are both set: Sentinel watches no cluster; leave one out",
    ],
    [
      "both in code",
      {},
      { cluster, sentinel },
      "redis.cluster and redis.sentinel both say where Redis is: leave one out",
    ],
    [
      "an address beside it in code",
      {},
      { cluster, host: "a" },
      "redis.cluster and redis.host both say where Redis is: leave one out",
    ],
    [
      "a client that finds Redis by itself",
      {},
      { sentinel, client: () => undefined },
      "redis.sentinel and redis.client both say where Redis is: leave one out",
    ],
    [
      "a node without a port",
      { REDIS_CLUSTER_NODES: "a:1,b" },
      {},
      `REDIS_CLUSTER_NODES must list nodes as ${form}; address 2 is "b"`,
    ],
    [
      "a port beyond all",
      {},
      { cluster: { nodes: [{ host: "a", port: 65_536 }] } },
      `REDIS_CLUSTER_NODES must list nodes as ${form}; address 1 is "a:65536"`,
    ],
    [
      "an IPv6 address without brackets",
      { REDIS_SENTINELS: "::1:6379" },
      {},
      `REDIS_SENTINELS must list nodes as ${form}; address 1 is "::1:6379"`,
    ],
    [
      "an empty place in a list",
      { REDIS_CLUSTER_NODES: "a:1," },
      {},
      `REDIS_CLUSTER_NODES must list nodes as ${form}; address 2 is empty`,
    ],
    ["no node", {}, { cluster: { nodes: [] } }, `REDIS_CLUSTER_NODES must name at least one node: ${form}`],
    ["no sentinel", {}, { sentinel: {} }, `REDIS_SENTINELS must name at least one node: ${form}`],
    [
      "half a pair",
      { REDIS_CLUSTER_NODES: "a:1", REDIS_NAT_MAP: "a:1=b:2,c:3" },
      {},
      `REDIS_NAT_MAP must list pairs announced=reached, each ${form}; pair 2 is "c:3"`,
    ],
    [
      "a map for nobody",
      { REDIS_NAT_MAP: "a:1=b:2" },
      {},
      "REDIS_NAT_MAP is set, but neither REDIS_CLUSTER_NODES nor REDIS_SENTINELS: set one, or leave it out",
    ],
    [
      "a master for nobody",
      { REDIS_SENTINEL_MASTER: "main" },
      {},
      "REDIS_SENTINEL_MASTER is set, but REDIS_SENTINELS is not: set it, or leave this one out",
    ],
    [
      "an unknown option",
      {},
      { cluster: { ...cluster, natmap: {} } },
      "the option redis.cluster.natmap does not exist; did you mean natMap?",
    ],
    [
      "a misspelt variable",
      { REDIS_SENTINEL: "a:1" },
      {},
      "REDIS_SENTINEL is no setting; did you mean REDIS_SENTINELS?",
    ],
  ])("%s", (_, variables, redis, problem) => {
    expect(problemsOf(variables, redis)).toEqual([problem]);
  });

  it("a URL in place of a node, without repeating its password", () => {
    const [problem, ...more] = problemsOf({ REDIS_CLUSTER_NODES: "a:1,redis://app:hunter2@b:2" });
    expect(problem).toMatch(/address 2 is a URL: the user and the password have settings of their own/);
    expect(`${problem}`).not.toContain("hunter2");
    expect(more).toEqual([]);
  });
});
