import { describe, expect, it } from "vitest";

import { eventually } from "./eventually.js";

describe("eventually", () => {
  it("looks until what it sees holds, and resolves to that", async () => {
    let looks = 0;
    expect(
      await eventually(
        () => ++looks,
        (seen) => seen === 3,
        { everyMs: 1 },
      ),
    ).toBe(3);
    expect(looks).toBe(3);
  });

  it("says what it saw last when it gives up", async () => {
    const waiting = eventually(
      () => ({ length: 2 }),
      (seen) => seen.length === 3,
      { withinMs: 20, what: "the third" },
    );
    await expect(waiting).rejects.toThrow(/the third did not come about within 20 ms.*\{ length: 2 \}/s);
  });

  it("takes an error for not yet, and names the last one when it gives up", async () => {
    let looks = 0;
    const look = (): string => {
      looks += 1;
      if (looks < 3) {
        throw new Error("not there");
      }
      return "there";
    };
    expect(await eventually(look, Boolean, { everyMs: 1 })).toBe("there");
    const failing = eventually(() => Promise.reject(new Error("gone")), Boolean, { withinMs: 20 });
    await expect(failing).rejects.toMatchObject({ message: expect.stringContaining("gone"), cause: new Error("gone") });
  });

  it("gives up on a look that hangs", async () => {
    await expect(eventually(() => new Promise<true>(() => {}), Boolean, { withinMs: 20 })).rejects.toThrow("no answer");
  });
});
