import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import type { Issue } from "./errors.js";
import { type FormatCheck, formats, tolerantFormats } from "./format.js";
import type { JsonSchema } from "./json-schema.js";
import { describeErrors } from "./violation.js";

/** Says what is wrong with a value; `undefined` when nothing is. */
export type Check = (value: unknown) => readonly Issue[] | undefined;

/**
 * Compiles the strict writer's check: every object that does not say whether it is open is closed, formats are
 * exact, and every issue is reported. Throws what Ajv throws for a schema that is none.
 */
export function compileWriter(schema: JsonSchema): Check {
  return compile(ajvFor(formats, true), closeSchema(schema), schema);
}

/**
 * Compiles the tolerant reader's check: unknown properties stay where they are and an instant needs no zone. It
 * stops at the first issue, since what it reads is not to be trusted.
 */
export function compileReader(schema: JsonSchema): Check {
  return compile(ajvFor(tolerantFormats, false), schema, schema);
}

/** The same schema with `additionalProperties: false` wherever an object declares none. */
export function closeSchema(schema: JsonSchema): JsonSchema {
  const closed: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(schema)) closed[keyword] = closeKeyword(keyword, value);
  const isObject = schema.properties !== undefined || schema.type === "object";
  if (isObject && schema.additionalProperties === undefined) closed["additionalProperties"] = false;
  return closed;
}

function closeKeyword(keyword: string, value: unknown): unknown {
  switch (keyword) {
    case "properties":
    case "patternProperties":
    case "$defs":
      return Object.fromEntries(
        Object.entries(value as Record<string, JsonSchema>).map(([name, inner]) => [name, closeSchema(inner)]),
      );
    case "items":
    case "additionalProperties":
      return typeof value === "object" ? closeSchema(value as JsonSchema) : value;
    case "anyOf":
    case "oneOf":
    case "prefixItems":
      return (value as JsonSchema[]).map(closeSchema);
    default:
      return value;
  }
}

/** An Ajv as both the runtime and the generator use it; `sensitive` is the one annotation of ours. */
export function ajvFor(checks: Readonly<Record<string, FormatCheck>>, allErrors: boolean): Ajv2020 {
  const ajv = new Ajv2020({
    allErrors,
    allowUnionTypes: true,
    meta: false,
    ownProperties: true,
    strict: true,
    strictRequired: false,
    strictTypes: false,
    validateSchema: false,
    formats: checks as Record<string, FormatCheck>,
  });
  ajv.addVocabulary(["sensitive"]);
  return ajv;
}

function compile(ajv: Ajv2020, schema: JsonSchema, original: JsonSchema): Check {
  const validate: ValidateFunction = ajv.compile(schema);
  return (value) => {
    try {
      if (validate(value)) return undefined;
    } catch (error) {
      // A recursive contract meets a value that is nested thousands deep.
      if (error instanceof RangeError) return [{ path: "", message: "must not be nested so deeply" }];
      throw error;
    }
    return describeErrors(validate.errors ?? [], value, original);
  };
}
