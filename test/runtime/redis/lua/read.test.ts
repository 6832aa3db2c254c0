import { afterEach, expect, it } from "vitest";
import { page, readSome } from "../../../../runtime/redis/lua/read.js";
import { useRedis } from "../../../support/redis.js";

const { admin } = await useRedis();
afterEach(() => admin.flushall());

/** Adds entries of so many bytes each. */
async function add(lengths: readonly number[]): Promise<void> {
  for (const [at, length] of lengths.entries()) await admin.xadd("events", `${at + 1}-0`, "f", "x".repeat(length - 1));
  await admin.xgroup("CREATE", "events", "g", "0");
}

it.each([
  ["as many as fit", [400, 400, 400, 400], 1000, [3, 1]],
  ["one in any case", [5000, 5000], 1000, [1, 1]],
  ["a long one after short ones, and none behind it", [10, 10, 5000, 10], 1000, [3, 1]],
  ["no more than asked for", [1, 1, 1, 1, 1, 1], 1000, [4, 2]],
])("entries are delivered until they are so many bytes: %s", async (_, lengths, most, expected) => {
  await add(lengths);
  for (const count of expected)
    expect(await readSome.run(admin, ["events"], ["g", "me", 4, most, 10_000])).toHaveLength(count);
  expect(await readSome.run(admin, ["events"], ["g", "me", 4, most, 10_000])).toEqual([]);
  const [first, more] = await page.run(admin, ["events"], ["-", "+", 4, most, 10_000, ""]);
  expect([first.length, more]).toEqual([expected[0], 1]);
  expect(await page.run(admin, ["events"], [`(${lengths.length}-0`, "+", 4, most, 10_000, ""])).toEqual([[], 0]);
  const [last] = await page.run(admin, ["events"], ["-", "+", 1, most, 10_000, "newest"]);
  expect(String(last[0]?.[0])).toBe(`${lengths.length}-0`);
});
