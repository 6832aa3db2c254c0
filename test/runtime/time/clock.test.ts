import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LONGEST_TIMER_MS, systemClock } from "../../../runtime/time/clock.js";

const MOST_PARTS = 100;

const call = vi.fn<() => void>();
/** The timers of Node's that were set. */
const parts: NodeJS.Timeout[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  call.mockReset();
  parts.length = 0;
  const set = setTimeout;
  vi.spyOn(globalThis, "setTimeout").mockImplementation(((expire: () => void, ms: number) => {
    expect(ms).toBeLessThanOrEqual(LONGEST_TIMER_MS);
    if (parts.length === MOST_PARTS) throw new Error("this timer does not end");
    const part = set(expire, ms);
    parts.push(part);
    return part;
  }) as typeof setTimeout);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("a timer", () => {
  it.each([0, 1, 1000, LONGEST_TIMER_MS, LONGEST_TIMER_MS + 1, 2 * LONGEST_TIMER_MS, 10 * LONGEST_TIMER_MS + 7])(
    "of %d ms calls once, when they are over and not before",
    (ms) => {
      systemClock.after(ms, call);
      for (let left = ms - 1; left > 0; left -= LONGEST_TIMER_MS) {
        vi.advanceTimersByTime(Math.min(left, LONGEST_TIMER_MS));
        expect(vi.getTimerCount()).toBe(1);
      }
      expect(call).not.toHaveBeenCalled();
      vi.advanceTimersByTime(1);
      expect(call).toHaveBeenCalledOnce();
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  it("that never ends is never over", () => {
    const timer = systemClock.after(Number.POSITIVE_INFINITY, call);
    for (let part = 0; part < 10; part++) vi.advanceTimersByTime(LONGEST_TIMER_MS);
    expect(call).not.toHaveBeenCalled();
    timer.cancel();
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([10, LONGEST_TIMER_MS + 10])("of %d ms that repeats calls each time that they are over", (ms) => {
    const timer = systemClock.every(ms, call);
    for (let times = 1; times <= 5; times++) {
      vi.advanceTimersByTime(ms - 1);
      expect(call).toHaveBeenCalledTimes(times - 1);
      vi.advanceTimersByTime(1);
      expect(call).toHaveBeenCalledTimes(times);
    }
    timer.cancel();
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([10, LONGEST_TIMER_MS + 10])("of %d ms that is cancelled before its end makes no call", (ms) => {
    const timers = [systemClock.after(ms, call), systemClock.every(ms, call)];
    vi.advanceTimersByTime(ms - 1);
    for (const timer of timers) timer.cancel();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(2 * ms);
    expect(call).not.toHaveBeenCalled();
  });

  it.each([10, LONGEST_TIMER_MS + 10])("of %d ms that is cancelled in its own call makes no other", (ms) => {
    for (const set of [systemClock.after, systemClock.every]) {
      call.mockReset();
      const timer = set(ms, () => {
        call();
        timer.cancel();
        timer.cancel();
      });
      vi.advanceTimersByTime(3 * ms);
      expect(call).toHaveBeenCalledOnce();
      expect(vi.getTimerCount()).toBe(0);
    }
  });

  it("keeps the process alive until it is told not to, in all of its parts, unless it repeats", () => {
    const ms = 3 * LONGEST_TIMER_MS;
    systemClock.after(ms, call);
    vi.advanceTimersByTime(ms);
    expect(parts.splice(0).map((part) => part.hasRef())).toEqual([true, true, true]);

    const timer = systemClock.after(ms, call);
    vi.advanceTimersByTime(LONGEST_TIMER_MS);
    expect(timer.unref()).toBe(timer);
    vi.advanceTimersByTime(2 * LONGEST_TIMER_MS);
    expect(parts.splice(0).map((part) => part.hasRef())).toEqual([true, false, false]);
    expect(call).toHaveBeenCalledTimes(2);

    systemClock.every(ms, call);
    vi.advanceTimersByTime(2 * ms);
    expect(parts.map((part) => part.hasRef())).toEqual(Array(7).fill(false));
  });
});

describe("the time", () => {
  it("that durations are measured in goes on when the machine's clock is set", () => {
    const [now, wall] = [systemClock.now(), systemClock.wall()];
    vi.advanceTimersByTime(10);
    expect([systemClock.now() - now, systemClock.wall() - wall]).toEqual([10, 10]);
    vi.setSystemTime(wall - 3_600_000);
    expect([systemClock.now() - now, systemClock.wall() - wall]).toEqual([10, -3_600_000]);
  });
});
