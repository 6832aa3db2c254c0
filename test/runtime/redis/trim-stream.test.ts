import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { onUserCreated, userCreated } from "../../../generated/index.js";
import { exampleUserCreated } from "../../../generated/testing.js";
import { paddedId } from "../../../runtime/broker/entry-id.js";
import { contractOf } from "../../../runtime/contract/contract.js";
import { type DeadLetter, Operations } from "../../../runtime/operations/index.js";
import { streamKeys } from "../../../runtime/redis/keys.js";
import { trimStream } from "../../../runtime/redis/trim-stream.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";
import { fillEvents } from "../../support/stream.js";

const group = "test-service-workers";
const keys = streamKeys("events", group);
const HOUR_MS = 3_600_000;

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

/** Adds entries of these ids, which a group has acknowledged. */
async function acknowledged(ids: readonly string[]): Promise<void> {
  await admin.xgroup("CREATE", "events", "g", "0", "MKSTREAM");
  const adding = admin.pipeline();
  for (const id of ids) adding.xadd("events", id, "event_type", "user.created");
  await adding.exec();
  await admin.xreadgroup("GROUP", "g", "me", "COUNT", ids.length, "STREAMS", "events", ">");
  for (let at = 0; at < ids.length; at += 1000) await admin.xack("events", "g", ...ids.slice(at, at + 1000));
}

/** Adds a dead letter that refers to an entry. */
async function refer(entry: string, letter: string, state: "open" | "settled" | "gone" = "open"): Promise<void> {
  if (state !== "gone") await admin.xadd(keys.dead, letter, "group", "g", "kept_bytes", "5000000");
  if (state === "settled") await admin.hset(keys.settled, letter, "{}");
  await admin.zadd(keys.oversized, 0, paddedId(entry) + paddedId(letter));
}

async function trimmed(most = 1_000_000, policy = ""): ReturnType<typeof trimStream> {
  await admin.del(keys.trimming);
  return trimStream(admin, keys, ["{events}:", ":", HOUR_MS, most, 1000, 60_000, policy]);
}
const left = async (): Promise<string[]> => (await admin.xrange("events", "-", "+")).map(([id]) => id);
const referred = async (): Promise<string[]> => admin.zrange(keys.oversized, "0", "-1");
const upTo = (count: number): string[] => Array.from({ length: count }, (_, at) => `${at + 1}-0`);

describe("trimming a stream to whose entries dead letters refer", () => {
  it("removes everything else that is too old, in parts, and reports it", async () => {
    await acknowledged(upTo(1000));
    for (const [at, id] of ["1-0", "300-0", "301-0", "1000-0"].entries()) await refer(id, `${9000 + at}-0`);
    const late = (await admin.xadd("events", "*", "event_type", "user.created")) as string;

    expect(await trimmed()).toMatchObject({ removed: 996, length: 5 });
    expect(await left()).toEqual(["1-0", "300-0", "301-0", "1000-0", late]);
    expect(await admin.hget(keys.retention, "gone")).toBe("996");
    // What it removed itself is not taken for what others removed.
    await admin.xgroup("CREATE", "events", "late", "0");
    expect(await trimmed()).toMatchObject({ removed: 0, length: 5, missed: [] });
  });

  it("leaves the entry before the first of them, so that what asks for the first entry of the stream reads a small one", async () => {
    await acknowledged(upTo(100));
    await refer("50-0", "9001-0");
    expect(await trimmed()).toMatchObject({ removed: 98, length: 2 });
    expect(await left()).toEqual(["49-0", "50-0"]);
    const late = (await admin.xadd("events", "*", "event_type", "user.created")) as string;
    await refer(late, "9002-0");
    await admin.hset(keys.settled, "9001-0", "{}");
    expect(await trimmed()).toMatchObject({ removed: 1, length: 2 });
    expect(await left()).toEqual(["49-0", late]);
  });

  it("removes an entry when the last letter that refers to it is settled or gone", async () => {
    await acknowledged(upTo(9));
    await refer("2-0", "9001-0", "settled");
    await refer("4-0", "9002-0", "gone");
    await refer("6-0", "9003-0");
    await refer("6-0", "9004-0", "settled");
    await refer("8-0", "9005-0", "gone");
    await refer("8-0", "9006-0");
    expect(await trimmed()).toMatchObject({ removed: 6, length: 3 });
    expect(await left()).toEqual(["5-0", "6-0", "8-0"]);
    expect(await referred()).toEqual([paddedId("6-0") + paddedId("9003-0"), paddedId("8-0") + paddedId("9006-0")]);

    await admin.hset(keys.settled, "9003-0", "{}");
    await admin.xdel(keys.dead, "9006-0");
    expect(await trimmed()).toMatchObject({ removed: 3, length: 0 });
    expect(await referred()).toEqual([]);
  });

  it("forgets a reference that does not hold, also of an entry that is not too old, and nothing else with it", async () => {
    await acknowledged(upTo(3));
    const add = async (): Promise<string> => (await admin.xadd("events", "*", "event_type", "user.created")) as string;
    const [settled, open, gone] = [await add(), await add(), await add()];
    await refer("3-0", "9001-0");
    await refer(settled, "9002-0", "settled");
    await refer(open, "9003-0");
    await refer(gone, "9004-0", "gone");
    expect(await trimmed()).toMatchObject({ removed: 1, length: 5 });
    expect(await left()).toEqual(["2-0", "3-0", settled, open, gone]);
    expect(await referred()).toEqual([paddedId("3-0") + paddedId("9001-0"), paddedId(open) + paddedId("9003-0")]);
  });

  it("keeps what a group has not acknowledged, between such entries and behind them", async () => {
    await acknowledged(upTo(3));
    await refer("1-0", "9001-0");
    await refer("6-0", "9002-0");
    for (const id of ["4-0", "5-0", "6-0"]) await admin.xadd("events", id, "event_type", "user.created");
    await admin.xreadgroup("GROUP", "g", "me", "COUNT", 1, "STREAMS", "events", ">");
    await trimmed();
    expect(await left()).toEqual(["1-0", "4-0", "5-0", "6-0"]);
  });

  it("goes on bounding its length", async () => {
    const now = Date.now();
    const ids = Array.from({ length: 3000 }, (_, at) => `${now}-${at}`);
    await acknowledged(ids.slice(0, 1000));
    await refer(ids[10] as string, "9001-0");
    await trimmed(1000);
    for (let from = 1000; from < 3000; from += 100) {
      const adding = admin.pipeline();
      for (const id of ids.slice(from, from + 100)) adding.xadd("events", id, "event_type", "user.created");
      await adding.exec();
      await admin.xreadgroup("GROUP", "g", "me", "COUNT", 100, "STREAMS", "events", ">");
      await admin.xack("events", "g", ...ids.slice(from, from + 100));
      await trimmed(1000);
    }
    expect(await left()).toEqual([ids[9], ids[10], ...ids.slice(-1000)]);
  });

  it("drops a bad reference alone, whatever it holds", async () => {
    await acknowledged(upTo(5));
    await refer("2-0", "9001-0");
    const bad = ["", "junk", "9".repeat(80), "0".repeat(79), "\n".repeat(80)];
    await admin.zadd(keys.oversized, ...bad.flatMap((member) => [0, member]), -5, `${"0".repeat(80)}`, 7, "later");
    await trimmed();
    expect(await left()).toEqual(["1-0", "2-0"]);
    expect(await referred()).toEqual([paddedId("2-0") + paddedId("9001-0")]);
  });

  it("destroys no group that nothing waits for", async () => {
    await acknowledged(upTo(3));
    await refer("1-0", "9001-0");
    await admin.xgroup("DELCONSUMER", "events", "g", "me");
    await trimmed();
    await admin.hset("{events}:floor:g", "served", 1);
    expect(await trimmed(10, "expire-group")).toMatchObject({ expired: [], unserved: [] });
    await admin.xadd("events", "4-0", "event_type", "user.created");
    expect(await trimmed(10, "expire-group")).toMatchObject({ expired: ["g"] });
  });

  it("forgets the references with the stream", async () => {
    await acknowledged(upTo(3));
    await refer("1-0", "9001-0");
    await admin.del("events");
    expect(await trimmed()).toBeUndefined();
    expect(await referred()).toEqual([]);
  });
});

it("an entry that is too large stays in a stream that is trimmed until its letter is settled, for each group", async () => {
  const options = { maxMessageBytes: 2000, trimIntervalSeconds: 0.05, streamMaxLength: 50 };
  const services = ["one", "two"].map((service) => createService(redis, { ...options, service }));
  onTestFinished(async () => void (await Promise.all(services.map((each) => each.close()))));
  for (const service of services) onUserCreated(service, () => {});
  await Promise.all(services.map((each) => each.start()));
  const operations = new Operations({ env: {}, redis: { url: redis.url } });
  onTestFinished(() => operations[Symbol.asyncDispose]());
  const text = "x".repeat(5000);
  const large = contractOf(userCreated).write({ ...exampleUserCreated(), metadata: { text } }, "fields");
  const id = (await admin.xadd("events", "*", ...large)) as string;
  await fillEvents(admin, 500);
  const handled = (): boolean => services.every(({ counts }) => counts.handled === 500 && counts.deadLettered === 1);
  await eventually(handled);
  await eventually(
    () => admin.xlen("events"),
    (length) => length <= 53,
  );
  expect((await left())[0]).toBe(id);

  const letters: DeadLetter[] = [];
  for await (const letter of operations.deadLetters.list("events")) letters.push(letter);
  const [first, second] = letters as [DeadLetter, DeadLetter];
  expect([first.group, second.group].toSorted()).toEqual(["one-workers", "two-workers"]);
  await operations.deadLetters.discard("events", first.id, "not needed");
  await eventually(
    () => admin.zcard(keys.oversized),
    (count) => count === 1,
  );
  expect((await left())[0]).toBe(id);
  await operations.deadLetters.discard("events", second.id, "not needed");
  await eventually(async () => (await left())[0] !== id);
  expect(await admin.exists(keys.oversized)).toBe(0);
});
