import fc from "fast-check";
import { expect, it } from "vitest";
import { slotOf } from "../../../runtime/broker/slot.js";
import { answerKey, onceKey, redriveKeys, retentionKey, streamKeys } from "../../../runtime/redis/keys.js";
import { runs } from "../../support/runs.js";
import { SCRIPT_CASES } from "./lua/script-cases.js";

it.each([
  // The check value of CRC16/XMODEM, and what Redis says to CLUSTER KEYSLOT.
  ["123456789", 12_739],
  ["events", 9102],
  ["{events}:dead", 9102],
  ["foo", 12_182],
  ["", 0],
  ["é", 10_180],
  ["foo{}{bar}", 8363],
  ["foo{{bar}}zap", 4015],
  ["foo{bar}{zap}", 5061],
  ["}foo{bar}", 5061],
])("the slot of %j is the one that Redis computes", (key, slot) => {
  expect(slotOf(key)).toBe(slot);
});

it("what belongs to a stream lies in one slot, whatever its group and its messages are called", () => {
  const name = fc.stringMatching(/^[A-Za-z0-9._:-]+$/);
  fc.assert(
    fc.property(name, name, fc.string(), (stream, group, id) => {
      const own = streamKeys(stream, group);
      const keys = [...Object.values(own), ...Object.values(redriveKeys(own, group))];
      const others = [answerKey(stream, id), onceKey(stream, id), retentionKey(stream)];
      for (const key of [...keys, ...others]) expect([key, slotOf(key)]).toEqual([key, slotOf(stream)]);
    }),
    runs(50),
  );
});

it("the keys of each script lie in one slot", () => {
  for (const [script, cases] of Object.entries(SCRIPT_CASES)) {
    for (const { what, keys, also = [] } of cases) {
      const slots = new Set([...keys, ...also].map(slotOf));
      expect([script, what, slots.size]).toEqual([script, what, 1]);
    }
  }
});
