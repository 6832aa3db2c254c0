import { beforeEach, expect, it } from "vitest";
import { streamKeys } from "../../../../runtime/redis/keys.js";
import { handoverMember, takeHandedOver } from "../../../../runtime/redis/lua/handover.js";
import { readSome } from "../../../../runtime/redis/lua/read.js";
import { release } from "../../../../runtime/redis/lua/retry.js";
import { fetch, reap } from "../../../../runtime/redis/lua/takeover.js";
import { useRedis } from "../../../support/redis.js";

const { admin } = await useRedis();
const keys = streamKeys("events", "g");

const SHORT = ["event_type", "mine", "id", "7"];
const LARGE = ["event_type", "mine", "text", "x".repeat(2000), "n".repeat(201), "", "id", "7"];
const SIZE = LARGE.join("").length;
/** As many short fields as there may be, and two more, and behind them the type. */
const MANY = [...Array.from({ length: 2 * 66 }, (_, at) => `${at}`.padEnd(20)), ...SHORT];
const MANY_READ = [...MANY.slice(0, 128), "event_type", "mine"];

beforeEach(async () => {
  await admin.flushall();
  await admin.xgroup("CREATE", "events", "g", "0", "MKSTREAM");
  await admin.xadd("events", "1-0", ...SHORT);
  await admin.xadd("events", "2-0", ...LARGE);
  await admin.xadd("events", "3-0", ...MANY);
});

/** Has all of them pending for a consumer. */
async function pending(by: string): Promise<void> {
  await admin.xreadgroup("GROUP", "g", by, "STREAMS", "events", ">");
}
const entries = (attempt: number, deaths: number): unknown => [
  ["1-0", SHORT, attempt, deaths, 0],
  ["2-0", SHORT, attempt, deaths, SIZE],
  ["3-0", MANY_READ, attempt, deaths, 2657],
];
const IDS = ["1-0", "2-0", "3-0"];

it.each<[string, () => Promise<unknown>, unknown]>([
  ["is read", () => readSome.run(admin, ["events"], ["g", "me", 10, 1e6, 1000]), entries(1, 0)],
  [
    "is due",
    async () => {
      await pending("parked");
      await admin.zadd(keys.retry, ...IDS.flatMap((id) => [1, id]));
      const { stream, retry, errors, types, handover, held, paused } = keys;
      const scriptKeys = [stream, retry, errors, types, handover, held, paused];
      return (await release.run(admin, scriptKeys, ["g", "me", 10, 1e6, 1000, 0]))[0];
    },
    entries(2, 1),
  ],
  [
    "is fetched",
    async () => {
      await pending("me");
      const wanted = IDS.flatMap((id) => [id, 1, ""]);
      return (await fetch.run(admin, [keys.stream, keys.errors], ["g", "me", 1e6, 1000, ...wanted]))[0];
    },
    entries(1, 0),
  ],
  [
    "was handed over",
    async () => {
      await pending("handover");
      const members = IDS.map((id) => handoverMember({ id, type: "mine", isSuspect: false }));
      await admin.zadd(keys.handover, ...members.flatMap((member) => [0, member]));
      await admin.hset(keys.types, "version", "v1", "me", '\n"mine"\n');
      const scriptKeys = [keys.stream, keys.errors, keys.types, keys.handover];
      return (await takeHandedOver.run(admin, scriptKeys, ["g", "me", 10, 10, 1e6, 1000]))[0];
    },
    entries(2, 0),
  ],
  [
    "is taken over with its fields",
    async () => {
      await pending("dead");
      await admin.zadd(keys.alive, 1, "dead");
      const scriptKeys = [keys.stream, keys.alive, keys.types, keys.errors];
      return reap.run(admin, scriptKeys, ["g", "me", "dead", "1", 10, "v1", 1e6, 1000]);
    },
    [
      ["1-0", SHORT, 2, 0],
      ["2-0", SHORT, 2, 0],
      ["3-0", MANY_READ, 2, 0],
    ],
  ],
])("no more than the short fields leave Redis of an entry that is too large, and %s", async (_, take, expected) => {
  expect(await take()).toEqual(expected);
});
