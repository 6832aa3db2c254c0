import { afterEach, describe, expect, it } from "vitest";

import { systemClock } from "../../../runtime/time/clock.js";
import { Deadlines, type Run } from "../../../runtime/time/deadline.js";
import { eventually } from "../../support/eventually.js";

let deadlines: Deadlines;
afterEach(() => deadlines.stop());

const expired: string[] = [];
afterEach(() => void expired.splice(0));

function begin(name: string): Run {
  return deadlines.begin(() => void expired.push(name));
}

function keepBusy(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until; );
}

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
