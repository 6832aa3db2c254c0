import { beforeEach, expect, test } from "vitest";
import { slotOf } from "../../../runtime/broker/slot.js";
import type { Transfer } from "../../../runtime/broker/transfer.js";
import { readConfig } from "../../../runtime/config/config.js";
import { Connection } from "../../../runtime/redis/connection.js";
import { transferEntries } from "../../../runtime/redis/transfer-entries.js";
import { systemClock } from "../../../runtime/time/clock.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";

const { redis, admin } = await useRedis();
beforeEach(() => admin.flushall());

const entries = (count: number, from = 1): Transfer["entries"] =>
  Array.from({ length: count }, (_, at) => ({
    ...{ entry: ["n", String(from + at)], messageId: `m${from + at}`, announced: undefined, key: undefined },
  }));

async function transferred(list: Transfer["entries"], url = redis.url) {
  const { redis: config } = readConfig(
    { service: "test", redis: { url, connectionTimeoutSeconds: 0.5 } },
    "fields",
    {},
  );
  const connection = new Connection(config, "test", "publish", systemClock, slotOf("events"));
  try {
    return await transferEntries(connection, { stream: "events", entries: list, onceWindowMs: 60_000 });
  } finally {
    connection.close();
  }
}

/** What the stream holds, in its order. */
async function stored(): Promise<string[]> {
  return (await admin.xrange("events", "-", "+")).map(([, fields]) => fields[1] as string);
}

test("adds entries in their order, each once, and tells the ids of all, also of a repeat", async () => {
  const first = await transferred(entries(300));
  expect(first.refusal).toBeUndefined();
  expect(await stored()).toEqual(entries(300).map(({ entry }) => entry[1]));
  const again = await transferred(entries(310));
  expect(again.entryIds.slice(0, 300)).toEqual(first.entryIds);
  expect(await admin.xlen("events")).toBe(310);

  // What was recorded of a stream that is gone does not count.
  await admin.del("events");
  await transferred(entries(2));
  expect(await stored()).toEqual(["1", "2"]);
});

test("announces a notification with the id of its entry, once", async () => {
  const heard: string[] = [];
  const ear = admin.duplicate();
  await ear.subscribe("channel");
  ear.on("message", (_, text) => heard.push(text));
  const announced = { channel: "channel", json: '{"title":"Welcome"}' };
  const list = entries(3).map((each) => ({ ...each, announced }));
  const { entryIds } = await transferred(list);
  await transferred(list);
  // From another master of a cluster they come later.
  await eventually(() => heard.length >= list.length);
  await admin.ping();
  await ear.ping();
  ear.disconnect();
  expect(heard.map((text) => JSON.parse(text))).toEqual(entryIds.map((entry_id) => ({ entry_id, title: "Welcome" })));
});

test("stores none behind one that is refused, and says whether that can change", async () => {
  await admin.xadd("events", "18446744073709551615-18446744073709551613", "n", "0");
  const full = await transferred(entries(5));
  expect(full.entryIds).toHaveLength(2);
  expect(full.refusal).toMatchObject({ isForGood: false, error: { message: expect.stringContaining("rename it") } });
  expect(await stored()).toEqual(["0", "1", "2"]);

  await admin.del("events");
  await admin.config("SET", "proto-max-bulk-len", "1048576");
  const list = entries(3).map((each, at) => (at === 1 ? { ...each, entry: ["n", "x".repeat(1_100_000)] } : each));
  const tooLong = await transferred(list);
  await admin.config("SET", "proto-max-bulk-len", "536870912");
  expect(tooLong.entryIds).toHaveLength(1);
  expect(tooLong.refusal).toMatchObject({
    isForGood: true,
    error: { code: "PUBLISH_FAILED", message: expect.stringContaining("Redis takes 1048576") },
  });
  expect(await stored()).toEqual(["1"]);

  await admin.del("events");
  await admin.set("events", "no stream");
  expect(await transferred(entries(1))).toMatchObject({ entryIds: [], refusal: { isForGood: false } });
  const away = await transferred(entries(1), "redis://127.0.0.1:1");
  expect(away).toMatchObject({ entryIds: [], refusal: { isForGood: false, error: { code: "REDIS_UNAVAILABLE" } } });
}, 30_000);
