import { isDeepStrictEqual } from "node:util";

import { isObject } from "../contract/is-object.js";
import { ABSENT, type Difference } from "./difference.js";

/** A part of a value: of its objects any properties, at any depth. In lists each item is a part of its own. */
export type PartOf<Value> = Value extends readonly (infer Item)[]
  ? readonly PartOf<Item>[]
  : Value extends object
    ? { readonly [Key in keyof Value]?: PartOf<Value[Key]> | undefined }
    : Value;

/** A matcher of a test runner that stands for a value, as `expect.any(Number)`. */
interface AsymmetricMatcher {
  asymmetricMatch(value: unknown): boolean;
}

/**
 * The places where a value is not as a part demands. A property of the part that is `undefined` must be absent; a matcher of
 * the runner is asked.
 */
export function mismatches(part: unknown, value: unknown, path = ""): readonly Difference[] {
  if (isMatcher(part)) return part.asymmetricMatch(value) ? [] : [{ path, expected: part, actual: value }];
  const isMissing = value === undefined || value === ABSENT;
  if (part === undefined) return isMissing ? [] : [{ path, expected: ABSENT, actual: value }];
  if (isList(part) && isList(value)) {
    const length =
      part.length === value.length ? [] : [{ path: `${path}.length`, expected: part.length, actual: value.length }];
    return [
      ...length,
      ...part.flatMap((item, at) => mismatches(item, at in value ? value[at] : ABSENT, `${path}[${at}]`)),
    ];
  }
  if (isObject(part) && isObject(value)) {
    return Object.entries(part).flatMap(([name, inner]) =>
      mismatches(inner, Object.hasOwn(value, name) ? value[name] : ABSENT, path === "" ? name : `${path}.${name}`),
    );
  }
  return isDeepStrictEqual(part, value) ? [] : [{ path, expected: part, actual: isMissing ? ABSENT : value }];
}

function isMatcher(value: unknown): value is AsymmetricMatcher {
  return typeof (value as AsymmetricMatcher | null | undefined)?.asymmetricMatch === "function";
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
