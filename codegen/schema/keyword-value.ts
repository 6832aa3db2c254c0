import { formats } from "../../runtime/contract/format.js";
import { matching } from "../../runtime/contract/name-class.js";
import { isSteady } from "../../runtime/contract/pattern.js";
import { backtracksExponentially } from "./backtracking.js";
import { type KeywordValue, keywords, types } from "./keyword.js";
import { exceptionFaults } from "./lint-rule.js";
import type { Path } from "./pointer.js";
import type { Rule } from "./rule.js";
import { suggest } from "./suggest.js";
import { isObject } from "./walk.js";

/** A problem with a keyword's value. */
export interface Fault {
  /** The keys from the value to the faulty place. */
  readonly path: Path;
  readonly rule: Rule;
  readonly sentence: string;
  readonly suggestion?: string | undefined;
  readonly at?: "key";
}

/** Keywords that may have any text. */
const free = new Set([...keywords].filter(([, kind]) => kind === "text").map(([keyword]) => keyword));
for (const keyword of ["format", "pattern"]) free.delete(keyword);

/** Finds the problems of a keyword's value. Its meaning is examined only if its form is right. */
export function faultsOf(keyword: string, value: unknown): readonly Fault[] {
  // Fast path: most values are these.
  if (typeof value === "string" && (free.has(keyword) || (keyword === "type" && types.includes(value)))) return [];
  const kind = keywords.get(keyword);
  const faults = kind === undefined ? [] : formFaults(kind, value);
  return faults.length > 0 ? faults : meaningFaults(keyword, value);
}

function formFaults(kind: KeywordValue, value: unknown): readonly Fault[] {
  const unless = (holds: boolean, demand: string): readonly Fault[] =>
    holds ? [] : [{ path: [], rule: ruleOf(kind), sentence: `must be ${demand}` }];
  const isCount = Number.isInteger(value) && (value as number) >= 0;
  switch (kind) {
    case "text":
      return unless(typeof value === "string", "a string");
    case "flag":
      return unless(typeof value === "boolean", "true or false");
    case "number":
      return unless(typeof value === "number", "a number");
    case "positive number":
      return unless(typeof value === "number" && value > 0, "a number greater than 0");
    case "count":
      return unless(isCount, "an integer of at least 0");
    case "names":
      return unless(isNames(value), "an array of unique names");
    case "named names":
      return unless(
        isObject(value) && Object.values(value).every(isNames),
        "an object whose values are arrays of unique names",
      );
    case "values":
      return unless(Array.isArray(value) && value.length > 0, "a non-empty array");
    case "type":
      return unless(isNames([value].flat()) && [value].flat().length > 0, "a type name or an array of type names");
    case "schema":
    case "schema or boolean":
      return unless(isSchema(value), "a schema object, true or false");
    case "schemas":
      return [
        ...unless(Array.isArray(value) && value.length > 0, "a non-empty array of schemas"),
        ...(Array.isArray(value) ? notSchemas(Object.entries(value)) : []),
      ];
    case "named schemas":
      return [
        ...unless(isObject(value), "an object whose values are schemas"),
        ...(isObject(value) ? notSchemas(Object.entries(value)) : []),
      ];
    case "exceptions":
      return exceptionFaults(value).map((fault) => ({ ...fault, rule: "keyword-value" }));
    case "day":
      return unless(typeof value === "string" && isDay(value), "a day as YYYY-MM-DD");
    case "name":
      return unless(
        typeof value === "string" && /^\w[\w.-]*$/.test(value),
        "a name: letters, digits, `.`, `_` and `-`",
      );
    case "encrypt":
      return unless(value === true || value === "read" || value === "write", 'true, "read" or "write"');
    case "subject":
      return unless(
        [value].flat().length > 0 && [value].flat().every(isSubject),
        "the path to a field, such as entity_id, payload.user_id or user:payload.id, or a list of them",
      );
    case "anything":
      return [];
  }
}

function isSubject(value: unknown): boolean {
  return typeof value === "string" && /^(?:[a-z][a-z0-9_-]*:)?\w+(?:\.\w+)*$/.test(value);
}

/** A day that there is, in the form of RFC 3339. */
function isDay(text: string): boolean {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

function ruleOf(kind: KeywordValue): Rule {
  return /schema/.test(kind) ? "schema-form" : "keyword-value";
}

function notSchemas(entries: readonly (readonly [string, unknown])[]): readonly Fault[] {
  return entries
    .filter(([, item]) => !isSchema(item))
    .map(([key]) => ({ path: [key], rule: "schema-form", sentence: "must be a schema object, true or false" }));
}

/** Returns whether a value has the form of a schema. */
export function isSchema(value: unknown): boolean {
  return isObject(value) || typeof value === "boolean";
}

function isNames(value: unknown): boolean {
  return (
    Array.isArray(value) && value.every((item) => typeof item === "string") && new Set(value).size === value.length
  );
}

/** Checks the meaning of a well-formed value: names of types and formats, regular expressions. */
function meaningFaults(keyword: string, value: unknown): readonly Fault[] {
  switch (keyword) {
    case "type":
      return [value].flat().flatMap((name, at): readonly Fault[] => {
        if (types.includes(String(name))) return [];
        const path = Array.isArray(value) ? [`${at}`] : [];
        return [
          {
            path,
            rule: "unknown-type",
            sentence: `"${String(name)}" is not a type of JSON Schema`,
            suggestion: suggest(String(name), types) ?? `"${typeLike(String(name))}"`,
          },
        ];
      });
    case "format": {
      if (Object.hasOwn(formats, String(value))) return [];
      const known = Object.keys(formats);
      const sentence = `"${String(value)}" is not a supported format; supported are ${known.join(", ")}`;
      return [{ path: [], rule: "unknown-format", sentence, suggestion: suggest(String(value), known) }];
    }
    case "pattern":
      return regexFault(String(value), []);
    case "$defs":
    case "properties":
    case "dependentSchemas":
      return protoFault(value as object, "cannot be a property name in JavaScript");
    case "patternProperties":
      return [
        ...protoFault(value as object, "cannot be a property name in JavaScript; write the pattern as `(?:__proto__)`"),
        ...Object.keys(value as object).flatMap((pattern) =>
          // A writer's check may test a name for several patterns at once.
          regexFault(pattern, [pattern], [pattern, `^${matching(pattern)}`]),
        ),
      ];
    default:
      return [];
  }
}

/** The code that checks would lose what is said of it. */
function protoFault(value: object, sentence: string): readonly Fault[] {
  return Object.hasOwn(value, "__proto__") ? [{ path: ["__proto__"], rule: "property-name", sentence }] : [];
}

/** The JSON Schema type that corresponds to a type of another language. */
function typeLike(name: string): string {
  if (/^(int|long|int32|int64)$/i.test(name)) return "integer";
  if (/^(float|double|decimal)$/i.test(name)) return "number";
  if (/^(bool)$/i.test(name)) return "boolean";
  if (/^(list|tuple)$/i.test(name)) return "array";
  if (/^(dict|map|json)$/i.test(name)) return "object";
  return "string";
}

/** @param forms - the pattern as checks have it */
function regexFault(pattern: string, path: Path, forms: readonly string[] = [pattern]): readonly Fault[] {
  try {
    new RegExp(pattern, "u");
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^Invalid regular expression: /, "") : String(error);
    return [{ path, rule: "regular-expression", sentence: `is not a valid regular expression: ${reason}` }];
  }
  const sentence = backtrackingOf(pattern, forms);
  return sentence === undefined ? [] : [{ path, rule: "backtracking", sentence }];
}

/** Why a text that a pattern refuses may take long. */
function backtrackingOf(pattern: string, forms: readonly string[]): string | undefined {
  const backtracks = backtracksExponentially(pattern);
  if (backtracks === undefined) {
    return "has repetitions of too many characters to tell how long they take; make them shorter";
  }
  if (backtracks) {
    return "can match the same characters of a repetition in several ways, so that a text of some dozen characters takes hours; begin each turn of the repetition with a character that cannot continue the last one";
  }
  if (forms.every(isSteady)) return undefined;
  return "can take a time that grows with the square of a text's length, or more; begin it with `^`, have each repetition followed by a character that is not in it, and use no `\\b`, no `\\1` and no look-around but after `^`";
}
