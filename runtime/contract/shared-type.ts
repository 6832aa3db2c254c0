import type { JsonSchema } from "./json-schema.js";

const REF = /"\$ref":"#\/\$defs\/((?:[^"\\]|\\.)*)"/g;
/** Keywords whose schemas may apply to the same value, or to the same items of it. */
const IN_PLACE = new Set(["allOf", "anyOf", "oneOf", "if", "then", "else", "not", "contains", "items", "prefixItems"]);
/** Those that hold them by name. A name may match several patterns. */
const NAMED = new Set(["dependentSchemas", "patternProperties"]);
/** Of more types it is not found out: it takes the square of their number. */
const MOST_TYPES = 300;

/**
 * Whether several schemas for the same value lead to the same type: two forms with the same property, for example. A value
 * in a value in a value is then checked by two ways at each level, which takes 2^n steps.
 */
export function hasSharedType(schema: JsonSchema): boolean {
  const types = Object.entries(schema.$defs ?? {});
  if (types.length === 0) return false;
  if (types.length > MOST_TYPES) return true;
  // A type that holds nothing ends the way.
  const inner = new Map(types.map(([name, type]) => [name, refsIn(type)]));
  const holding = new Map(types.map(([name, type]) => [name, !isLeaf(type)]));
  const reached = (from: unknown): ReadonlySet<string> => {
    const names = new Set(refsIn(from));
    // A set visits what is added to it on the way.
    for (const name of names) for (const next of inner.get(name) ?? []) names.add(next);
    return new Set([...names].filter((name) => holding.get(name)));
  };
  return walk(schema).some((each) => {
    const seen = new Set<string>();
    return branchesOf(each).some((branch) => {
      const names = [...reached(branch)];
      if (names.some((name) => seen.has(name))) return true;
      for (const name of names) seen.add(name);
      return false;
    });
  });
}

function refsIn(value: unknown): readonly string[] {
  const text = JSON.stringify(value) ?? "";
  return [...text.matchAll(REF)].map(([, name]) => JSON.parse(`"${name}"`) as string);
}

function isLeaf(type: JsonSchema): boolean {
  return !/"(properties|patternProperties|additionalProperties|items|prefixItems|contains|\$ref)":/.test(
    JSON.stringify(type),
  );
}

/** The parts of a schema that apply to the same value, or to the same items of it, side by side. */
function branchesOf(schema: JsonSchema): readonly unknown[] {
  const { $defs: _, ...whole } = schema;
  const branches: unknown[] = [];
  const rest: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(whole)) {
    if (NAMED.has(keyword)) branches.push(...Object.values(value as object));
    else if (!IN_PLACE.has(keyword)) rest[keyword] = value;
    else if (Array.isArray(value)) branches.push(...value);
    else branches.push(value);
  }
  return branches.length === 0 ? [] : [rest, ...branches];
}

function walk(value: unknown): readonly JsonSchema[] {
  if (typeof value !== "object" || value === null) return [];
  const own = Array.isArray(value) ? [] : [value as JsonSchema];
  return [...own, ...Object.values(value).flatMap(walk)];
}
