import { Redis } from "ioredis";
import { expect, it } from "vitest";
import { readConfig, type Settings } from "../../../../runtime/config/config.js";
import { durability } from "../../../../runtime/operations/doctor/durability.js";
import type { Finding } from "../../../../runtime/operations/doctor/finding.js";
import { type RedisServer, type StartRedisOptions, startRedis } from "../../../../runtime/testing/redis/index.js";
import { eventually } from "../../../support/eventually.js";

/** What the doctor says of a Redis. */
async function findings(url: string, settings: Settings): Promise<Finding[]> {
  const client = new Redis(url);
  client.on("error", () => {});
  const found: Finding[] = [];
  const config = readConfig({ service: "doctor", ...settings }, "json", {});
  try {
    for await (const finding of durability(config, (question) => question(client))) found.push(finding);
  } finally {
    client.disconnect();
  }
  return found;
}

async function withClient<Result>(server: RedisServer, act: (client: Redis) => Promise<Result>): Promise<Result> {
  const client = new Redis(server.url);
  try {
    return await act(client);
  } finally {
    client.disconnect();
  }
}

const plain = (...more: string[]): StartRedisOptions => ({ arguments: ["--repl-diskless-sync-delay", "0", ...more] });

it("says what the loss of a master would undo, and the commands by which it undoes less", async () => {
  await using master = await startRedis(plain());
  const at = `127.0.0.1:${master.port}`;
  const address = { redis: { url: master.url } };
  expect(await findings(master.url, address)).toEqual([]);
  const replicated = { ...address, durability: "replicated" } as const;
  expect(await findings(master.url, replicated)).toMatchObject([
    {
      verdict: "notable",
      text: expect.stringContaining(`${at} has 0 of the 1 replicas that MESSAGE_DURABILITY=replicated needs`),
      lines: [`${at}: replicas that follow it: 0`, expect.stringContaining("config set appendonly yes")],
    },
  ]);
  const follow = ["--replicaof", master.host, String(master.port)];
  const replicas = await Promise.all([startRedis(plain(...follow)), startRedis(plain(...follow))]);
  try {
    const online = async (): Promise<boolean> =>
      (await withClient(master, (client) => client.info("replication"))).split("state=online").length === 3;
    await eventually(online);
    await withClient(master, (client) => client.config("SET", "appendonly", "yes"));
    expect(await findings(master.url, replicated)).toMatchObject([
      {
        verdict: "notable",
        text: expect.stringContaining(`redis-cli -h 127.0.0.1 -p ${master.port} config set min-replicas-to-write 1`),
        lines: [expect.stringContaining("replicas that follow it: 2, the last of them")],
      },
    ]);
    await withClient(master, (client) => client.call("CONFIG", "SET", "min-replicas-to-write", "2"));
    expect((await findings(master.url, replicated))[0]?.text).toContain(
      "refuses every message while one of its replicas",
    );
    await withClient(master, (client) => client.call("CONFIG", "SET", "min-replicas-to-write", "1"));
    expect(await findings(master.url, replicated)).toMatchObject([
      { check: "failover", verdict: "good", text: "replicas and settings are as they should be" },
    ]);
    await withClient(master, (client) =>
      client.call("ACL", "SETUSER", "viewer", "on", "nopass", "~*", "+ping", "+info", "+client"),
    );
    expect(await findings(master.url.replace("//", "//viewer:any@"), replicated)).toMatchObject([
      { verdict: "good", lines: [expect.stringContaining("lacks the right +config|get")] },
    ]);
  } finally {
    await Promise.all(replicas.map((replica) => replica.stop()));
  }
});

it("asks each master of a cluster, and compares its time limit with the lease", async () => {
  await using node = await startRedis({ arguments: ["--cluster-enabled", "yes", "--appendonly", "yes"] });
  await withClient(node, (client) => client.call("CLUSTER", "ADDSLOTSRANGE", "0", "16383"));
  const nodes = [`127.0.0.1:${node.port}`];
  await eventually(
    () => withClient(node, (client) => client.call("CLUSTER", "INFO")),
    (info) => String(info).includes("cluster_state:ok"),
  );
  const [finding] = await findings(node.url, { redis: { cluster: { nodes } } });
  const told = [finding?.text, ...(finding?.lines ?? [])].join("\n");
  expect(told).toContain(`no replica follows ${nodes[0]}`);
  expect(told).toContain("config set cluster-require-full-coverage no");
  expect(told).toContain("set CONSUMER_LEASE to 19 or more, in every service, or");
  await node.kill();
  expect(await findings(node.url, { redis: { cluster: { nodes }, connectionTimeoutSeconds: 1 } })).toMatchObject([
    { check: "failover", verdict: "bad" },
  ]);
});
