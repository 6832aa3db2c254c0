import { expect, it } from "vitest";
import { addedAt, comesBefore, isLater } from "../../../runtime/broker/entry-id.js";

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
  expect(isLater(id, than)).toBe(later);
  expect(comesBefore(than, id)).toBe(later);
});

it("an entry was added at the time that stands before the hyphen of its id", () => {
  expect(addedAt("1700000000000-7")).toBe(1_700_000_000_000);
});
