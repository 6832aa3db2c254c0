import { nameOf } from "../schema/definition-ref.js";
import type { Schema } from "../schema/schema.js";
import { mapChildren } from "../schema/walk.js";
import { docOf } from "./doc-comment.js";

/** A schema that is reduced to the keywords that json-schema-to-typescript prints well. */
export type Shape = Readonly<Record<string, unknown>>;

const shapeKeywords = [
  "type",
  "properties",
  "required",
  "additionalProperties",
  "items",
  "prefixItems",
  "minItems",
  "anyOf",
  "oneOf",
];

/** Reduces a schema to its type: `$ref`s become names, annotations become doc comments, and bounds are dropped. */
export function shapeOf(schema: Schema): Shape {
  const shape = mapChildren(keepShape(schema), (child) => {
    const description = docOf(child).replaceAll("*/", "*\\/");
    const inner = shapeOf(child);
    return description === "" ? inner : { ...inner, description };
  });
  return tupleOf(shape);
}

function keepShape(schema: Schema): Schema {
  if (schema.$ref !== undefined) return { tsType: nameOf(schema.$ref) };
  if (schema.const !== undefined) return { enum: [schema.const] };
  if (schema.enum !== undefined) return { enum: schema.enum };
  const shape = Object.fromEntries(Object.entries(schema).filter(([keyword]) => shapeKeywords.includes(keyword)));
  for (const keyword of ["anyOf", "oneOf"] as const) if (!schema[keyword]?.every(hasShape)) delete shape[keyword];
  const whole = { ...shape, ...mapOf(schema) };
  const saysNothing = Object.keys(whole).every((keyword) => keyword === "required" || keyword === "minItems");
  if (saysNothing) return { tsType: "unknown" };
  return isEmptyObject(whole) ? { tsType: "Record<string, never>" } : whole;
}

/** Returns whether a branch is a type. A branch with only `required`, for example, is just a condition. */
function hasShape(branch: Schema): boolean {
  return keepShape(branch)["tsType"] !== "unknown";
}

/** Turns `patternProperties` into an index signature, since TypeScript cannot distinguish keys by pattern. */
function mapOf({ patternProperties, additionalProperties }: Schema): Schema {
  if (patternProperties === undefined || additionalProperties === true) return {};
  const others = typeof additionalProperties === "object" ? [additionalProperties] : [];
  const [only = {}, ...more] = [...Object.values(patternProperties), ...others];
  return { additionalProperties: more.length === 0 ? only : { anyOf: [only, ...more] } };
}

/** Turns `prefixItems` into draft-04 keywords, which json-schema-to-typescript supports. */
function tupleOf({ prefixItems, items, minItems = 0, ...shape }: Schema): Shape {
  const rest: unknown = items;
  if (prefixItems === undefined) return typeof rest === "object" ? { ...shape, items: rest } : shape;
  const tuple = { ...shape, items: prefixItems, minItems: Math.min(minItems, prefixItems.length) };
  return rest === false ? { ...tuple, maxItems: prefixItems.length } : { ...tuple, additionalItems: rest ?? true };
}

function isEmptyObject({ type, properties = {}, additionalProperties = false, anyOf, oneOf }: Schema): boolean {
  const isClosed = additionalProperties === false && anyOf === undefined && oneOf === undefined;
  return type === "object" && isClosed && Object.keys(properties).length === 0;
}
