import { stringLiteral } from "./escape.js";

/** The longest line of generated code. */
export const LINE_WIDTH = 120;

/** A JSON value that is printed on one line, with what is in it. */
interface Flat {
  readonly text: string;
  /** Whether an array of several objects is in it, which formatters never put on one line. */
  readonly hasTable: boolean;
  /** The printed keys and values of an object, the items of an array; `undefined` for all else. */
  readonly properties?: readonly (readonly [key: string, value: Flat])[];
  readonly items?: readonly Flat[];
}

/**
 * Prints a JSON value as a TypeScript literal, laid out as a formatter does: on one line if it fits, else one property
 * a line.
 *
 * @param column the column at which the literal starts
 * @param indent the indentation of that line
 * @param after the number of characters that follow the literal on its last line
 */
export function printLiteral(value: unknown, column = 0, indent = 0, after = 1): string {
  return layOut(flatten(value), column, indent, after);
}

/** Prints the properties of an object literal, one property a line, without commas. */
export function printProperties(value: object, indent: number): readonly string[] {
  return (flatten(value).properties ?? []).map((property) => layOutProperty(property, indent));
}

function layOut(flat: Flat, column: number, indent: number, after: number): string {
  const { text, properties, items, hasTable } = flat;
  if (column + text.length + after <= LINE_WIDTH && !hasTable) return text;
  const margin = " ".repeat(indent + 2);
  const lines =
    properties?.map((property) => layOutProperty(property, indent + 2)) ??
    items?.map((item) => `${margin}${layOut(item, indent + 2, indent + 2, 1)}`);
  if (lines === undefined) return text;
  const [open, close] = properties === undefined ? ["[", "]"] : ["{", "}"];
  return `${open}\n${lines.map((line) => `${line},\n`).join("")}${" ".repeat(indent)}${close}`;
}

function layOutProperty([name, value]: readonly [key: string, value: Flat], indent: number): string {
  const key = `${" ".repeat(indent)}${name}: `;
  return `${key}${layOut(value, key.length, indent, 1)}`;
}

/** Each value is looked at once, however deep it is. */
function flatten(value: unknown): Flat {
  if (typeof value === "string") return { text: stringLiteral(value), hasTable: false };
  if (typeof value !== "object" || value === null) return { text: JSON.stringify(value), hasTable: false };
  if (Array.isArray(value)) {
    const items = value.map(flatten);
    const text = `[${items.map((item) => item.text).join(", ")}]`;
    return { text, items, hasTable: isTable(items) || items.some(({ hasTable }) => hasTable) };
  }
  // One loop, since every property of every schema is printed by it.
  const properties: (readonly [key: string, value: Flat])[] = [];
  let text = "";
  let hasTable = false;
  for (const [name, inner] of Object.entries(value)) {
    const key = printKey(name);
    const item = flatten(inner);
    properties.push([key, item]);
    text += `${text === "" ? "" : ", "}${key}: ${item.text}`;
    hasTable ||= item.hasTable;
  }
  return { text: text === "" ? "{}" : `{ ${text} }`, properties, hasTable };
}

function isTable(items: readonly Flat[]): boolean {
  const kind = (item: Flat): "items" | "properties" => (item.items === undefined ? "properties" : "items");
  const isRow = (item: Flat): boolean => (item[kind(item)] ?? []).length > 1;
  return items.length > 1 && items.every((item) => isRow(item) && kind(item) === kind(items[0] as Flat));
}

/** Prints items between `before` and `after`: on one line if they fit, else one item a line. */
export function printList(before: string, items: readonly string[], after: string, indent = 0): string {
  const spaced = before.endsWith("{") ? ` ${items.join(", ")} ` : items.join(", ");
  const oneLine = `${before}${spaced}${after}`;
  if (indent + oneLine.length <= LINE_WIDTH) return oneLine;
  const lines = items.map((item) => `${" ".repeat(indent + 2)}${item},\n`);
  return `${before}\n${lines.join("")}${" ".repeat(indent)}${after}`;
}

/** Prints a property name, in quotes only if necessary. */
export function printKey(name: string): string {
  // A plain `__proto__` key would set the prototype.
  if (name === "__proto__") return '["__proto__"]';
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : stringLiteral(name);
}

/** Prints a JSON value as a literal on one line. It is also the type of exactly this value. */
export function printOnOneLine(value: unknown): string {
  return flatten(value).text;
}
