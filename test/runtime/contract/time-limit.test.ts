import { describe, expect, it } from "vitest";
import type { CommandDescriptor } from "../../../runtime/contract/descriptor.js";
import { DEFAULT_TIMEOUT_SECONDS, timeoutSecondsOf } from "../../../runtime/contract/time-limit.js";

const commandOf = (timeout?: unknown): CommandDescriptor =>
  ({ schema: { properties: timeout === undefined ? {} : { timeout } } }) as unknown as CommandDescriptor;

describe("the time limit of a command", () => {
  it("is what its sender says, else what its schema says, else 30 seconds", () => {
    const fiveByDefault = commandOf({ type: "integer", default: 5 });
    expect(timeoutSecondsOf(fiveByDefault, 2)).toBe(2);
    expect(timeoutSecondsOf(fiveByDefault, 0.001)).toBe(0.001);
    expect(timeoutSecondsOf(fiveByDefault, undefined)).toBe(5);
    expect(timeoutSecondsOf(commandOf({ type: "integer" }), undefined)).toBe(30);
    expect(timeoutSecondsOf(commandOf(), undefined)).toBe(30);
    expect(timeoutSecondsOf({ schema: {} } as CommandDescriptor, undefined)).toBe(30);
    expect(timeoutSecondsOf(undefined, undefined)).toBe(30);
  });

  it("is 30 seconds where what is said is none, which its contract reports", () => {
    for (const none of [0, -1, Number.NaN, "soon" as unknown as number]) {
      expect(timeoutSecondsOf(commandOf(), none)).toBe(DEFAULT_TIMEOUT_SECONDS);
    }
  });
});
