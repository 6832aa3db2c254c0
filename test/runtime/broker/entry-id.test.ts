import { expect, it } from "vitest";
import { addedAt, ageOf, comesBefore, LAST_ID, nextId, paddedId } from "../../../runtime/broker/entry-id.js";

it.each([
  ["2-0", "1-9", true],
  ["10-0", "9-0", true],
  ["1-10", "1-9", true],
  ["1-9", "1-10", false],
  ["1-1", "1-1", false],
  ["1-9", "2-0", false],
  ["1-0", "0-0", true],
  // Beyond what a number of JavaScript tells apart.
  ["1-18446744073709551615", "1-18446744073709551614", true],
])("%s after %s: %s", (id, than, later) => {
  expect(comesBefore(than, id)).toBe(later);
  expect(paddedId(than) < paddedId(id)).toBe(later);
});

it("an entry was added at the time that stands before the hyphen of its id", () => {
  expect(addedAt("1700000000000-7")).toBe(1_700_000_000_000);
});

it.each(["1700000000000-7", "9007199254740993-0", "18446744073709551614-0", LAST_ID])(
  "an age is that of an entry, or none when its id %s lies in the future",
  (id) => {
    expect(ageOf(id, 1_700_000_001_000)).toBe(id === "1700000000000-7" ? 1000 : 0);
    expect(new Date(addedAt(id)).getTime()).toBe(addedAt(id));
  },
);

it.each([
  ["0-0", "1700000000000-0"],
  ["1699999999999-5", "1700000000000-0"],
  ["1700000000000-5", "1700000000000-6"],
  ["1800000000000-9007199254740992", "1800000000000-9007199254740993"],
  ["18446744073709551614-18446744073709551615", "18446744073709551615-0"],
  [LAST_ID, undefined],
])("behind %s follows %s", (last, next) => {
  expect(nextId(last, 1_700_000_000_000.9)).toBe(next);
});
