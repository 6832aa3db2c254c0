import { isObject } from "../../schema/walk.js";
import type { Rewrite } from "./step.js";

/** Has patterns compile with the flag `u`, where they compile without it and mean the same. */
export const mendPatterns: Rewrite = (schema, { note }) => {
  const { pattern, patternProperties } = schema;
  let mended = schema;
  if (typeof pattern === "string" && withoutEscapes(pattern) !== pattern) {
    note("pattern-escape", "pattern");
    mended = { ...mended, pattern: withoutEscapes(pattern) };
  }
  if (isObject(patternProperties)) {
    const entries = Object.entries(patternProperties).map(([key, value]) => [withoutEscapes(key), value]);
    if (entries.some(([key]) => !Object.hasOwn(patternProperties, String(key)))) {
      note("pattern-escape", "patternProperties");
      mended = { ...mended, patternProperties: Object.fromEntries(entries) };
    }
  }
  return mended;
};

/** The pattern without escapes that mean nothing; the pattern itself if it compiles, or if more is wrong with it. */
export function withoutEscapes(pattern: string): string {
  if (compiles(pattern, "u") || !compiles(pattern, "")) return pattern;
  let isClass = false;
  const mended = pattern.replace(/\\([\s\S])|[[\]]/g, (text, escaped: string | undefined) => {
    if (escaped === undefined) {
      isClass = text === "[" ? true : text === "]" ? false : isClass;
      return text;
    }
    const isNeedless = /[^\w^$\\.*+?()[\]{}|/]/.test(escaped) && !(isClass && escaped === "-");
    return isNeedless || escaped === "_" ? escaped : text;
  });
  return compiles(mended, "u") ? mended : pattern;
}

function compiles(pattern: string, flags: string): boolean {
  try {
    new RegExp(pattern, flags);
    return true;
  } catch {
    return false;
  }
}
