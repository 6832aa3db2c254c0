import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock, type Timer } from "../../../runtime/time/clock.js";
import { Pause } from "../../../runtime/time/pause.js";

let ending: AbortController;
let pause: Pause;
const report = vi.fn<(activity: string, error: unknown) => void>();

beforeEach(() => {
  vi.useFakeTimers();
  report.mockReset();
  ending = new AbortController();
  pause = new Pause(ending.signal, systemClock, report);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** How a wait ended, `undefined` while it goes on. */
function outcomeOf(waiting: Promise<boolean>): { value: boolean | undefined } {
  const outcome: { value: boolean | undefined } = { value: undefined };
  void waiting.then((value) => {
    outcome.value = value;
  });
  return outcome;
}

describe("a pause", () => {
  it("ends when its time is over, and not before", async () => {
    const outcome = outcomeOf(pause.for(100));
    await vi.advanceTimersByTimeAsync(99);
    expect(outcome.value).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(outcome.value).toBe(true);
  });

  it("ends at once when its signal aborts, and leaves no timer behind", async () => {
    const outcome = outcomeOf(pause.for(100));
    ending.abort();
    await vi.advanceTimersByTimeAsync(0);
    expect(outcome.value).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("does not begin after its signal has aborted, and reports no failure then", async () => {
    ending.abort();
    expect(await pause.for(100)).toBe(false);
    expect(await pause.afterFailure(0, "reading", new Error("away"))).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
    expect(report).not.toHaveBeenCalled();
  });

  it("leaves nothing on its signal once it is over, however often it waits", async () => {
    const [added, removed] = [
      vi.spyOn(ending.signal, "addEventListener"),
      vi.spyOn(ending.signal, "removeEventListener"),
    ];
    for (let times = 0; times < 20; times++) {
      const waiting = pause.for(10);
      await vi.advanceTimersByTimeAsync(10);
      expect(await waiting).toBe(true);
    }
    expect(removed.mock.calls.map(([name, listener]) => [name, listener])).toEqual(
      added.mock.calls.map(([name, listener]) => [name, listener]),
    );
    expect(added).toHaveBeenCalledTimes(20);
  });

  it("after a failure reports it and lasts twice as long each time, up to two seconds, less up to a half by chance", async () => {
    const error = new Error("away");
    const waits: number[] = [];
    vi.spyOn(systemClock, "after").mockImplementation((ms, end) => {
      waits.push(ms);
      queueMicrotask(end);
      const timer: Timer = { cancel: () => {}, unref: () => timer };
      return timer;
    });
    for (const random of [0, 1]) {
      vi.spyOn(Math, "random").mockReturnValue(random);
      for (const failures of [0, 1, 5, 6, 50]) expect(await pause.afterFailure(failures, "reading", error)).toBe(true);
    }
    expect(waits).toEqual([25, 50, 800, 1000, 1000, 50, 100, 1600, 2000, 2000]);
    expect(report.mock.calls).toEqual(Array(10).fill(["reading", error]));
  });
});
