import { definitionOf, type JsonSchema } from "./json-schema.js";

type Parts = { readonly [name: string]: JsonSchema } | undefined;

/**
 * True if the value at a path, or anything that contains it, may be marked as sensitive. A condition or a form that does
 * not apply to the value counts as well: a value is rather masked once too often. Each part of the schema is looked at
 * once for each step of the path.
 */
export function isSensitive(root: JsonSchema, path: readonly string[]): boolean {
  let schemas = inPlace(root, [root]);
  for (const token of path) {
    if (schemas.some(({ sensitive }) => sensitive === true)) return true;
    schemas = inPlace(
      root,
      schemas.flatMap((schema) => childrenOf(schema, token)),
    );
  }
  return schemas.some(({ sensitive }) => sensitive === true);
}

/** These schemas and all that apply, or may apply, to the same value. */
function inPlace(root: JsonSchema, schemas: readonly unknown[]): readonly JsonSchema[] {
  const found = new Set<JsonSchema>();
  const waiting = [...schemas];
  while (waiting.length > 0) {
    const schema = waiting.pop();
    if (!isObject(schema) || found.has(schema)) continue;
    found.add(schema);
    const { allOf, anyOf = [], oneOf = [], dependentSchemas } = schema;
    for (const alternatives of [allOf as JsonSchema[] | undefined, anyOf, oneOf]) waiting.push(...(alternatives ?? []));
    waiting.push(definitionOf(root, schema), schema["not"], schema["if"], schema["then"], schema["else"]);
    waiting.push(...Object.values((dependentSchemas as Parts) ?? {}));
  }
  return [...found];
}

/** The schemas that apply, or may apply, to a property or an item of a value. */
function childrenOf(schema: JsonSchema, token: string): readonly unknown[] {
  const { properties, patternProperties, additionalProperties, items, prefixItems, contains } = schema;
  const children: unknown[] = [additionalProperties, schema["unevaluatedProperties"]];
  if (properties !== undefined && Object.hasOwn(properties, token)) children.push(properties[token]);
  for (const [pattern, child] of Object.entries((patternProperties as Parts) ?? {})) {
    if (new RegExp(pattern, "u").test(token)) children.push(child);
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
