import { stringLiteral } from "./escape.js";

/** The longest line of generated code. */
export const LINE_WIDTH = 120;

/**
 * Prints a JSON value as a TypeScript literal, laid out as a formatter does: on one line if it fits, else one property
 * a line.
 *
 * @param column the column at which the literal starts
 * @param indent the indentation of that line
 * @param after the number of characters that follow the literal on its last line
 */
export function printLiteral(value: unknown, column = 0, indent = 0, after = 1): string {
  const flat = printOnOneLine(value);
  const fits = column + flat.length + after <= LINE_WIDTH && !hasTable(value);
  if (fits || typeof value !== "object" || value === null) return flat;
  const lines = Array.isArray(value)
    ? value.map((item) => `${" ".repeat(indent + 2)}${printLiteral(item, indent + 2, indent + 2)},\n`)
    : printProperties(value, indent + 2).map((property) => `${property},\n`);
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  return `${open}\n${lines.join("")}${" ".repeat(indent)}${close}`;
}

/** Prints the properties of an object literal, one property a line, without commas. */
export function printProperties(value: object, indent: number): readonly string[] {
  return Object.entries(value).map(([name, item]) => {
    const key = `${" ".repeat(indent)}${printKey(name)}: `;
    return `${key}${printLiteral(item, key.length, indent)}`;
  });
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

/** Returns whether a value contains an array of several objects, which formatters never put on one line. */
function hasTable(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const items = Object.values(value);
  const isRow = (item: unknown): boolean => typeof item === "object" && item !== null && Object.keys(item).length > 1;
  const isTable =
    Array.isArray(value) &&
    items.length > 1 &&
    items.every((item) => isRow(item) && Array.isArray(item) === Array.isArray(items[0]));
  return isTable || items.some(hasTable);
}

/** Prints a JSON value as a literal on one line. It is also the type of exactly this value. */
export function printOnOneLine(value: unknown): string {
  if (typeof value === "string") return stringLiteral(value);
  if (Array.isArray(value)) return `[${value.map((item) => printOnOneLine(item)).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const properties = Object.entries(value).map(([name, item]) => `${printKey(name)}: ${printOnOneLine(item)}`);
  return properties.length === 0 ? "{}" : `{ ${properties.join(", ")} }`;
}
