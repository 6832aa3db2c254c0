import { describe, expect, it } from "vitest";
import { type Fate, malformedEntry } from "./fuzzer.js";
import { eventually } from "./patience.js";
import { scaled } from "./scale.js";
import { groupOf, Stage } from "./stage.js";

describe.concurrent("malformed entries of every kind, written between good ones", () => {
  it("end no consumer and hold up nobody: every good one is handled, every bad one is accounted for", async () => {
    await using stage = await Stage.open();
    const skipped = { count: 0 };
    const hooks = { skipped: () => void skipped.count++ };
    await stage.join("billing", { hooks });
    const bad = scaled(5000, 100_000);
    const good = bad / 10;
    const random = seeded(20_261_123);
    const fates: Record<Fate, number> = { dead: 0, skipped: 0 };

    for (let at = 0; at < bad; at += 100) {
      const pipeline = stage.client.pipeline();
      for (let n = 0; n < 100; n++) {
        const { fate, entry } = malformedEntry(random);
        fates[fate]++;
        pipeline.xadd("events", "*", ...entry);
      }
      await Promise.all([pipeline.exec(), stage.publish(10)]);
    }

    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    expect(stage.account("billing").handled).toBe(good);
    expect({ dead: await stage.client.xlen("{events}:dead"), skipped: skipped.count }).toEqual(fates);
  });

  it("keep every byte as dead letters, and thousands of fields in one", async () => {
    await using stage = await Stage.open();
    await stage.join("billing");
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    await stage.client.xadd("events", "*", "event_type", "user.created", "after_data", bytes);
    const many = Array.from({ length: 20_000 }, (_, n) => `field${n}`);
    await stage.client.xadd("events", "*", "event_type", "user.created", ...many);

    const dead = await eventually(
      () => stage.client.xrangeBuffer("{events}:dead", "-", "+"),
      (list) => list.length === 2,
    );
    const originals = dead.map(([, fields]) => fields[fields.findIndex((name) => name.toString() === "original") + 1]);
    expect(originals[0]?.includes(bytes)).toBe(true);
    expect(originals[1]?.includes("9:field9999,10:field10000,")).toBe(true);
    await stage.publish(1);
    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    expect(await stage.consumers("billing")).toContainEqual(expect.stringContaining("billing"));
    expect(groupOf("billing")).toBe("billing-workers");
  });
});

/** A run that failed can be run again: mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
