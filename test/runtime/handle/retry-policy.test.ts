import { describe, expect, it } from "vitest";
import {
  ContractError,
  DecodeError,
  EncryptionError,
  MessagingError,
  RetryAfter,
  UnrecoverableError,
} from "../../../runtime/errors.js";
import { afterFailure, isUnreadable, whileAway } from "../../../runtime/handle/retry-policy.js";
import { systemClock } from "../../../runtime/time/clock.js";

const policy = { maxRetries: 3, delayMs: 1000 };
const error = new Error("away");

/** The delay before the next attempt, with the least and the most jitter. */
function delaysAfter(attempt: number, thrown: unknown = error, given = { ...policy, maxRetries: 1000 }): number[] {
  return [0, 1].map((random) => {
    const outcome = afterFailure(thrown, attempt, given, { chance: () => random });
    expect(outcome).toMatchObject({ kind: "retry", error: thrown });
    return (outcome as { delayMs: number }).delayMs;
  });
}

describe("a message whose handler threw", () => {
  it("is tried again as often as it may be, then it is dead", () => {
    const kinds = [1, 2, 3, 4, 5].map((attempt) => afterFailure(error, attempt, policy, systemClock).kind);
    expect(kinds).toEqual(["retry", "retry", "retry", "dead", "dead"]);
    expect(afterFailure(error, 4, policy, systemClock)).toEqual({ kind: "dead", error });
    expect(afterFailure(error, 1, { ...policy, maxRetries: 0 }, systemClock).kind).toBe("dead");
  });

  it("waits twice as long each time, up to an hour, less up to a half by chance", () => {
    expect([1, 2, 3, 4].map((attempt) => delaysAfter(attempt))).toEqual([
      [500, 1000],
      [1000, 2000],
      [2000, 4000],
      [4000, 8000],
    ]);
    const hour = 3_600_000;
    for (const attempt of [13, 31, 500, 1000]) expect(delaysAfter(attempt)).toEqual([hour / 2, hour]);
    // A base so small that even thirty doublings stay below the hour.
    expect(delaysAfter(500, error, { maxRetries: 1000, delayMs: 0.001 })[1]).toBeCloseTo(0.001 * 2 ** 30);
  });

  it("waits for exactly as long as the handler asked for", () => {
    expect(delaysAfter(1, new RetryAfter(7))).toEqual([7000, 7000]);
    expect(delaysAfter(3, new RetryAfter(0))).toEqual([0, 0]);
    expect(afterFailure(new RetryAfter(7), 4, policy, systemClock).kind).toBe("dead");
  });

  it.each([new UnrecoverableError("no use"), new DecodeError("torn"), new ContractError("user.created", [], true)])(
    "is dead at once after a %s",
    (thrown) => {
      expect(afterFailure(thrown, 1, policy, systemClock)).toEqual({ kind: "dead", error: thrown });
    },
  );

  it("is tried again after a ContractError of what the handler itself published", () => {
    expect(afterFailure(new ContractError("user.created", []), 1, policy, systemClock).kind).toBe("retry");
  });
});

describe("a message that waits for what is away", () => {
  const away = new MessagingError("DATABASE_UNAVAILABLE", "the database is away");
  const delays = (ageMs: number): unknown[] =>
    [0, 1].map((random) => {
      const outcome = whileAway(away, ageMs, policy, { chance: () => random });
      expect(outcome).toMatchObject({ kind: "retry", error: away, isUncounted: true });
      return (outcome as { delayMs: number }).delayMs;
    });

  it("is tried after pauses that grow with its age, up to a minute, and no attempt counts", () => {
    expect(delays(0)).toEqual([500, 1000]);
    expect(delays(20_000)).toEqual([5000, 10_000]);
    expect(delays(3_600_000)).toEqual([30_000, 60_000]);
  });

  it("is told from one that fails otherwise", () => {
    expect(whileAway(new EncryptionError("KEY_UNAVAILABLE", "away"), 0, policy, systemClock)).toBeDefined();
    for (const other of [new EncryptionError("KEY_UNKNOWN", "no"), new RetryAfter(1), error, undefined])
      expect(whileAway(other, 0, policy, systemClock)).toBeUndefined();
  });
});

it("a message is at fault itself when it cannot be decoded or breaks its contract as read, and else is not", () => {
  expect(isUnreadable(new DecodeError("torn"))).toBe(true);
  expect(isUnreadable(new ContractError("user.created", [], true))).toBe(true);
  for (const other of [new ContractError("user.created", []), new UnrecoverableError("no use"), error, undefined]) {
    expect(isUnreadable(other)).toBe(false);
  }
});
