import type { Issue } from "../errors.js";
import { areEqual } from "./equal.js";
import { shownPath } from "./issue-path.js";
import type { JsonSchema } from "./json-schema.js";
import { maskedValue } from "./masked-value.js";
import { MASKED, maskedOf } from "./sensitive.js";

/** What is nested deeper is left as it is. */
const DEEPEST = 200;

type Container = Readonly<Record<string, unknown>>;

/** A value with what was masked in it, and what is wrong with that. */
export interface Unmasked {
  readonly value: unknown;
  readonly issues: readonly Issue[];
}

/**
 * Puts back what was masked in an edited copy: a `…` where the original has a value that is not shown stands for that. In a list
 * items may have been moved, so there each item is put back only if the list is as long as it was and the item unchanged.
 */
export function unmasked(edited: unknown, original: unknown, schema: JsonSchema): Unmasked {
  const issues: Issue[] = [];
  const restore = (value: unknown, known: unknown, shown: unknown, path: readonly string[]): unknown => {
    if (shown !== undefined && areEqual(value, shown)) return known;
    if (value === MASKED && maskedOf(schema, path, true).isSensitive) {
      const why = "must be written out: it stands for no value of the original";
      issues.push({ path: shownPath(path, schema), message: why });
      return value;
    }
    const names = namesIn(value);
    if (names.length === 0 || path.length > DEEPEST) return value;
    const isKnown = !Array.isArray(value) || (Array.isArray(shown) && shown.length === value.length);
    const inner = names.map((name): [string, unknown] => {
      const [before, beforeShown] = isKnown ? [own(known, name), own(shown, name)] : [undefined, undefined];
      // Of a changed item in a list it is not known which one it was.
      const isMoved = Array.isArray(value) && !areEqual((value as unknown as Container)[name], beforeShown);
      const [from, fromShown] = isMoved ? [undefined, undefined] : [before, beforeShown];
      return [name, restore((value as Container)[name], from, fromShown, [...path, name])];
    });
    return Array.isArray(value) ? inner.map(([, each]) => each) : Object.fromEntries(inner);
  };
  return { value: restore(edited, original, maskedValue(schema, original).value, []), issues };
}

function own(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Container)[name]
    : undefined;
}

function namesIn(value: unknown): readonly string[] {
  return typeof value === "object" && value !== null ? Object.keys(value) : [];
}
