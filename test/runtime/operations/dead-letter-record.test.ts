import { describe, expect, it } from "vitest";
import { letterOf } from "../../../runtime/operations/dead-letter-record.js";

const letter = (fields: Readonly<Record<string, string | Buffer>>): Buffer[] =>
  Object.entries(fields).flatMap(([name, value]) => [Buffer.from(name), Buffer.from(value)]);

describe("a dead letter's record", () => {
  it("is read with its original, byte for byte", () => {
    const bytes = Buffer.from([0, 0xff, 0x2c, 0x3a, 0x31]);
    const original = Buffer.concat([Buffer.from("4:junk,5:"), bytes, Buffer.from(",0:,")]);
    const errors = [{ at: "2026-11-23T10:30:00Z", name: "Error", message: "down" }];
    const fields = letter({
      stream: "events",
      entry_id: "1-0",
      attempts: "2",
      errors: JSON.stringify(errors),
      original,
    });
    expect(letterOf(fields)).toMatchObject({ stream: "events", entryId: "1-0", attempts: 2, errors });
    expect(letterOf(fields).original).toEqual([Buffer.from("junk"), bytes, Buffer.alloc(0)]);
  });

  it("has no type and no ids when the entry told none, and no original when that had been deleted", () => {
    const empty = { type: undefined, messageId: undefined, correlationId: undefined, errors: [], original: [] };
    expect(letterOf(letter({ type: "", message_id: "", original: "" }))).toMatchObject(empty);
    expect(letterOf([])).toMatchObject(empty);
  });

  it.each(["4:jun,", "junk", "x:junk,", "5:junk,", "4:junk"])("is refused when its original is cut: %s", (original) => {
    expect(() => letterOf(letter({ original }))).toThrow(RangeError);
  });
});
