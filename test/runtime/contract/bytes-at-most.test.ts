import fc from "fast-check";
import { expect, it } from "vitest";
import { bytesAtMost } from "../../../runtime/contract/bytes-at-most.js";
import { runs } from "../../support/runs.js";

const nested = (depth: number): unknown => (depth === 0 ? "x" : { at: nested(depth - 1) });

it("a value has at most so many bytes as JSON", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const most = bytesAtMost(value);
      if (!Number.isNaN(most)) expect(Buffer.byteLength(JSON.stringify(value))).toBeLessThanOrEqual(most);
    }),
    runs(300),
  );
});

it.each<[string, unknown]>([
  ["control characters", "\u0000".repeat(100)],
  ["names of them", { ["\u0000".repeat(100)]: 1 }],
  ["a list with holes", Array.from({ length: 100 })],
  ["a list that is all holes", new Array(100)],
  ["what JSON leaves out", [undefined, () => 1, Symbol("x")]],
  ["the largest whole number", Number.MAX_SAFE_INTEGER],
  ["a small fraction", -5e-324],
  ["eight levels", nested(7)],
])("that is known of %s", (_, value) => {
  expect(Buffer.byteLength(JSON.stringify(value) ?? "")).toBeLessThanOrEqual(bytesAtMost(value));
});

it.each<[string, unknown]>([
  ["a bigint", [7n]],
  ["a number that is written as another one", 2 ** 60],
  ["what says itself how it is written", { at: new Date(0) }],
  ["nine levels", nested(9)],
])("it is not known of %s", (_, value) => expect(bytesAtMost(value)).toBeNaN());
