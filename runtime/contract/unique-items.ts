import type { Ajv2020 } from "ajv/dist/2020.js";
import { loadAjv } from "./load-ajv.js";

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

/** Also what written checks call. */
export function areUnique(items: readonly unknown[]): boolean {
  if (items.length < 2) return true;
  const seen = new Set<unknown>();
  for (const item of items) {
    const key = itemKeyOf(item);
    if (seen.has(key)) return false;
    seen.add(key);
  }
  return true;
}

/** The same key for equal values only. A text of an item that is none begins otherwise than any text that is one. */
export function itemKeyOf(item: unknown): unknown {
  if (typeof item === "string") return `"${item}`;
  return typeof item === "object" && item !== null ? textOf(item) : item;
}

/** The same text for equal values only, whatever the order of their names. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join(",")}]`;
  if (typeof value !== "object" || value === null)
    return typeof value === "string" ? JSON.stringify(value) : `${value}`;
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${textOf((value as Record<string, unknown>)[name])}`).join(",")}}`;
}
