import { afterEach, describe, expect, it } from "vitest";
import {
  createUser,
  onUserCreated,
  publishUserCreated,
  sendCreateUser,
  userCreated,
} from "../../../generated/index.js";
import { partitionOf } from "../../../runtime/broker/partition.js";
import { recordOf } from "../../../runtime/broker/topology.js";
import { topologyKey } from "../../../runtime/redis/keys.js";
import { eventually } from "../../support/eventually.js";
import { startFakeNode } from "../../support/fake-node.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

const event = (id: number): { entity_id: number; after_data: { email: string } } => ({
  entity_id: id,
  after_data: { email: "ada@example.com" },
});

/** Partitions a stream, as an operator would. */
async function partition(stream: string, streams: readonly string[]): Promise<void> {
  await admin.hset(topologyKey(stream), recordOf({ version: 1, streams, retired: [] }));
}

describe("publishing to a stream with partitions", () => {
  const streams = ["events", "events:1", "events:2", "events:3"];

  it("puts all messages of an entity into one of them, in their order, and says into which", async () => {
    await partition("events", streams);
    await using messaging = createService(redis);
    const first = publishUserCreated(messaging, event(7));
    const all = messaging.publishAll(
      userCreated,
      Array.from({ length: 40 }, (_, at) => event(at + 1)),
    );
    await first;
    const published = await all;
    const last = await publishUserCreated(messaging, event(7));
    const place = streams[partitionOf("user:7", 4)] as string;
    expect([await first, published[6], last].map((each) => each?.stream)).toEqual([place, place, place]);
    for (const [at, each] of published.entries()) expect(each.stream).toBe(streams[partitionOf(`user:${at + 1}`, 4)]);
    const ids = (await admin.xrange(place, "-", "+")).map(([id]) => id);
    expect([(await first).entryId, published[6]?.entryId, last.entryId].map((id) => ids.indexOf(id as string))).toEqual(
      [0, 1 + published.filter(({ stream }, at) => stream === place && at < 6).length, ids.length - 1],
    );
    expect(new Set(published.map((each) => each.stream)).size).toBe(4);
  });

  it("follows the key that is given, and stores once what is repeated with it", async () => {
    await partition("events", streams);
    await using messaging = createService(redis);
    const options = { id: "0c352b96-8628-4933-bfaf-959ce68e851e", once: true, key: "order 5" };
    const [one, again] = [
      await publishUserCreated(messaging, event(1), options),
      await publishUserCreated(messaging, event(2), options),
    ];
    expect(one).toEqual(again);
    expect(one.stream).toBe(streams[partitionOf("order 5", 4)]);
    await expect(publishUserCreated(messaging, event(1), { key: "" })).rejects.toThrow("key must be a text");
  });

  it("begins within a look when they are made, and goes on when the record is spoilt, which is told once", async () => {
    const troubles: string[] = [];
    const hooks = { trouble: ({ what }: { what: string }) => void troubles.push(what) };
    await using messaging = createService(redis, { hooks });
    expect((await publishUserCreated(messaging, event(7))).stream).toBe("events");
    await partition("events", streams);
    await admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    const place = streams[partitionOf("user:7", 4)];
    await eventually(async () => (await publishUserCreated(messaging, event(7))).stream === place);
    await admin.set(topologyKey("events"), "spoilt");
    await admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    await eventually(() => troubles.some((what) => what.startsWith("reading the partitions")));
    expect((await publishUserCreated(messaging, event(7))).stream).toBe(place);
  });

  it("costs a stream that has none no command more for a message", async () => {
    await using messaging = createService(redis);
    await publishUserCreated(messaging, event(1));
    const before = await commandCalls();
    for (let at = 0; at < 20; at++) await publishUserCreated(messaging, event(at + 1));
    const after = await commandCalls();
    expect(Object.fromEntries(Object.entries(after).filter(([name, calls]) => calls !== before[name]))).toEqual({
      xadd: (before["xadd"] ?? 0) + 20,
      info: expect.any(Number),
    });
    expect(await admin.keys("*")).toEqual(["events"]);
  });
});

it("with one partition the wire is what it was: same names, same entries", async () => {
  const options = { id: "0c352b96-8628-4933-bfaf-959ce68e851e", correlationId: "0c352b96-8628-4933-bfaf-959ce68e851e" };
  const written = async (): Promise<unknown> => {
    await using messaging = createService(redis, { service: "billing" });
    onUserCreated(messaging, () => {});
    await messaging.start();
    await publishUserCreated(messaging, event(7), options);
    await eventually(() => messaging.counts.handled === 1);
    const fields = (await admin.xrange("events", "-", "+")).map(([, entry]) =>
      entry.map((text) => text.replace(/^2\d{3}-.+Z$/, "now")),
    );
    const names = (await admin.keys("*")).filter((key) => key !== topologyKey("events"));
    const groups = ((await admin.xinfo("GROUPS", "events")) as unknown[][]).map((group) => group[1]);
    return { fields, names: names.toSorted(), groups };
  };
  const plain = await written();
  await admin.flushall();
  await partition("events", ["events"]);
  expect(await written()).toEqual(plain);
});

it("finds the answer to a command in the partition of the command", async () => {
  await partition("commands", ["commands", "commands:1", "commands:2"]);
  await using messaging = createService(redis);
  const asked = sendCreateUser(messaging, { email: "ada@example.com" }, { timeoutSeconds: 20 });
  const streams = ["commands", "commands:1", "commands:2"];
  const stream = await eventually(async () => {
    const lengths = await Promise.all(streams.map((name) => admin.xlen(name)));
    return streams[lengths.indexOf(1)];
  });
  const [[, fields] = []] = await admin.xrange(stream as string, "-", "+");
  const id = (fields as string[])[(fields as string[]).indexOf("id") + 1] as string;
  expect(stream).toBe(streams[partitionOf(id, 3)]);
  const answer = { command_id: id, success: true, result: { user_id: 5 } };
  await admin.set(`{${stream}}:answer:${id}`, JSON.stringify(answer));
  await admin.call("CLIENT", "KILL", "TYPE", "pubsub");
  await expect(asked).resolves.toMatchObject({ user_id: 5 });
  expect(createUser.kind).toBe("command");
});

async function commandCalls(): Promise<Record<string, number>> {
  const text = await admin.info("commandstats");
  return Object.fromEntries(
    [...text.matchAll(/cmdstat_(\w+):calls=(\d+)/g)].map(([, name, calls]) => [name, Number(calls)]),
  );
}

it("a messaging closes while a first publish waits for the partitions of a stream whose slot no master serves", async () => {
  await using node = await startFakeNode();
  node.slots = [[0, 8191, { host: node.host, port: node.port }]];
  const nodes = [`${node.host}:${node.port}`];
  const messaging = createService(redis, { redis: { cluster: { nodes }, connectionTimeoutSeconds: 600 } });
  const publishing = publishUserCreated(messaging, { entity_id: 1, after_data: { email: "a@b.example" } });
  const refused = expect(publishing).rejects.toMatchObject({ code: "REDIS_UNAVAILABLE" });
  await messaging.close();
  await refused;
});
