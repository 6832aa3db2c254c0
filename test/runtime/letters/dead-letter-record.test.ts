import { describe, expect, it } from "vitest";
import { letterOf } from "../../../runtime/letters/dead-letter-record.js";

const letter = (fields: Readonly<Record<string, string | Buffer>>): Buffer[] =>
  Object.entries(fields).flatMap(([name, value]) => [Buffer.from(name), Buffer.from(value)]);

describe("a dead letter's record", () => {
  it("is read with its original, byte for byte", () => {
    const bytes = Buffer.from([0, 0xff, 0x2c, 0x3a, 0x31]);
    const original = Buffer.concat([Buffer.from("4:junk,5:"), bytes, Buffer.from(",0:,0:,")]);
    const errors = [{ at: "2026-11-23T10:30:00Z", name: "Error", message: "down" }];
    const fields = letter({
      stream: "events",
      entry_id: "1-0",
      attempts: "2",
      errors: JSON.stringify(errors),
      original,
    });
    expect(letterOf(fields)).toMatchObject({ stream: "events", entryId: "1-0", attempts: 2, errors });
    expect(letterOf(fields).original).toEqual([Buffer.from("junk"), bytes, Buffer.alloc(0), Buffer.alloc(0)]);
  });

  it("has no type and no ids when the entry told none, and no original when that had been deleted", () => {
    const empty = { type: undefined, messageId: undefined, correlationId: undefined, errors: [], original: [] };
    expect(letterOf(letter({ type: "", message_id: "", original: "" }))).toMatchObject(empty);
    expect(letterOf([])).toMatchObject(empty);
  });

  it.each([
    "4:jun,",
    "junk",
    "x:junk,",
    "5:junk,",
    "4:junk",
    "4:junk,",
    "-5:junk,",
    "1e1:junk,",
    ":,",
    "9999999999999999:a,",
    ":".repeat(9),
  ])("says so when its original is none: %s", (original) => {
    const read = letterOf(letter({ group: "g", original }));
    expect(read).toMatchObject({ group: "g", original: [], problem: "its original is not a list of names and values" });
  });

  it.each(["{", "null", "{}", "[1]", '[{"at":1}]', "[[]]"])("says so when its errors are none: %s", (errors) => {
    const read = letterOf(letter({ group: "g", errors, attempts: "-1" }));
    expect(read).toMatchObject({ errors: [], attempts: 0, problem: "its errors are not a list of errors" });
  });
});
