import { expect, it } from "vitest";
import { Erased, isErased } from "../../../runtime/contract/erased.js";

it("an erased value says what it is, as text and as JSON", () => {
  const erased = new Erased("2026-11-23T10:30:00Z");
  expect(`${erased}`).toBe("erased");
  expect(JSON.stringify({ email: erased })).toBe('{"email":{"erased":true,"at":"2026-11-23T10:30:00Z"}}');
});

it("an erased value is told from what looks like one", () => {
  const erased = new Erased("2026-11-23T10:30:00Z");
  expect(isErased(erased)).toBe(true);
  const others = [undefined, null, "erased", 1, {}, [], { ...erased }, JSON.parse(JSON.stringify(erased))];
  expect(others.filter(isErased)).toEqual([]);
});
