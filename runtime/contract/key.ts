import { entityOf, type FlatFields, fieldOf, KEY_FIELD, type Layout } from "./codec.js";

/** What an entry's messages are ordered by: the key that its publisher chose, else its entity. */
export function orderedBy(entry: FlatFields): string | undefined {
  return chosenKeyOf(entry) ?? entityOf(entry);
}

/** The key that the publisher of a message chose. */
export function chosenKeyOf(entry: FlatFields): string | undefined {
  return fieldOf(entry, KEY_FIELD) || undefined;
}

/** The same entry with a key that its publisher chose. */
export function keyed(entry: FlatFields, key: string | undefined): FlatFields {
  return key === undefined ? entry : [...entry, KEY_FIELD, key];
}

const keyedLayouts = new WeakMap<Layout, Layout>();

/** The layout of entries of one layout that have a key besides. */
export function keyedLayout(layout: Layout): Layout {
  const known = keyedLayouts.get(layout) ?? [...layout, KEY_FIELD];
  keyedLayouts.set(layout, known);
  return known;
}
