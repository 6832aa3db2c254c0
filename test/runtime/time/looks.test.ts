import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../../runtime/time/clock.js";
import { afterLooks } from "../../../runtime/time/looks.js";

const LIMIT_MS = 200;
const block = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

describe("a limit that is counted in looks", () => {
  /** Looks at something until it is called, and tells how often it has looked by then. */
  function looking(holds: () => boolean): { readonly looks: () => number; readonly called: Promise<void> } {
    let looks = 0;
    let call = (): void => {};
    const called = new Promise<void>((resolve) => {
      call = resolve;
    });
    const look = (): boolean => {
      looks++;
      return holds();
    };
    const timer = afterLooks(LIMIT_MS, systemClock, look, call);
    onTestFinished(() => timer.cancel());
    return { looks: () => looks, called };
  }

  it("is over after four of them, in each of which the condition held", async () => {
    let isAway = false;
    const { looks, called } = looking(() => {
      const held = isAway;
      isAway = true;
      return held;
    });
    await called;
    expect(looks()).toBe(5);
  });

  it("is looked at after what has arrived was read, and not when its timer ends", async () => {
    let expire = (): void => {};
    const every: typeof systemClock.every = (ms, call) => {
      expire = call;
      return systemClock.every(1000 * ms, call);
    };
    let looks = 0;
    const timer = afterLooks(
      LIMIT_MS,
      { ...systemClock, every },
      () => ++looks > 0,
      () => {},
    );
    onTestFinished(() => timer.cancel());
    expire();
    expect(looks).toBe(0);
    await turn();
    expect(looks).toBe(1);
  });

  it("counts one while the process is busy, however long", async () => {
    const { looks, called } = looking(() => true);
    block(5 * LIMIT_MS);
    await turn();
    await turn();
    expect(looks()).toBeLessThanOrEqual(2);
    await called;
    expect(looks()).toBe(4);
  });
});

it("a timer that is set after the process was busy is not early", async () => {
  block(LIMIT_MS);
  const began = performance.now();
  await new Promise<void>((resolve) => systemClock.after(LIMIT_MS, resolve));
  expect(performance.now() - began).toBeGreaterThanOrEqual(LIMIT_MS - 1);
});
