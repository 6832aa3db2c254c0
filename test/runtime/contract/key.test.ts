import { expect, it } from "vitest";
import { chosenKeyOf, keyed, keyedLayout, orderedBy } from "../../../runtime/contract/key.js";

const entry = ["entity_type", "user", "entity_id", "7"];

it("an entry is ordered by the key that its publisher chose, else by its entity", () => {
  const [own, other] = [orderedBy(entry), orderedBy(["entity_type", "user", "entity_id", "8"])];
  expect(own).not.toBe(other);
  expect(own).toBe(orderedBy([...entry]));
  expect(orderedBy(keyed(entry, "basket"))).toBe("basket");
  expect(orderedBy(keyed(entry, ""))).toBe(own);
});

it("an entry has the key that was chosen, or none", () => {
  expect(chosenKeyOf(keyed(entry, "basket"))).toBe("basket");
  expect(chosenKeyOf(entry)).toBeUndefined();
  expect(keyed(entry, undefined)).toBe(entry);
  expect(keyed(entry, "basket").slice(0, 4)).toEqual(entry);
});

it("entries of one layout share one with a key", () => {
  const layout = ["a", "b"];
  expect(keyedLayout(layout)).toBe(keyedLayout(layout));
  expect(keyedLayout(layout).slice(0, 2)).toEqual(layout);
  expect(keyedLayout(layout)[2]).toBe(keyed([], "x")[0]);
});
