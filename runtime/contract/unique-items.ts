import type { Ajv2020 } from "ajv/dist/2020.js";
import { areEqual, hasParts } from "./equal.js";
import { loadAjv } from "./load-ajv.js";
import { hashOf } from "./value-hash.js";

/** Makes an Ajv compare each item of a list with all others at once. It compares each two: 20,000 objects took seconds. */
export function checkUniqueAtOnce(ajv: Ajv2020): void {
  ajv.removeKeyword("uniqueItems");
  ajv.addKeyword({
    keyword: "uniqueItems",
    type: "array",
    schemaType: "boolean",
    code(context) {
      const { _ } = loadAjv();
      const { gen, data, schema } = context;
      const name = gen.scopeValue("func", { ref: areUnique, code: _`checkSupport.areUnique` });
      if (schema === true) context.pass(_`${name}(${data})`);
    },
  });
}

/** So many items may be alike by their hashes. Values that are made for it are compared by their texts, which takes longer. */
const MOST_ALIKE = 100;

/** Also what written checks call. */
export function areUnique(items: readonly unknown[]): boolean {
  if (items.length < 2) return true;
  const plain = new Set<unknown>();
  const parts = new Map<number, unknown>();
  let alike = 0;
  for (const item of items) {
    if (!hasParts(item)) {
      if (plain.has(item)) return false;
      plain.add(item);
      continue;
    }
    let hash = hashOf(item);
    for (let other = parts.get(hash); other !== undefined; other = parts.get(hash)) {
      if (areEqual(other, item)) return false;
      if (++alike > MOST_ALIKE) return new Set(items.map(keyOf)).size === items.length;
      hash++;
    }
    parts.set(hash, item);
  }
  return true;
}

/** The same key for equal values only. A text of an item that is none begins otherwise than any text that is one. */
function keyOf(item: unknown): unknown {
  return typeof item === "string" || hasParts(item) ? textOf(item) : item;
}

/**
 * The same text for equal values only, whatever the order of their names. Each text in it follows its length, so that nothing
 * has to be escaped.
 */
function textOf(value: unknown): string {
  if (typeof value === "string") return `"${value.length}:${value}`;
  if (!hasParts(value)) return `${value},`;
  if (Array.isArray(value)) return `[${value.map(textOf).join("")}]`;
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${name.length}:${name}${textOf(value[name])}`).join("")}}`;
}
