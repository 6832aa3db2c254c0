import { describe, expect, it } from "vitest";
import { UnderWay } from "../../../runtime/redis/under-way.js";

describe("publishes under way", () => {
  it("are refused beyond so much text, with both figures, until others have ended", () => {
    const underWay = new UnderWay(100);
    expect([underWay.begin(60), underWay.begin(40)]).toEqual([undefined, undefined]);
    expect(underWay.begin(1)).toMatch(
      /^the publishes under way hold 100 bytes \(2 of them\), and 1 more would exceed 100 /,
    );
    underWay.ended(60);
    expect([underWay.begin(60), underWay.count]).toEqual([undefined, 2]);
    expect(underWay.begin(1)).toContain("PUBLISH_BUFFER_BYTES");
  });

  it("may be a single one of any length", () => {
    const underWay = new UnderWay(100);
    expect(underWay.begin(1000)).toBeUndefined();
    expect(underWay.begin(1)).toContain("hold 1000 bytes (1 of them)");
    underWay.ended(1000);
    expect(underWay.begin(100)).toBeUndefined();
  });

  it("are told of when none is left", async () => {
    const underWay = new UnderWay(100);
    await underWay.idle();
    underWay.begin(1);
    underWay.begin(2);
    let isIdle = false;
    const idle = underWay.idle().then(() => {
      isIdle = true;
    });
    underWay.ended(2);
    await Promise.resolve();
    expect(isIdle).toBe(false);
    underWay.ended(1);
    await idle;
  });
});
