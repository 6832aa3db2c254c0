import { expect, it } from "vitest";
import { Random } from "../../../codegen/schema/random.js";

it("the same numbers come from the same seed: those of mulberry32", () => {
  const random = new Random(1);
  expect([random.next(), random.next(), random.next()]).toEqual([
    0.6270739405881613, 0.002735721180215478, 0.5274470399599522,
  ]);
  expect(new Random(2).next()).not.toBe(new Random(1).next());
});

it("each of some values is chosen now and then, and none of none", () => {
  const random = new Random(1);
  const chosen = new Set(Array.from({ length: 100 }, () => random.of(["a", "b", "c"])));
  expect([...chosen].sort()).toEqual(["a", "b", "c"]);
  expect(random.of([])).toBeUndefined();
});
