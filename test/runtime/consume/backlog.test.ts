import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Delivery } from "../../../runtime/broker/delivery.js";
import { Backlog } from "../../../runtime/consume/backlog.js";

/** Its lane is what stands before the hyphen of its id; none when that is `0`. */
const delivery = (lane: number, sequence: number): Delivery => ({ id: `${lane}-${sequence}`, fields: [], attempt: 1 });
const laneOf = ({ id }: Delivery): string | undefined => (id.startsWith("0-") ? undefined : id.split("-")[0]);
const idsOf = (deliveries: readonly Delivery[]): string[] => deliveries.map(({ id }) => id);

/** Begins all that can begin. */
function beginAll(backlog: Backlog): Delivery[] {
  const begun: Delivery[] = [];
  for (let next = backlog.next(); next !== undefined; next = backlog.next()) begun.push(next);
  return begun;
}

/** What a backlog should hold: plain lists, and every question answered by looking through all of them. */
class Model {
  waiting: Delivery[] = [];
  running: Delivery[] = [];

  /** Those that could begin: of each lane in which nothing runs the oldest, and all that have no lane. */
  get ready(): Delivery[] {
    const taken = new Set<string | undefined>(this.running.map(laneOf));
    taken.delete(undefined);
    return this.waiting.filter((each) => {
      const lane = laneOf(each);
      if (taken.has(lane)) return false;
      if (lane !== undefined) taken.add(lane);
      return true;
    });
  }
}

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("push" as const), lane: fc.nat(3) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("next" as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("finish" as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("drop" as const) }) },
);

describe("a backlog", () => {
  it("without lanes gives deliveries in the order in which they came, however many", () => {
    const backlog = new Backlog(undefined);
    const all = Array.from({ length: 2500 }, (_, at) => delivery(1, at));
    for (const each of all) backlog.push(each);
    expect([backlog.ready, backlog.blocked]).toEqual([2500, 0]);
    expect(beginAll(backlog)).toEqual(all);
    expect([backlog.ready, backlog.blocked]).toEqual([0, 0]);
    for (const each of all) backlog.finished(each);
    expect(backlog.next()).toBeUndefined();
    for (const each of all) backlog.push(each);
    backlog.next();
    expect(backlog.drop()).toEqual(all.slice(1));
    expect([backlog.ready, backlog.blocked]).toEqual([0, 0]);
  });

  it("with lanes begins one of a lane when the one before it has finished, and then counts it as blocked no more", () => {
    const backlog = new Backlog(laneOf);
    for (const [lane, at] of [
      [1, 0],
      [1, 1],
      [2, 0],
      [0, 0],
      [0, 1],
    ] as const)
      backlog.push(delivery(lane, at));
    expect([backlog.ready, backlog.blocked]).toEqual([4, 1]);
    expect(idsOf(beginAll(backlog))).toEqual(["1-0", "2-0", "0-0", "0-1"]);
    backlog.finished(delivery(2, 0));
    expect(backlog.next()).toBeUndefined();
    backlog.finished(delivery(1, 0));
    expect([backlog.ready, backlog.blocked]).toEqual([1, 0]);
    expect(idsOf(beginAll(backlog))).toEqual(["1-1"]);
  });

  it("that is dropped keeps the lane of what has begun, and no other", () => {
    const backlog = new Backlog(laneOf);
    for (const [lane, at] of [
      [1, 0],
      [1, 1],
      [2, 0],
      [2, 1],
      [0, 0],
    ] as const)
      backlog.push(delivery(lane, at));
    expect(backlog.next()).toEqual(delivery(1, 0));
    expect(idsOf(backlog.drop()).toSorted()).toEqual(["0-0", "1-1", "2-0", "2-1"]);
    expect([backlog.ready, backlog.blocked]).toEqual([0, 0]);
    for (const lane of [1, 2]) backlog.push(delivery(lane, 9));
    expect(idsOf(beginAll(backlog))).toEqual(["2-9"]);
    backlog.finished(delivery(1, 0));
    expect(idsOf(beginAll(backlog))).toEqual(["1-9"]);
  });

  it("holds each delivery once, in its lane's order, whatever happens in whatever order", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const backlog = new Backlog(laneOf);
        const model = new Model();
        steps.forEach((one, at) => {
          const { ready } = model;
          if (one.do === "push") {
            backlog.push(delivery(one.lane, at));
            model.waiting.push(delivery(one.lane, at));
          } else if (one.do === "next") {
            const next = backlog.next();
            expect(next === undefined).toBe(ready.length === 0);
            if (next === undefined) return;
            expect(ready).toContainEqual(next);
            model.waiting = model.waiting.filter(({ id }) => id !== next.id);
            model.running.push(next);
          } else if (one.do === "finish") {
            const [ended] = model.running.splice(one.which % Math.max(1, model.running.length), 1);
            if (ended !== undefined) backlog.finished(ended);
          } else {
            expect(idsOf(backlog.drop()).toSorted()).toEqual(idsOf(model.waiting).toSorted());
            model.waiting = [];
          }
          expect([backlog.ready, backlog.blocked]).toEqual([
            model.ready.length,
            model.waiting.length - model.ready.length,
          ]);
        });
      }),
    );
  });
});
