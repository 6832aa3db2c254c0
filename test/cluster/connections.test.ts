import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  handleCreateUser,
  notifySuccess,
  onUserCreated,
  publishHealthReport,
  publishUserCreated,
  sendCreateUser,
  subscribeNotifications,
} from "../../generated/index.js";
import { type RedisServer, startRedis } from "../../runtime/testing/redis/index.js";
import { type RedisCluster, startCluster } from "../support/cluster.js";
import { onNode } from "../support/cluster-node.js";
import { eventually } from "../support/eventually.js";
import { createService } from "../support/service.js";

let cluster: RedisCluster;
let single: RedisServer;
beforeAll(async () => {
  [cluster, single] = await Promise.all([startCluster(), startRedis()]);
});
afterAll(async () => {
  await Promise.all([cluster.stop(), single.stop()]);
});
beforeEach(() => cluster.flush());

const event = { entity_id: 1, after_data: { email: "a@b.cd" } };
const note = { title: "done", message: "m", target_user_id: 1 };

/** What a service's connections are for, over all nodes. */
async function rolesOf(service: string): Promise<readonly string[]> {
  const lists = await Promise.all(
    cluster.nodes.map((node) => onNode(node, async (client) => String(await client.call("CLIENT", "LIST")))),
  );
  const names = lists.join("\n").matchAll(new RegExp(` name=${service}:(\\S+) `, "g"));
  return [...names].map(([, role = ""]) => role).sort();
}

describe("a service on a cluster", () => {
  it("has a connection for each master whose streams it uses, for each stream that it reads, and one that subscribes", async () => {
    await using service = createService({}, { service: "api-gateway", redis: cluster.address });
    onUserCreated(service, () => {});
    handleCreateUser(service, () => ({ user_id: 7 }));
    await service.start();
    await publishUserCreated(service, event);
    await sendCreateUser(service, { email: "a@b.cd" }, { targetService: "api-gateway" });

    // Events and commands are with two masters.
    const both = (role: string): readonly string[] => [role, role];
    const expected = [...both("heartbeat"), ...both("publish"), "read:commands", "read:events"];
    await eventually(
      () => rolesOf("api-gateway"),
      (roles) => roles.length === 9,
    );
    expect(await rolesOf("api-gateway")).toEqual([...expected, ...both("settle"), "subscribe"]);
  });

  it.each(["before", "after"] as const)(
    "opens no more connections than it may when it subscribes %s it has published to every master",
    async (when) => {
      const redis = { ...cluster.address, maxConnections: 3 };
      await using service = createService({}, { service: `bounded-${when}`, redis });
      const calls = [
        () => publishUserCreated(service, event),
        () => notifySuccess(service, note),
        () => publishHealthReport(service, { status: "healthy" }),
      ];
      const subscribe = (): Promise<unknown> => subscribeNotifications(service, { userId: 1 }, () => {});
      const all = when === "before" ? [subscribe, ...calls] : [...calls, subscribe];
      const last = all.pop() as () => Promise<unknown>;
      for (const call of all) await call();

      const tooMany = { code: "CONFIG_INVALID", message: expect.stringContaining("REDIS_MAX_CONNECTIONS is 3") };
      await expect(last()).rejects.toMatchObject(tooMany);
      expect(await rolesOf(`bounded-${when}`)).toHaveLength(3);
    },
  );
});

/** How often each command was run, also by scripts. */
async function callsOn(nodes: readonly RedisServer[]): Promise<Readonly<Record<string, number>>> {
  const texts = await Promise.all(nodes.map((node) => onNode(node, (client) => client.info("commandstats"))));
  const calls: Record<string, number> = {};
  for (const [, name = "", count] of texts.join("\n").matchAll(/cmdstat_(\S+?):calls=(\d+)/g)) {
    calls[name] = (calls[name] ?? 0) + Number(count);
  }
  return calls;
}

/** What each message takes; the rest is done now and then. */
const COUNTED = ["xadd", "xreadgroup", "xack", "get", "set", "publish"];
const MESSAGES = 10;
const ROUNDS = 3;

/** The calls for so many messages, one after another. What runs now and then is in no more than some of the rounds. */
async function costOn(nodes: readonly RedisServer[], redis: object): Promise<Readonly<Record<string, number>>> {
  // What a member does all the time is done seldom.
  const seldom = { leaseSeconds: 600, trimIntervalSeconds: 600, blockTimeMs: 5000 };
  await using service = createService({}, { ...seldom, service: "billing", redis });
  let handled = 0;
  onUserCreated(service, () => void handled++);
  await service.start();
  let fewest: Record<string, number> | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    const before = await callsOn(nodes);
    for (let at = 0; at < MESSAGES; at++) {
      const wanted = handled + 1;
      await publishUserCreated(service, event);
      await eventually(() => handled === wanted, Boolean, { everyMs: 1 });
      await eventually(async () => ((await service.health()).details.streams["events"]?.pending ?? 1) === 0);
    }
    const after = await callsOn(nodes);
    const calls = COUNTED.map((name) => [name, (after[name] ?? 0) - (before[name] ?? 0)] as const);
    fewest = Object.fromEntries(calls.map(([name, count]) => [name, Math.min(count, fewest?.[name] ?? count)]));
  }
  return fewest as Record<string, number>;
}

it("a message takes the same commands on a cluster as on one Redis", async () => {
  const onOne = await costOn([single], { url: single.url });
  expect(onOne).toMatchObject({ xadd: MESSAGES, xreadgroup: MESSAGES, xack: MESSAGES });
  expect(await costOn(cluster.nodes, cluster.address)).toEqual(onOne);
}, 120_000);
