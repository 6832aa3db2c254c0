import type { JsonSchema } from "./json-schema.js";
import { patternOf } from "./pattern.js";

type Parts = { readonly [name: string]: JsonSchema } | undefined;

/** Stands for a name that is sensitive itself. */
export const MASKED = "…";

/** What is masked on the way to a value, and the value itself. */
export interface Masked {
  /** The path, with `…` for each name that is sensitive itself: `propertyNames` marks those. */
  readonly path: readonly string[];
  /**
   * True if the value, or anything that contains it, may be marked as sensitive. For one that holds nothing, also if what
   * the schema expects there has a sensitive part: a text may be the JSON of it.
   */
  readonly isSensitive: boolean;
}

/**
 * Tells what of a value and its path is masked. A condition or a form that does not apply to the value counts as well, and
 * so does a reference that leads nowhere: a value is rather masked once too often. Each part of the schema is looked at once
 * for each step of the path.
 */
export function maskedOf(root: JsonSchema, path: readonly string[], holdsNothing: boolean): Masked {
  let schemas = inPlace(root, [root]);
  let isSensitive = schemas.some(isMarked);
  const shown = path.map((token) => {
    const hidden = inPlace(
      root,
      schemas.map(({ propertyNames }) => propertyNames),
    ).some(isMarked);
    schemas = inPlace(
      root,
      schemas.flatMap((schema) => childrenOf(schema, token)),
    );
    isSensitive ||= schemas.some(isMarked);
    return hidden ? MASKED : token;
  });
  return { path: shown, isSensitive: isSensitive || (holdsNothing && hasMark(root, schemas)) };
}

/** Whether a schema says that its value is sensitive. */
export function isMarked({ sensitive }: JsonSchema): boolean {
  return sensitive === true;
}

/** Whether any part of these schemas is marked. */
export function hasMark(root: JsonSchema, schemas: readonly JsonSchema[]): boolean {
  return reaches(root, schemas, isMarked);
}

/** Whether a condition holds for any part of what these schemas describe. */
export function reaches(root: JsonSchema, schemas: readonly unknown[], holds: (part: JsonSchema) => boolean): boolean {
  const seen = new Set<unknown>();
  const waiting: unknown[] = [...schemas];
  while (waiting.length > 0) {
    const part = waiting.pop();
    if (typeof part !== "object" || part === null || seen.has(part)) continue;
    seen.add(part);
    if (holds(part as JsonSchema)) return true;
    for (const [name, inner] of Object.entries(part)) if (name !== "$defs") waiting.push(inner);
    waiting.push(...referred(root, part as JsonSchema));
  }
  return false;
}

/** These schemas and all that apply, or may apply, to the same value. */
export function inPlace(root: JsonSchema, schemas: readonly unknown[]): readonly JsonSchema[] {
  const found = new Set<JsonSchema>();
  const waiting = [...schemas];
  while (waiting.length > 0) {
    const schema = waiting.pop();
    if (!isObject(schema) || found.has(schema)) continue;
    found.add(schema);
    const { allOf, anyOf = [], oneOf = [], dependentSchemas } = schema;
    for (const alternatives of [allOf as JsonSchema[] | undefined, anyOf, oneOf]) waiting.push(...(alternatives ?? []));
    waiting.push(...referred(root, schema), schema["not"], schema["if"], schema["then"], schema["else"]);
    waiting.push(...Object.values((dependentSchemas as Parts) ?? {}));
  }
  return [...found];
}

/** What a reference names that cannot be followed. */
const UNKNOWN: JsonSchema = { sensitive: true };

function referred(root: JsonSchema, { $ref, $dynamicRef }: JsonSchema): readonly unknown[] {
  return [$ref, $dynamicRef].filter((reference) => typeof reference === "string").map((ref) => targetOf(root, ref));
}

/** The place of a schema that a JSON pointer names. */
function targetOf(root: JsonSchema, reference: string): unknown {
  if (!/^#(\/|$)/.test(reference)) return UNKNOWN;
  let target: unknown = root;
  for (const part of reference.split("/").slice(1)) {
    const name = decoded(part).replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof target !== "object" || target === null || !Object.hasOwn(target, name)) return UNKNOWN;
    target = (target as Record<string, unknown>)[name];
  }
  return target;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The schemas that apply, or may apply, to a property or an item of a value. */
export function childrenOf(schema: JsonSchema, token: string): readonly unknown[] {
  const { properties, patternProperties, additionalProperties, items, prefixItems, contains } = schema;
  const children: unknown[] = [additionalProperties, schema["unevaluatedProperties"]];
  if (properties !== undefined && Object.hasOwn(properties, token)) children.push(properties[token]);
  for (const [pattern, child] of Object.entries((patternProperties as Parts) ?? {})) {
    if (patternOf(pattern).test(token)) children.push(child);
  }
  if (!/^\d+$/.test(token)) return children;
  return [
    ...children,
    items,
    (prefixItems as JsonSchema[] | undefined)?.[Number(token)],
    contains,
    schema["unevaluatedItems"],
  ];
}

function isObject(schema: unknown): schema is JsonSchema {
  return typeof schema === "object" && schema !== null;
}
