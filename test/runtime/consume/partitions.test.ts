import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  handleCreateUser,
  type MessageContext,
  type Messaging,
  notifySuccess,
  onUserCreated,
  onUserDeleted,
  publishUserDeleted,
  sendCreateUser,
  subscribeNotifications,
  userCreated,
} from "../../../generated/index.js";
import { recordOf, type Topology } from "../../../runtime/broker/topology.js";
import { Operations } from "../../../runtime/operations/index.js";
import { leaseKey, shareKeys, topologyKey } from "../../../runtime/redis/keys.js";
import { member as change } from "../../../runtime/redis/lua/shares.js";
import { eventually } from "../../support/eventually.js";
import { MASTERS } from "../../support/on-cluster.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";
import { startTcpProxy } from "../../support/tcp-proxy.js";

const { redis, admin } = await useRedis();
const GROUP = "billing-workers";
const STREAMS = ["events", ...Array.from({ length: 7 }, (_, at) => `events:${at + 1}`)];
const SETTINGS = { service: "billing", leaseSeconds: 1, order: "entity", blockTimeMs: 200 } as const;
let opened: Messaging[];

beforeEach(async () => {
  await admin.flushall();
  opened = [];
  await partition({ version: 1, streams: STREAMS, retired: [] });
});
afterEach(async () => {
  await Promise.all(opened.map((each) => each.close()));
});

async function partition(topology: Topology): Promise<void> {
  await admin.hset(topologyKey("events"), recordOf(topology));
}

interface Handled {
  readonly entity: number;
  readonly sequence: number;
  readonly by: string;
  readonly partition: number | undefined;
  readonly fence: number | undefined;
}

/** A member of the group, that notes what it handles. */
async function member(
  handled: Handled[],
  settings: Parameters<typeof createService>[1] = {},
  place: { readonly url: string } = redis,
  options: Parameters<Messaging["start"]>[0] = {},
): Promise<Messaging> {
  const messaging = createService(place, { ...SETTINGS, ...settings });
  opened.push(messaging);
  onUserCreated(messaging, ({ entity_id: entity, after_data }, { consumer: by, partition, fence }) => {
    handled.push({ entity: Number(entity), sequence: Number(after_data.email.split("@")[0]), by, partition, fence });
  });
  await messaging.start(options);
  return messaging;
}

/** Who owns each partition now. */
async function owners(): Promise<readonly (string | null)[]> {
  return Promise.all(STREAMS.map((stream) => admin.hget(leaseKey(stream, GROUP), "owner")));
}

async function sharesOf(): Promise<readonly number[]> {
  const all = await owners();
  const names = new Set(all.filter((name) => name));
  return [...names].map((name) => all.filter((each) => each === name).length).sort();
}

async function publish(messaging: Messaging, from: number, rounds: number, entities = 20): Promise<void> {
  for (let round = from; round < from + rounds; round++) {
    await messaging.publishAll(
      userCreated,
      Array.from({ length: entities }, (_, at) => ({
        entity_id: at + 1,
        after_data: { email: `${round}@b.example` },
      })),
    );
  }
}

/** Whether each entity's messages were handled in their order, each once. */
function expectOrder(handled: readonly Handled[], rounds: number, entities = 20): void {
  for (let entity = 1; entity <= entities; entity++) {
    const sequence = handled.filter((each) => each.entity === entity).map((each) => each.sequence);
    expect(sequence).toEqual(Array.from({ length: rounds }, (_, at) => at));
  }
}

describe("a group that shares the partitions of a stream", () => {
  it("has one owner for each, hands them over as members come and go, and keeps the order of each entity", async () => {
    const handled: Handled[] = [];
    const first = await member(handled);
    await eventually(async () => expect(await sharesOf()).toEqual([8]));
    const publisher = createService(redis);
    opened.push(publisher);
    await publish(publisher, 0, 5);
    await member(handled);
    await publish(publisher, 5, 20);
    await eventually(async () => expect(await sharesOf()).toEqual([4, 4]));
    await member(handled);
    await publish(publisher, 25, 20);
    await eventually(async () => expect(await sharesOf()).toEqual([2, 3, 3]));
    await publish(publisher, 45, 5);
    await first.close();
    await publish(publisher, 50, 5);
    await eventually(async () => expect(await sharesOf()).toEqual([4, 4]));
    await eventually(() => expect(handled.length).toBeGreaterThanOrEqual(20 * 55));
    expectOrder(handled, 55);
    expect(new Set(handled.map(({ by }) => by)).size).toBe(3);
    for (const { partition, fence } of handled) {
      expect(partition).toBeLessThan(8);
      expect(fence).toBeGreaterThan(1e12);
    }
  });
});

it("reads without connections of their own what it may not open more for, and keeps places for all else", async () => {
  const handled: Handled[] = [];
  // Two more than are kept: to subscribe, to catch up, to find nodes, and three for each master.
  const maxConnections = 3 + 3 * MASTERS + 2;
  const messaging = await member(handled, { redis: { url: redis.url, maxConnections } });
  await eventually(async () => expect(await sharesOf()).toEqual([8]));
  await publish(messaging, 0, 4);
  const heard: string[] = [];
  await subscribeNotifications(messaging, { userId: 1 }, ({ title }) => void heard.push(title));
  await notifySuccess(messaging, { title: "all done", message: "m", target_user_id: 1 });
  await eventually(() => expect([handled.length, heard]).toEqual([20 * 4, ["all done"]]));
  expectOrder(handled, 4);
  const roles = [...String(await admin.client("LIST")).matchAll(/ name=billing:(\S+) /g)].map(([, role = ""]) => role);
  expect(roles.length).toBeLessThanOrEqual(maxConnections);
  expect(roles.filter((role) => role.startsWith("read:"))).toHaveLength(2);
});

it("a read by a past owner brings nothing and changes nothing; so does a settle", async () => {
  await using proxy = await startTcpProxy(redis);
  const handled: Handled[] = [];
  const slow = await member(handled, {}, proxy);
  await eventually(async () => expect(await sharesOf()).toEqual([8]));
  // What it sends from now on comes to Redis later.
  proxy.mode = "stall";
  const publisher = createService(redis);
  opened.push(publisher);
  await publish(publisher, 0, 3);
  await member(handled);
  await eventually(async () => expect(await sharesOf()).toEqual([8]), undefined, { withinMs: 20_000 });
  await eventually(() => expect(handled).toHaveLength(60));
  proxy.mode = "pass";
  await publish(publisher, 3, 3);
  // It takes part again, and none of its late reads has taken anything away.
  await eventually(async () => expect(await sharesOf()).toEqual([4, 4]), undefined, { withinMs: 20_000 });
  await publish(publisher, 6, 3);
  await eventually(() => expect(handled).toHaveLength(180));
  expectOrder(handled, 9);
  expect(slow.counts.overtaken).toBe(0);
});

it.each([
  ["over connections of their own", 100],
  ["over the shared one", 6],
])("a read of the owner's that comes late takes nothing: reads %s", async (_, maxConnections) => {
  await using proxy = await startTcpProxy(redis);
  const handled: Handled[] = [];
  const settings = { leaseSeconds: 30, redis: { url: proxy.url, socketTimeoutSeconds: 2, maxConnections } };
  const messaging = await member(handled, settings, proxy);
  await eventually(async () => expect(await sharesOf()).toEqual([8]));
  const publisher = createService(redis);
  opened.push(publisher);
  await publish(publisher, 0, 1);
  await eventually(() => expect(handled).toHaveLength(20));
  const readers = async (): Promise<readonly string[]> =>
    [...String(await admin.client("LIST")).matchAll(/^id=(\d+) .* name=billing:(?:read|settle)/gm)].map(
      ([, id = ""]) => id,
    );
  const former = await readers();
  const releaseFormer = proxy.holdRequests();
  // It gives the links up, and reads over new ones, which stall in their turn before they read what comes now.
  const isRenewed = async (): Promise<boolean> => (await readers()).length >= 2 * former.length;
  await eventually(isRenewed, undefined, { withinMs: 20_000 });
  await publish(publisher, 1, 1);
  await eventually(() => expect(handled).toHaveLength(40), undefined, { withinMs: 20_000 });
  const releaseLatter = proxy.holdRequests();
  await publish(publisher, 2, 1);
  releaseFormer();
  await eventually(async () => expect((await readers()).filter((id) => former.includes(id))).toEqual([]));
  await publish(publisher, 3, 1);
  releaseLatter();
  await eventually(() => expect(handled).toHaveLength(80), undefined, { withinMs: 20_000 });
  expectOrder(handled, 4);
  await messaging.close();
});

it("messages that fail are retried in order, become dead letters of their partition, and are redriven there", async () => {
  const handled: Handled[] = [];
  let isMended = false;
  const messaging = createService(redis, { ...SETTINGS, maxRetries: 1, retryDelaySeconds: 0.05 });
  opened.push(messaging);
  onUserCreated(
    messaging,
    ({ entity_id: entity, after_data }, { consumer: by, partition, fence, attempt, redelivered }) => {
      const sequence = Number(after_data.email.split("@")[0]);
      if (sequence === 0 && attempt === 1 && !redelivered) throw new Error("not yet");
      if (sequence === 1 && !isMended) throw new Error("never");
      handled.push({ entity: Number(entity), sequence, by, partition, fence });
    },
  );
  await messaging.start();
  await publish(messaging, 0, 3, 5);
  await eventually(() => expect(messaging.counts.deadLettered).toBe(5));
  await eventually(() => expect(handled).toHaveLength(10));
  for (let entity = 1; entity <= 5; entity++) {
    expect(handled.filter((each) => each.entity === entity).map(({ sequence }) => sequence)).toEqual([0, 2]);
  }
  isMended = true;
  await using operations = new Operations({ redis: { url: redis.url }, env: {}, service: "ada" });
  let redriven = 0;
  for (const stream of STREAMS) redriven += await operations.deadLetters.redriveAll(stream, { group: GROUP });
  expect(redriven).toBe(5);
  await eventually(() => expect(handled).toHaveLength(15));
});

it("a type that only some members handle comes to them, whoever owns its partition, and is skipped if there are none", async () => {
  const [created, deleted]: [Handled[], number[]] = [[], []];
  const first = await member(created);
  await eventually(async () => expect(await sharesOf()).toEqual([8]));
  await publishUserDeleted(first, { entity_id: 1 });
  await eventually(() => expect(first.counts.skipped).toBe(1));
  const other = createService(redis, SETTINGS);
  opened.push(other);
  onUserDeleted(other, ({ entity_id }) => void deleted.push(Number(entity_id)));
  await other.start();
  for (let entity = 2; entity <= 21; entity++) await publishUserDeleted(first, { entity_id: entity });
  await publish(first, 0, 2);
  await eventually(() => expect(deleted.length).toBeGreaterThanOrEqual(20));
  await eventually(() => expect(created.length).toBeGreaterThanOrEqual(40));
  expect(deleted.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 20 }, (_, at) => at + 2));
  expect(first.counts.skipped + other.counts.skipped).toBe(1);
});

it("commands are answered from their partitions, by whoever owns them", async () => {
  const commands = ["commands", "commands:1", "commands:2"];
  await admin.hset(topologyKey("commands"), recordOf({ version: 1, streams: commands, retired: [] }));
  const by = new Set<string>();
  for (let at = 0; at < 2; at++) {
    const messaging = createService(redis, { ...SETTINGS, service: "user-auth-service" });
    opened.push(messaging);
    handleCreateUser(messaging, ({ payload }, { consumer, stream }) => {
      by.add(`${consumer} ${stream}`);
      return { user_id: Number(payload.email.split("@")[0]) };
    });
    await messaging.start();
  }
  const asker = createService(redis);
  opened.push(asker);
  const ids = Array.from({ length: 30 }, (_, at) => at + 1);
  const answers = await Promise.all(
    ids.map((id) => sendCreateUser(asker, { email: `${id}@b.example` }, { timeoutSeconds: 20 })),
  );
  expect(answers.map(({ user_id }) => user_id)).toEqual(ids);
  expect(new Set([...by].map((each) => each.split(" ")[1]))).toEqual(new Set(commands));
});

it("a pause holds all partitions, and a group is retired from all of them", async () => {
  const handled: Handled[] = [];
  const messaging = await member(handled);
  await eventually(async () => expect(await sharesOf()).toEqual([8]));
  await using operations = new Operations({ redis: { url: redis.url }, env: {}, service: "ada", leaseSeconds: 1 });
  const isPartition = {
    code: "CONFIG_INVALID",
    message: expect.stringContaining("events:3 is a partition of events: name"),
  };
  const { groups } = operations;
  await expect(groups.pause("events:3", GROUP)).rejects.toMatchObject(isPartition);
  await expect(groups.resume("events:3", GROUP)).rejects.toMatchObject(isPartition);
  await expect(groups.retryNow("events:3", GROUP)).rejects.toMatchObject(isPartition);
  await expect(groups.retirePlan("events:3", GROUP)).rejects.toMatchObject(isPartition);
  await expect(groups.retire("events:3", GROUP, { force: true })).rejects.toMatchObject(isPartition);
  await expect(groups.paused("events:3")).rejects.toMatchObject(isPartition);
  await groups.pause("events", GROUP);
  await eventually(() => expect(messaging.counts.paused).toBeGreaterThan(0));
  await eventually(async () => {
    const held = await Promise.all(STREAMS.map((stream) => admin.hlen(`{${stream}}:paused:${GROUP}`)));
    // Who pauses it, and the member that heeds it.
    return expect(held).toEqual(STREAMS.map(() => 2));
  });
  await publish(messaging, 0, 2);
  expect(handled).toEqual([]);
  await operations.groups.resume("events", GROUP);
  await eventually(() => expect(handled).toHaveLength(40));
  await expect(operations.groups.retire("events", GROUP)).rejects.toThrow("lives");
  await messaging.close();
  await operations.groups.retire("events", GROUP, { force: true, deadLetters: "keep" });
  const left = (await admin.keys("*")).filter((key) => key.includes(GROUP));
  expect(left).toEqual([]);
});

it("what is held of a paused type is counted in all partitions", async () => {
  const handled: Handled[] = [];
  // With an order, nothing is parked.
  const messaging = await member(handled, { order: "none" });
  await eventually(async () => expect(await sharesOf()).toEqual([8]));
  await using operations = new Operations({ redis: { url: redis.url }, env: {}, service: "ada", leaseSeconds: 1 });
  await operations.groups.pause("events", GROUP, { type: "user.created" });
  await eventually(async () => {
    const held = await Promise.all(STREAMS.map((stream) => admin.hlen(`{${stream}}:paused:${GROUP}`)));
    return expect(held).toEqual(STREAMS.map(() => 2));
  });
  await publish(messaging, 0, 1);
  await eventually(async () =>
    expect([await operations.groups.paused("events"), handled.length]).toMatchObject([[{ held: 20 }], 0]),
  );
  expect(await operations.groups.paused()).toMatchObject([{ stream: "events", held: 20 }]);
});

it("leaves nothing behind when the last member has left but the epochs", async () => {
  const messaging = await member([]);
  await eventually(async () => expect(await sharesOf()).toEqual([8]));
  await messaging.close();
  const { members, plan } = shareKeys("events", GROUP);
  expect(await admin.exists(members, plan)).toBe(0);
  expect(await owners()).toEqual(STREAMS.map(() => ""));
});

it("a living owner's partition is not taken, however slow its handlers", async () => {
  const began: number[] = [];
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const slow = createService(redis, { ...SETTINGS, service: "billing" });
  opened.push(slow);
  onUserCreated(slow, async ({ entity_id }) => {
    began.push(Number(entity_id));
    await ended;
  });
  await slow.start();
  await eventually(async () => expect(await sharesOf()).toEqual([8]));
  await publish(slow, 0, 1);
  await eventually(() => expect(began).toHaveLength(20));
  const before = await owners();
  const [name = ""] = await admin.zrange(shareKeys("events", GROUP).members, "0", "-1");
  const handled: Handled[] = [];
  await member(handled);
  const { plan, members } = shareKeys("events", GROUP);
  // The other one is to have half of them, and looks for that more than a lease long.
  const planned = async (): Promise<number> =>
    new Set(Object.entries(await admin.hgetall(plan)).flatMap(([name, owner]) => (name.startsWith("=") ? [owner] : [])))
      .size;
  await eventually(async () => expect(await planned()).toBe(2));
  const beats = (): Promise<string | null> => admin.zscore(members, name);
  for (let beat = await beats(), count = 0; count < 12; count++) {
    await eventually(async () => (await beats()) !== beat);
    beat = await beats();
  }
  expect(await owners()).toEqual(before);
  expect(handled).toEqual([]);
  end();
  await eventually(async () => expect(await sharesOf()).toEqual([4, 4]), undefined, { withinMs: 20_000 });
  expect(began).toHaveLength(20);
});

describe("a member that lives", () => {
  it("frees a partition as soon as Redis lets it, though that failed at first", async () => {
    const troubles: string[] = [];
    const hooks = { trouble: ({ what }: { readonly what: string }) => void troubles.push(what) };
    const messaging = createService(redis, { ...SETTINGS, leaseSeconds: 30, hooks });
    opened.push(messaging);
    onUserCreated(messaging, () => {});
    await messaging.start();
    await eventually(async () => expect(await sharesOf()).toEqual([8]));
    const leases = STREAMS.map((stream) => leaseKey(stream, GROUP));
    for (const lease of leases) await admin.multi().rename(lease, `${lease}:kept`).set(lease, "of another type").exec();
    const { members, plan } = shareKeys("events", GROUP);
    await change.run(admin, [members, plan], ["beat", "other", 1, "", 1, ...STREAMS]);
    await eventually(() => expect(troubles.filter((each) => each.includes("releasing events"))).not.toEqual([]));
    for (const lease of leases) await admin.rename(`${lease}:kept`, lease);
    await eventually(async () => expect((await owners()).filter((owner) => owner === "")).toHaveLength(4));
  });

  it("frees a partition that it does not know to be its own when another claims it", async () => {
    await member([]);
    await member([]);
    await eventually(async () => expect(await sharesOf()).toEqual([4, 4]));
    const before = await owners();
    const other = before.find((owner) => owner !== before[3]) as string;
    // As a failover may undo what the present owner has written.
    await admin.hset(leaseKey("events:3", GROUP), { owner: other, epoch: 1 });
    await eventually(async () => expect(await owners()).toEqual(before), undefined, { withinMs: 20_000 });
  });

  it("is given a greater epoch when a failover has undone its lease, also by a clock that is behind", async () => {
    const lease = leaseKey("events:3", GROUP);
    const ahead = 900_000_000_000_000;
    await admin.hset(lease, { owner: "", epoch: ahead });
    await member([]);
    await eventually(async () => expect(await sharesOf()).toEqual([8]));
    expect(await admin.hget(lease, "epoch")).toBe(String(ahead + 1));
    await admin.hset(lease, { owner: "", epoch: 1 });
    await eventually(async () => expect(await admin.hget(lease, "owner")).not.toBe(""));
    expect(await admin.hget(lease, "epoch")).toBe(String(ahead + 2));
  });

  it("looks up a partition of a plan that another has made for more of them", async () => {
    const handled: Handled[] = [];
    const messaging = await member(handled);
    await eventually(async () => expect(await sharesOf()).toEqual([8]));
    const streams = [...STREAMS, "events:8"];
    await partition({ version: 2, streams, retired: [] });
    const { members, plan } = shareKeys("events", GROUP);
    await change.run(admin, [members, plan], ["beat", "other", 1, "", 2, ...streams]);
    await change.run(admin, [members, plan], ["leave", "other", "", "", 2, ...streams]);
    await eventually(async () => expect(await admin.hget(leaseKey("events:8", GROUP), "owner")).not.toBeNull());
    const publisher = createService(redis);
    opened.push(publisher);
    await publish(publisher, 0, 1);
    await eventually(() => expect(handled).toHaveLength(20));
    expect(new Set(handled.map((each) => each.partition))).toContain(8);
    expect(messaging.counts.handled).toBe(20);
  });

  it("reads all partitions but those in which its group cannot be created, and these as soon as it can", async () => {
    await admin.set("events:3", "of another type");
    const handled: Handled[] = [];
    const messaging = await member(handled, {}, redis, { requireRedis: true });
    await eventually(async () => expect(await sharesOf()).toEqual([8]));
    await admin.del("events:3");
    await publish(messaging, 0, 2);
    await eventually(() => expect(handled).toHaveLength(40));
  });
});

it("a message is buried in its partition: its handler ends, though the partition is already to be another's", async () => {
  const [messaging, began] = [createService(redis, SETTINGS), [] as MessageContext[]];
  opened.push(messaging);
  onUserCreated(messaging, (_, context) => {
    began.push(context);
    return new Promise(() => {});
  });
  await messaging.start();
  await eventually(async () => expect(await sharesOf()).toEqual([8]));
  await publish(messaging, 0, 1);
  await eventually(() => expect(began).toHaveLength(20));
  await member([]);
  await using operations = new Operations({ redis: { url: redis.url }, env: {}, service: "ada" });
  // An id is unique in its partition only.
  const first = began.filter(({ stream }) => stream === "events").map(({ entryId }) => entryId);
  const other = began.find(({ entryId }) => !first.includes(entryId)) as MessageContext;
  await expect(operations.groups.bury("events", GROUP, other.entryId)).rejects.toMatchObject({
    code: "ENTRY_SETTLED",
    message: expect.stringMatching(new RegExp(`^${other.entryId} is pending in the partition .*${other.stream}\\b`)),
  });
  for (const { stream, entryId } of began) await operations.groups.bury(stream, GROUP, entryId);
  await eventually(async () => expect(await sharesOf()).toEqual([4, 4]));
  await eventually(() => expect(began.map(({ signal }) => signal.reason?.code)).toEqual(began.map(() => "BURIED")));
});
