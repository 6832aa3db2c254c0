/** What is nested deeper than this is not looked at. */
const DEEP = 8;
/** The bytes of an escaped control character. */
const LONGEST_CHARACTER = 6;
/** More bytes than a number has, or what is around a text. */
const MARGIN = 32;
const HOLE = "null,".length;

/** More bytes than the value has as JSON. NaN where that is not known: it may be impossible to write, or is nested deeply. */
export function bytesAtMost(value: unknown, depth = 0): number {
  if (typeof value === "string") return LONGEST_CHARACTER * value.length + MARGIN;
  // Each larger double is a whole number.
  if (typeof value === "number") return Math.abs(value) <= Number.MAX_SAFE_INTEGER ? MARGIN : Number.NaN;
  if (typeof value !== "object" || value === null) return typeof value === "bigint" ? Number.NaN : MARGIN;
  if (depth === DEEP || "toJSON" in value) return Number.NaN;
  // A hole of a list is written, too.
  let bytes = MARGIN + (Array.isArray(value) ? HOLE * value.length : 0);
  for (const name in value) {
    bytes += LONGEST_CHARACTER * name.length + bytesAtMost((value as Record<string, unknown>)[name], depth + 1);
  }
  return bytes;
}
