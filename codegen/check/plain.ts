import { isDeepStrictEqual } from "node:util";
import { formats } from "../../runtime/contract/format.js";
import type { Expand } from "../model/implies.js";
import { annotations } from "../schema/keyword.js";
import type { Schema } from "../schema/schema.js";
import { everyWithin, isObject } from "../schema/walk.js";
import { isOfType } from "./judge.js";

/** Common keywords that Ajv compiles in any combination. */
export const plainKeywords: ReadonlySet<string> = new Set([
  ...annotations,
  ...["$ref", "type", "const", "enum", "format", "minLength", "maxLength", "minimum", "maximum"],
  ...["properties", "required", "additionalProperties", "items"],
]);

/** Returns whether a schema uses only plain keywords, at every depth. Such a schema is known to compile. */
export function isPlain(schema: Schema): boolean {
  return everyWithin(schema, (inner) => {
    for (const keyword in inner) if (!plainKeywords.has(keyword)) return false;
    return true;
  });
}

/**
 * Returns `true` only if the strict writer accepts a value. In doubt it returns `false`, and Ajv decides; compiling a
 * check with Ajv takes a thousand times as long as this function.
 */
export function plainlyAccepts(schema: Schema, value: unknown, expand: Expand): boolean {
  if (schema.$ref !== undefined) return plainlyAccepts(expand(schema), value, expand);
  const acceptsInner = (inner: Schema, item: unknown): boolean => plainlyAccepts(inner, item, expand);
  return (
    Object.keys(schema).every((keyword) => acceptsKeyword(schema, keyword, value, acceptsInner)) &&
    (!isObject(value) || acceptsAdditional(schema, value, acceptsInner))
  );
}

type Accepts = (schema: Schema, value: unknown) => boolean;

function acceptsKeyword(schema: Schema, keyword: string, value: unknown, accepts: Accepts): boolean {
  switch (keyword) {
    case "type":
      return [schema.type]
        .flat()
        .some((type) => isOfType(value, type) && (type !== "integer" || Number.isSafeInteger(value)));
    case "const":
      return isDeepStrictEqual(value, schema.const);
    case "enum":
      return schema.enum?.some((allowed) => isDeepStrictEqual(value, allowed)) ?? false;
    case "format":
      return typeof value !== "string" || (formats[schema.format ?? ""]?.(value) ?? false);
    case "minLength":
      return typeof value !== "string" || [...value].length >= Number(schema.minLength);
    case "maxLength":
      return typeof value !== "string" || [...value].length <= Number(schema.maxLength);
    case "minimum":
      return typeof value !== "number" || value >= Number(schema["minimum"]);
    case "maximum":
      return typeof value !== "number" || value <= Number(schema["maximum"]);
    case "required":
      return !isObject(value) || (schema.required ?? []).every((name) => Object.hasOwn(value, name));
    case "properties":
      return (
        !isObject(value) ||
        Object.entries(schema.properties ?? {}).every(
          ([name, property]) => !Object.hasOwn(value, name) || accepts(property, value[name]),
        )
      );
    case "items":
      return (
        !Array.isArray(value) || (isObject(schema.items) && value.every((item) => accepts(schema.items ?? {}, item)))
      );
    default:
      return plainKeywords.has(keyword);
  }
}

/** The publisher rejects undeclared properties of an object without `additionalProperties`. */
function acceptsAdditional(schema: Schema, value: Readonly<Record<string, unknown>>, accepts: Accepts): boolean {
  const isConstant = schema.const !== undefined || schema.enum !== undefined;
  const isClosed = !isConstant && (schema.properties !== undefined || [schema.type].flat().includes("object"));
  const { additionalProperties: rule = !isClosed, properties = {} } = schema;
  if (rule === true) return true;
  const undeclared = Object.keys(value).filter((name) => !Object.hasOwn(properties, name));
  return undeclared.every((name) => typeof rule === "object" && accepts(rule, value[name]));
}
