import { isDeepStrictEqual } from "node:util";
import { nameOf } from "../schema/definition-ref.js";
import type { Schema } from "../schema/schema.js";
import { mapChildren } from "../schema/walk.js";
import { declaredInConditions } from "./condition.js";
import { docOf } from "./doc-comment.js";
import { printOnOneLine } from "./literal.js";
import type { Placeholders } from "./placeholder.js";

/** A schema that is reduced to the keywords that json-schema-to-typescript prints well, without any text of its own. */
export type Shape = Readonly<Record<string, unknown>>;

/** The runtime's type of a value that was erased. */
export const ERASED = "Erased";

const shapeKeywords = new Set([
  "type",
  "properties",
  "required",
  "additionalProperties",
  "items",
  "prefixItems",
  "minItems",
  "allOf",
  "anyOf",
  "oneOf",
]);

/** Reduces a schema to its type: `$ref`s become names, annotations become doc comments, and bounds are dropped. */
export function shapeOf(schema: Schema, placeholders: Placeholders): Shape {
  if (schema.subject !== undefined) {
    const { subject: _, ...there } = schema;
    return { anyOf: [shapeOf(there, placeholders), { tsType: placeholders.ofName(ERASED) }] };
  }
  if (schema.$ref !== undefined) return { tsType: placeholders.ofName(nameOf(schema.$ref)) };
  const type = ownType(schema);
  if (type !== undefined) return typeShape(type, placeholders);
  const shape = mapChildren(keepShape(schema), (child) => {
    const description = docOf(child);
    const inner = shapeOf(child, placeholders);
    return description === "" ? inner : { ...inner, description: placeholders.of(description) };
  });
  return tupleOf(withoutNames(shape, placeholders));
}

/** The members of a union of literals, or one type of TypeScript's own. */
type OwnType = { readonly members: readonly string[] } | { readonly builtIn: string };

/** Found once for each schema: whether a choice is a type depends on all that is in it. */
const ownTypes = new WeakMap<Schema, { readonly type: OwnType | undefined }>();

/** The type of a schema that needs no printer; `undefined` for all others. */
function ownType(schema: Schema): OwnType | undefined {
  const known = ownTypes.get(schema);
  if (known !== undefined) return known.type;
  const type = findOwnType(schema);
  ownTypes.set(schema, { type });
  return type;
}

function findOwnType(schema: Schema): OwnType | undefined {
  if (isDeepStrictEqual(schema["not"], {})) return { builtIn: "never" };
  if (schema.const !== undefined) return { members: [printOnOneLine(schema.const)] };
  if (schema.enum !== undefined) return { members: schema.enum.map(printOnOneLine) };
  const kept = keepShape(schema);
  if (Object.keys(kept).every((keyword) => keyword === "required" || keyword === "minItems"))
    return { builtIn: "unknown" };
  return isEmptyObject(kept) ? { builtIn: "Record<string, never>" } : undefined;
}

function typeShape(type: OwnType, placeholders: Placeholders): Shape {
  if ("builtIn" in type) return { tsType: type.builtIn };
  const [first = "never", ...more] = new Set(type.members);
  const shape = { tsType: placeholders.of(first) };
  // Two members are a union, which is what the printer has to know: it takes longer over each than all others do.
  return more.length === 0 ? shape : { anyOf: [shape, { tsType: placeholders.of(more.join(" | ")) }] };
}

function keepShape(schema: Schema): Schema {
  const shape = Object.fromEntries(Object.entries(schema).filter(([keyword]) => shapeKeywords.has(keyword)));
  // A form without names would forbid those that the schema itself declares.
  const isForm = schema.properties === undefined ? hasShape : (form: Schema) => hasShape(form) && !isEmptyObject(form);
  for (const keyword of ["anyOf", "oneOf"] as const) if (!schema[keyword]?.every(isForm)) delete shape[keyword];
  const layers = schema.allOf?.filter(addsProperties) ?? [];
  if (layers.length > 0) shape["allOf"] = layers;
  else delete shape["allOf"];
  const conditional = declaredInConditions(schema, isForm);
  if (Object.keys(conditional).length > 0) shape["properties"] = { ...schema.properties, ...conditional };
  const hasFurther = ["allOf", "anyOf", "oneOf"].some((keyword) => shape[keyword] !== undefined);
  // Beside a choice or a layer, an object without names would forbid theirs.
  if (hasFurther && isDeepStrictEqual(shape["properties"], {})) delete shape["properties"];
  return typeByType({ ...shape, ...mapOf(schema, shape["properties"] !== undefined) });
}

/** Separates the object from other types beside a choice or a layer, which would be intersected with each of them. */
function typeByType(shape: Schema): Schema {
  const { type, ...rest } = shape;
  const hasFurther = shape.allOf !== undefined || shape.anyOf !== undefined || shape.oneOf !== undefined;
  if (!Array.isArray(type) || !hasFurther) return shape;
  if (!type.includes("object")) return rest;
  const others = type.filter((name) => name !== "object").map((name: string) => ({ type: name }));
  return { anyOf: [{ ...rest, type: "object" }, ...others] };
}

/** Returns whether a branch is a type. A branch with only `required`, for example, is just a condition. */
function hasShape(branch: Schema): boolean {
  if (branch.$ref !== undefined) return true;
  const type = ownType(branch);
  return type === undefined || !("builtIn" in type) || type.builtIn !== "unknown";
}

/** Returns whether a layer is a type that TypeScript can intersect with others. Other layers are constraints. */
function addsProperties(layer: Schema): boolean {
  const isMap = layer.patternProperties !== undefined || typeof layer.additionalProperties === "object";
  const hasNames = !isMap && !isEmptyObject(layer);
  return layer.$ref !== undefined || (hasNames && layer.items === undefined && hasShape(layer));
}

/** Turns `patternProperties` into an index signature, since TypeScript cannot distinguish keys by pattern. */
function mapOf({ patternProperties, additionalProperties }: Schema, hasProperties: boolean): Schema {
  if (additionalProperties === true) return {};
  if (patternProperties === undefined && typeof additionalProperties !== "object") return {};
  // The declared properties must fit the index signature too.
  if (hasProperties) return { additionalProperties: true };
  const others = typeof additionalProperties === "object" ? [additionalProperties] : [];
  const [only = {}, ...more] = [...Object.values(patternProperties ?? {}), ...others];
  return { additionalProperties: more.length === 0 ? only : { anyOf: [only, ...more] } };
}

/** Replaces the names of properties. */
function withoutNames({ properties, required, ...shape }: Schema, placeholders: Placeholders): Schema {
  if (properties === undefined) return shape;
  const named = Object.entries(properties).map(([name, property]) => [placeholders.of(name), property] as const);
  return {
    ...shape,
    properties: Object.fromEntries(named),
    ...(required && {
      required: required.filter((name) => Object.hasOwn(properties, name)).map((name) => placeholders.of(name)),
    }),
  };
}

/** Turns `prefixItems` into draft-04 keywords, which json-schema-to-typescript supports. */
function tupleOf({ prefixItems, items, minItems = 0, ...shape }: Schema): Shape {
  const rest: unknown = items;
  if (prefixItems === undefined) return typeof rest === "object" ? { ...shape, items: rest } : shape;
  const least = Math.min(minItems, prefixItems.length);
  return { ...shape, items: prefixItems, minItems: least, additionalItems: rest ?? true };
}

function isEmptyObject(schema: Schema): boolean {
  const { type, properties = {}, additionalProperties = false, allOf, anyOf, oneOf } = schema;
  const isAlone = allOf === undefined && anyOf === undefined && oneOf === undefined;
  return type === "object" && isAlone && additionalProperties === false && Object.keys(properties).length === 0;
}
