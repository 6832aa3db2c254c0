import fc from "fast-check";
import { expect, it } from "vitest";
import { globOf } from "../../../runtime/broker/glob.js";
import { useRedis } from "../../support/redis.js";
import { runs } from "../../support/runs.js";

const { admin } = await useRedis();

const pattern = fc
  .array(fc.constantFrom("a", "b", "c", "é", ":", "*", "?", "[", "]", "^", "-", "\\", "[a-c]", "[^b]"), {
    maxLength: 8,
  })
  .map((parts) => parts.join(""));
const text = fc.array(fc.constantFrom("a", "b", "c", "é", ":", "-", "]", "^", "\\"), { minLength: 1, maxLength: 6 });

it("a pattern matches what it matches for Redis", async () => {
  await fc.assert(
    fc.asyncProperty(pattern, text, async (glob, parts) => {
      const key = parts.join("");
      const [, , found] = (await admin.multi().flushall().set(key, 1).keys(glob).exec()) as [unknown, string[]][];
      expect([glob, key, globOf(glob)(key)]).toEqual([glob, key, found?.[1].includes(key)]);
    }),
    runs(2000),
  );
});

it("a pattern of many stars takes no more steps than its length times that of the text", () => {
  expect(globOf(`${"*a".repeat(50)}*b`)("a".repeat(20_000))).toBe(false);
  expect(globOf(`${"*a".repeat(50)}*`)("a".repeat(20_000))).toBe(true);
});
