import fc from "fast-check";
import { describe, expect, it, onTestFinished, vi } from "vitest";

import { isInstant, isTolerantInstant, normaliseInstant, presentInstant } from "../../../runtime/contract/instant.js";

describe("the strict writer's instant", () => {
  it.each([
    "2026-11-23T10:26:43Z",
    "2026-11-23T10:26:43.637332Z",
    "2026-11-23T10:26:43.637332123456789Z",
    "2026-11-23t10:26:43z",
    "2026-11-23T10:26:43+05:30",
    "2026-11-23T10:26:43-23:59",
    "2024-02-29T00:00:00Z",
    "2000-02-29T00:00:00Z",
    "2024-01-31T00:00:00Z",
    "1990-12-31T23:59:60Z",
    "1990-12-31T15:59:60-08:00",
    "2017-01-01T05:29:60+05:30",
    "0000-01-01T00:00:00Z",
  ])("can be %s", (text) => {
    expect(isInstant(text)).toBe(true);
    expect(isTolerantInstant(text)).toBe(true);
  });

  it.each([
    ["has no zone", "2026-11-23T10:26:43"],
    ["has a space for the T", "2026-11-23 10:26:43Z"],
    ["has both", "2026-11-23 10:26:43.700000"],
  ])("must not be one that %s, which the tolerant reader takes", (_, text) => {
    expect(isInstant(text)).toBe(false);
    expect(isTolerantInstant(text)).toBe(true);
  });

  it.each([
    "2025-19-39T29:59:59Z",
    "2025-00-01T00:00:00Z",
    "2025-01-00T00:00:00Z",
    "2025-04-31T00:00:00Z",
    "2025-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2025-01-01T24:00:00Z",
    "2025-01-01T00:60:00Z",
    "2025-01-01T00:00:61Z",
    "1990-12-31T22:59:60Z",
    "1990-12-31T23:59:61Z",
    "2025/01-01T00:00:00Z",
    "2025-01/01T00:00:00Z",
    "2025-01-01_00:00:00Z",
    "2025-01-01T00.00:00Z",
    "2025-01-01T00:00.00Z",
    "2025-01-1/T00:00:00Z",
    "1990-12-31T23:59:60+01:00",
    "2025-01-01T00:00:00+24:00",
    "2025-01-01T00:00:00+00:60",
    "2025-01-01T00:00:00+0000",
    "2025-01-01T00:00:00*05:30",
    "2025-01-01T00:00:00+05.30",
    "2025-01-01T00:00:00+05:3",
    "2025-01-01T00:00:00+05:300",
    "2025-01-01T00:00:00.Z",
    "2025-01-01T00:00Z",
    "2025-01-01",
    "25-01-01T00:00:00Z",
    " 2025-01-01T00:00:00Z",
    "2025-01-01T00:00:00Z\n",
    "２025-01-01T00:00:00Z",
    "",
    "now",
    "1764000000",
  ])("is not %j, for the reader neither", (text) => {
    expect(isInstant(text)).toBe(false);
    expect(isTolerantInstant(text)).toBe(false);
  });
});

describe("an instant that was read", () => {
  it.each([
    ["2026-11-23T10:26:43.637332", "2026-11-23T10:26:43.637332Z"],
    ["2026-11-23 10:26:43.700000", "2026-11-23T10:26:43.700000Z"],
    ["2026-11-23 10:26:43Z", "2026-11-23T10:26:43Z"],
    ["2026-11-23 10:26:43+02:00", "2026-11-23T10:26:43+02:00"],
    ["2026-11-23T10:26:43+02:00", "2026-11-23T10:26:43+02:00"],
    ["2026-11-23T10:26:43Z", "2026-11-23T10:26:43Z"],
    ["2026-11-23t10:26:43", "2026-11-23t10:26:43Z"],
    ["no instant", "no instant"],
    ["nor is this, anyhow", "nor is this, anyhow"],
    ["0123456789 is a text", "0123456789 is a text"],
    ["", ""],
  ])("has its T and its zone: %j becomes %j", (text, normalised) => {
    expect(normaliseInstant(text)).toBe(normalised);
  });
});

describe("the present instant", () => {
  it("is one that the strict writer takes, and moves with the clock", async () => {
    const first = presentInstant();
    expect(isInstant(first)).toBe(true);
    expect(Math.abs(Date.parse(first) - Date.now())).toBeLessThan(5000);
    while (presentInstant() === first) await new Promise(setImmediate);
    expect(presentInstant() > first).toBe(true);
  });

  it("is what Date makes of it, whatever the clock shows and wherever it jumps", () => {
    const clock = vi.spyOn(Date, "now");
    onTestFinished(() => clock.mockRestore());
    fc.assert(
      fc.property(fc.nat({ max: 4e12 }), (now) => {
        clock.mockReturnValue(now);
        expect(presentInstant()).toBe(new Date(now).toISOString());
      }),
    );
  });
});
