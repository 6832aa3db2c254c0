import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Delivery } from "../../../runtime/broker/delivery.js";
import { comesBefore } from "../../../runtime/broker/entry-id.js";
import { Backlog, type LaneOf } from "../../../runtime/consume/backlog.js";
import { Holdings } from "../../../runtime/consume/holdings.js";
import type { Placeholder, Waiting } from "../../../runtime/consume/waiting.js";
import { runs } from "../../support/runs.js";

/** An entry whose fields name its lane: none when that is `0`. */
const delivery = (lane: number, sequence: number): Delivery => ({
  id: `${lane}-${sequence}`,
  fields: [String(lane)],
  attempt: 1,
});
const placeholder = (lane: number, sequence: number, isAlone = false): Placeholder => ({
  id: `${lane}-${sequence}`,
  attempt: 0,
  isTakenOver: false,
  isAlone,
});
const laneOf: LaneOf = (fields) => (fields?.[0] === "0" ? undefined : fields?.[0]);
const nameOf = (id: string): string => (id.startsWith("0-") ? id : (id.split("-")[0] as string));
const idsOf = (waiting: readonly Waiting[]): string[] => waiting.map(({ id }) => id);

function push(backlog: Backlog, waiting: Waiting): void {
  backlog.push(waiting, [waiting.id.split("-")[0] as string]);
}

/** Begins all that can begin. */
function beginAll(backlog: Backlog): Waiting[] {
  const begun: Waiting[] = [];
  for (let next = backlog.next(); next !== undefined; next = backlog.next()) begun.push(next);
  return begun;
}

/** What a backlog with lanes should hold: plain lists, and every question answered by looking through all of them. */
class Model {
  waiting: { id: string; isAlone: boolean }[] = [];
  running: string[] = [];
  retained = new Map<string, () => void>();
  suspect: string | undefined;

  /** Of each lane in which nothing runs and nothing is to be retried the oldest. */
  get first(): { id: string; isAlone: boolean }[] {
    const taken = new Set([...this.running, ...this.retained.keys()].map(nameOf));
    const oldest = new Map<string, { id: string; isAlone: boolean }>();
    for (const each of this.waiting) {
      const name = nameOf(each.id);
      const before = oldest.get(name);
      if (!taken.has(name) && (before === undefined || comesBefore(each.id, before.id))) oldest.set(name, each);
    }
    return [...oldest.values()];
  }

  /** Of those, the ones that nothing holds up: a lane may wait for the running suspect when one of its own waits. */
  get certain(): { id: string; isAlone: boolean }[] {
    if (this.suspect === undefined) return this.first;
    const alone = new Set(this.waiting.filter(({ isAlone }) => isAlone).map(({ id }) => nameOf(id)));
    return this.first.filter(({ id }) => !alone.has(nameOf(id)));
  }

  begin(id: string): void {
    if (this.waiting.find((each) => each.id === id)?.isAlone) this.suspect = id;
    this.waiting = this.waiting.filter((each) => each.id !== id);
    this.running.push(id);
  }
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("push" as const), lane: fc.nat(3), as: fc.nat(2) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("next" as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("finish" as const, "retain" as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("due" as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("acquit" as const, "unload" as const) }) },
);

describe("a backlog", () => {
  it("without lanes begins entries in the order in which they came, however many", () => {
    const backlog = new Backlog(undefined, new Holdings(1e9));
    const all = Array.from({ length: 2500 }, (_, at) => delivery(1, at));
    for (const each of all) backlog.push(each);
    expect([backlog.ready, backlog.blocked]).toEqual([2500, 0]);
    expect(beginAll(backlog)).toEqual(all);
    expect([backlog.ready, backlog.blocked]).toEqual([0, 0]);
    for (const { id } of all) backlog.finished(id);
    expect(backlog.next()).toBeUndefined();
    for (const each of all) backlog.push(each);
    backlog.next();
    expect(idsOf(backlog.remaining())).toEqual(idsOf(all.slice(1)));
  });

  it("with lanes begins one of a lane when the one before it has finished, and then counts it as blocked no more", () => {
    const backlog = new Backlog(laneOf, new Holdings(1e9));
    for (const each of [delivery(1, 0), delivery(1, 1), delivery(2, 0), delivery(0, 0), delivery(0, 1)])
      push(backlog, each);
    expect([backlog.ready, backlog.blocked]).toEqual([4, 1]);
    expect(idsOf(beginAll(backlog))).toEqual(["1-0", "2-0", "0-0", "0-1"]);
    backlog.finished("2-0");
    expect(backlog.next()).toBeUndefined();
    backlog.finished("1-0");
    expect([backlog.ready, backlog.blocked]).toEqual([1, 0]);
    expect(idsOf(beginAll(backlog))).toEqual(["1-1"]);
  });

  it("that forgets the fields of what waits begins it in the same order, and keeps the lane of what has begun", () => {
    const backlog = new Backlog(laneOf, new Holdings(1e9));
    for (const each of [delivery(1, 0), delivery(1, 1), delivery(2, 0), delivery(2, 1)]) push(backlog, each);
    expect(backlog.next()).toEqual(delivery(1, 0));
    backlog.contest();
    expect(backlog.next()).toEqual({ ...placeholder(2, 0), isTakenOver: true });
    expect(backlog.next()).toBeUndefined();
    for (const [running, next] of [
      ["2-0", "2-1"],
      ["1-0", "1-1"],
    ] as const) {
      backlog.finished(running);
      expect(backlog.next()?.id).toBe(next);
    }
  });

  it("keeps by their ids those for whose text there is no room, and in lanes half as much as is held in all", () => {
    const long = (lane: number, sequence: number, length: number): Delivery => ({
      id: `${lane}-${sequence}`,
      fields: [String(lane), "x".repeat(length - 1)],
      attempt: 1,
    });
    const plain = new Backlog(undefined, new Holdings(100));
    for (const at of [0, 1, 2, 3]) plain.push(long(1, at, 40));
    expect(beginAll(plain)).toEqual([long(1, 0, 40), long(1, 1, 40), placeholder(1, 2), placeholder(1, 3)]);

    const holdings = new Holdings(100);
    const backlog = new Backlog(laneOf, holdings);
    for (const at of [0, 1, 2, 3]) backlog.push(long(1, at, 20));
    expect([holdings.spareBytes, backlog.mayFollow]).toEqual([60, true]);
    expect(backlog.next()).toEqual(long(1, 0, 20));
    const followers = backlog.following("1-0", 10);
    expect(idsOf(followers)).toEqual(["1-2", "1-3"]);
    for (const follower of followers) backlog.load(follower, long(1, Number(follower.id.slice(2)), 20));
    for (const follower of followers) backlog.load(follower, long(1, Number(follower.id.slice(2)), 20));
    // Two of them wait, and one runs: the third waits by its id.
    expect([holdings.spareBytes, idsOf(backlog.following("1-0", 10))]).toEqual([40, ["1-3"]]);
    holdings.drop("1-0");
    backlog.finished("1-0");
    expect([backlog.next()?.fields, holdings.spareBytes]).toEqual([long(1, 1, 20).fields, 60]);
  });

  it("holds one entry whole, however long, and none beside it", () => {
    const holdings = new Holdings(1);
    const backlog = new Backlog(undefined, holdings);
    for (const at of [0, 1]) backlog.push({ id: `1-${at}`, fields: ["xxx"], attempt: 1 });
    expect([holdings.fits(1), holdings.spareBytes]).toEqual([false, -2]);
    expect(beginAll(backlog).map(({ fields }) => fields)).toEqual([["xxx"], undefined]);
    holdings.drop("1-0");
    expect([holdings.fits(5), holdings.spareBytes]).toEqual([true, 1]);
  });

  it("with lanes holds one that is longer than half of it by its id, so that one behind a retry does not fill it", () => {
    const holdings = new Holdings(10);
    const backlog = new Backlog(laneOf, holdings);
    push(backlog, delivery(1, 0));
    backlog.next();
    backlog.push({ id: "1-1", fields: ["1", "x".repeat(7)], attempt: 1 });
    expect(holdings.spareBytes).toBe(9);
  });

  it("marks what waits as contested, and what comes to wait afterwards only the next time", () => {
    const backlog = new Backlog(laneOf, new Holdings(1e9));
    push(backlog, delivery(1, 0));
    backlog.contest();
    push(backlog, placeholder(2, 0));
    expect(backlog.placeholder("1-0")?.isTakenOver).toBe(true);
    expect(backlog.placeholder("2-0")?.isTakenOver).toBe(false);
    backlog.contest();
    expect(backlog.placeholder("2-0")?.isTakenOver).toBe(true);
  });

  it("that stops begins only what it holds with its fields", () => {
    const backlog = new Backlog(laneOf, new Holdings(1e9));
    for (const each of [placeholder(1, 0), delivery(2, 0), placeholder(2, 1), placeholder(3, 0, true)])
      push(backlog, each);
    backlog.stop();
    expect(idsOf(beginAll(backlog))).toEqual(["2-0"]);
    backlog.finished("2-0");
    expect(backlog.next()).toBeUndefined();
    expect(idsOf(backlog.remaining()).toSorted()).toEqual(["1-0", "2-1", "3-0"]);
  });

  it("that stops and then forgets the fields of what waits begins nothing any more", () => {
    for (const lanes of [undefined, laneOf]) {
      const backlog = new Backlog(lanes, new Holdings(1e9));
      for (const each of [delivery(1, 0), delivery(2, 0), delivery(2, 1)]) push(backlog, each);
      backlog.stop();
      backlog.contest();
      expect([backlog.ready, backlog.next()]).toEqual([0, undefined]);
      expect(idsOf(backlog.remaining()).toSorted()).toEqual(["1-0", "2-0", "2-1"]);
    }
  });

  it("forgets also what was fetched ahead of its turn", () => {
    const backlog = new Backlog(laneOf, new Holdings(1e9));
    const ahead = { ...placeholder(1, 1), delivery: delivery(1, 1) };
    for (const each of [placeholder(1, 0), ahead]) push(backlog, each);
    expect(beginAll(backlog)).toEqual([placeholder(1, 0)]);
    backlog.contest();
    backlog.finished("1-0");
    expect(backlog.next()).toEqual({ ...placeholder(1, 1), isTakenOver: true });
  });

  it("holds the fields of what waits behind others again when those that did before have begun", () => {
    const holdings = new Holdings(10);
    const backlog = new Backlog(laneOf, holdings);
    push(backlog, delivery(1, 0));
    for (let at = 0; at < 100; at++) {
      expect(backlog.next()).toEqual(delivery(1, at));
      push(backlog, delivery(1, at + 1));
      holdings.drop(`1-${at}`);
      backlog.finished(`1-${at}`);
    }
  });

  it("holds each entry once, in its lane's order, and one suspect at a time, whatever happens in whatever order", () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(
          Array.from({ length: 80 }, (_, at) => at),
          { minLength: 80 },
        ),
        fc.array(step, { maxLength: 80 }),
        fc.constantFrom(1, 3, 10, 1000),
        (sequences, steps, mostBytes) => {
          const holdings = new Holdings(mostBytes);
          const backlog = new Backlog(laneOf, holdings);
          const model = new Model();
          steps.forEach((one, at) => {
            if (one.do === "push") {
              const sequence = sequences[at] as number;
              push(
                backlog,
                one.as === 0 ? delivery(one.lane, sequence) : placeholder(one.lane, sequence, one.as === 2),
              );
              model.waiting.push({ id: `${one.lane}-${sequence}`, isAlone: one.as === 2 });
            } else if (one.do === "next") {
              const could = model.first.filter(({ isAlone }) => !isAlone || model.suspect === undefined);
              const next = backlog.next();
              if (next === undefined) expect(model.certain).toEqual([]);
              else {
                expect(idsOf(could as Waiting[])).toContain(next.id);
                expect(holdings.lengthOf(next.id) > 0).toBe(next.fields !== undefined);
                model.begin(next.id);
              }
            } else if (one.do === "finish" || one.do === "retain") {
              const [id] = model.running.splice(one.which % Math.max(1, model.running.length), 1);
              if (id === undefined) return;
              if (model.suspect === id) {
                backlog.acquit();
                model.suspect = undefined;
              }
              if (one.do === "finish") {
                backlog.finished(id);
                holdings.drop(id);
              } else {
                model.retained.set(
                  id,
                  backlog.retain({ id, fields: null, attempt: 1 }, { attempt: 2, isAlone: false }),
                );
                holdings.hold(id, 0);
              }
            } else if (one.do === "due") {
              const [id, due] = [...model.retained][one.which % Math.max(1, model.retained.size)] ?? [];
              if (id === undefined) return;
              model.retained.delete(id);
              model.waiting.push({ id, isAlone: false });
              due?.();
            } else if (one.do === "unload") backlog.contest();
            else {
              backlog.acquit();
              model.suspect = undefined;
            }
            const lengths = holdings.ids().map((id) => holdings.lengthOf(id));
            const held = lengths.reduce((sum, length) => sum + length, 0);
            expect(mostBytes - holdings.spareBytes).toBe(held);
            expect(held <= mostBytes || lengths.filter((length) => length > 0).length === 1).toBe(true);
            expect(holdings.size).toBe(model.waiting.length + model.running.length + model.retained.size);
            expect(backlog.isSuspect(model.suspect ?? "none")).toBe(model.suspect !== undefined);
            expect(backlog.ready + backlog.blocked).toBe(model.waiting.length + model.retained.size);
            expect(backlog.ready).toBeLessThanOrEqual(model.first.length);
          });
          expect(idsOf(backlog.remaining()).toSorted()).toEqual(
            [...model.waiting.map(({ id }) => id), ...model.retained.keys()].toSorted(),
          );
        },
      ),
      runs(200),
    );
  });
});
