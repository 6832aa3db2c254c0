import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fnv1a32, partitionNames, partitionOf } from "../../../runtime/broker/partition.js";
import { SLOTS, slotOf } from "../../../runtime/broker/slot.js";
import { recordOf, topologyIn, unpartitioned } from "../../../runtime/broker/topology.js";
import { runs } from "../../support/runs.js";

const slots = { slots: SLOTS, slotOf };

describe("the partition of a key", () => {
  it("is its FNV-1a, which every language knows, modulo their number", () => {
    expect([fnv1a32(""), fnv1a32("a"), fnv1a32("foobar")]).toEqual([0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
    expect(fnv1a32("ünïcode")).toBe(fnv1a32(Buffer.from("ünïcode").toString("utf8")));
    expect(partitionOf("user:1", 1)).toBe(0);
  });

  it("is shared by about as many entities as any other", () => {
    const counts = new Array<number>(64).fill(0);
    for (let id = 0; id < 100_000; id++) {
      const at = partitionOf(`user:${id}`, 64);
      counts[at] = (counts[at] as number) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(1400);
    expect(Math.max(...counts)).toBeLessThan(1700);
  });
});

describe("the names of partitions", () => {
  it.each([2, 16, 64, 1000])("of %i lie evenly in the slots of three masters", (count) => {
    const names = partitionNames(["events"], count, slots);
    expect(names[0]).toBe("events");
    expect(new Set(names).size).toBe(count);
    const masters = [0, 0, 0];
    for (const name of names) {
      const at = Math.floor((slotOf(name) * 3) / SLOTS);
      masters[at] = (masters[at] as number) + 1;
    }
    expect(Math.max(...masters) - Math.min(...masters)).toBeLessThanOrEqual(Math.max(2, count / 50));
  });

  it("keep their places when there are more or fewer of them", () => {
    const counts = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(counts, (wanted) => {
        let names: readonly string[] = ["events"];
        for (const count of wanted) {
          const next = partitionNames(names as [string, ...string[]], count, slots);
          expect(next).toHaveLength(count);
          expect(new Set(next).size).toBe(count);
          expect(next.slice(0, names.length)).toEqual(names.slice(0, count));
          names = next;
        }
      }),
      runs(20),
    );
  });
});

describe("the record of a topology", () => {
  it("is read as it was written, and nothing else is taken for one", () => {
    const topology = { version: 7, streams: ["events", "events:4"], retired: ["events:11"] };
    const record = recordOf(topology);
    expect(topologyIn("events", record)).toEqual(topology);
    expect(topologyIn("events", {})).toEqual(unpartitioned("events"));
    const spoilt = [
      { version: "x" },
      { hash: "md5" },
      { streams: "[" },
      { streams: "{}" },
      { streams: "[]" },
      { streams: '["events:4"]' },
      { streams: '["events","events"]' },
      { streams: '["events","orders:1"]' },
      { streams: '["events","events:4:dead"]' },
      { streams: '["events",4]' },
      { retired: '["events:4"]' },
    ];
    for (const each of spoilt) expect(topologyIn("events", { ...record, ...each })).toBeUndefined();
  });
});
