import { afterEach, describe, expect, it } from "vitest";

import { type Clock, systemClock, type Timer } from "../../../runtime/time/clock.js";
import { Deadlines, type Run } from "../../../runtime/time/deadline.js";
import { eventually } from "../../support/eventually.js";

let deadlines: Deadlines;
afterEach(() => deadlines.stop());

const expired: string[] = [];
afterEach(() => void expired.splice(0));

function begin(name: string): Run {
  return deadlines.begin(name, () => void expired.push(name));
}

function keepBusy(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until; );
}

/** A clock that goes on only when it is told to. Its timers are those that repeat. */
class HandClock implements Clock {
  readonly timers = new Set<{ readonly ms: number; readonly call: () => void }>();
  #now = 0;

  now(): number {
    return this.#now;
  }
  wall(): number {
    return this.#now;
  }
  chance(): number {
    throw new Error("deadlines have no jitter");
  }
  after(): Timer {
    throw new Error("deadlines look at intervals");
  }
  every(ms: number, call: () => void): Timer {
    const timer = { ms, call };
    this.timers.add(timer);
    return { cancel: () => void this.timers.delete(timer), unref: () => expect.unreachable() };
  }
  /** Goes on, and makes each timer's call once. */
  advance(ms: number): void {
    this.#now += ms;
    for (const { call } of this.timers) call();
  }
}

describe("deadlines by a clock", () => {
  it("expire at the first look at which they have been seen running for the limit, and not before", () => {
    const clock = new HandClock();
    deadlines = new Deadlines(300, clock);
    begin("first");
    clock.advance(50);
    begin("second");
    for (const [ms, seen] of [
      [100, []],
      [199, []],
      [1, ["first"]],
      [99, ["first"]],
      [1, ["first", "second"]],
    ] as const) {
      clock.advance(ms);
      expect(expired).toEqual(seen);
    }
  });

  it("are looked at by one timer, ten times a second or as often as the limit, until they are stopped", () => {
    for (const [limitMs, everyMs] of [
      [50, 50],
      [900_000, 100],
    ] as const) {
      const clock = new HandClock();
      const some = new Deadlines(limitMs, clock);
      some.stop();
      for (let runs = 0; runs < 3; runs++) some.begin("a run", () => {});
      expect([...clock.timers].map(({ ms }) => ms)).toEqual([everyMs]);
      some.stop();
      expect(clock.timers.size).toBe(0);
      some.begin("a run", () => {});
      expect(clock.timers.size).toBe(1);
    }
  });
});

describe("deadlines", () => {
  it("expire what has not ended, the oldest first, and nothing else", async () => {
    deadlines = new Deadlines(50, systemClock);
    const runs = ["a", "b", "c", "d"].map(begin);
    expect(deadlines.end(runs[1] as Run)).toBe(true);
    expect(deadlines.end(runs[3] as Run)).toBe(true);
    await eventually(() => expired.length === 2);
    expect(expired).toEqual(["a", "c"]);
    expect(runs.map((each) => deadlines.end(each))).toEqual([false, false, false, false]);
  });

  it("do not blame what began after somebody kept the event loop busy", async () => {
    deadlines = new Deadlines(300, systemClock);
    begin("first");
    await new Promise((resolve) => setTimeout(resolve, 150));
    keepBusy(600);
    const late = begin("late");
    await eventually(() => expired.includes("first"));
    expect(deadlines.end(late)).toBe(true);
    expect(expired).toEqual(["first"]);
  });
});
