import fc from "fast-check";
import { expect, it } from "vitest";
import { Queue } from "../../../runtime/consume/queue.js";
import { runs } from "../../support/runs.js";

const isBefore = (one: { n: number }, other: { n: number }): boolean => one.n < other.n;

it("a queue gives what a sorted list would, however items are put in and taken out", () => {
  const step = fc.oneof(fc.nat(20), fc.constant("shift" as const));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new Queue<{ n: number }>();
      let list: number[] = [];
      for (const one of steps) {
        if (one === "shift") expect(queue.shift()?.n).toBe(list.shift());
        else {
          queue.insert({ n: one }, isBefore);
          list = [...list, one].toSorted((a, b) => a - b);
        }
        expect(queue.values().map(({ n }) => n)).toEqual(list);
        expect([queue.length, queue.first?.n]).toEqual([list.length, list[0]]);
      }
    }),
    runs(200),
  );
});
