import { Ajv2020, type Options, type ValidateFunction } from "ajv/dist/2020.js";
import type { Issue } from "../errors.js";
import { type FormatCheck, formats, tolerantFormats } from "./format.js";
import type { JsonSchema } from "./json-schema.js";
import { checkLengthsFirst } from "./text-length.js";
import { describeErrors } from "./violation.js";

/** Says what is wrong with a value; `undefined` when nothing is. */
export type Check = (value: unknown) => readonly Issue[] | undefined;

/**
 * Compiles the strict writer's check: every object that does not say whether it is open is closed, formats are
 * exact, and every issue is reported. Throws what Ajv throws for a schema that is none.
 */
export function compileWriter(schema: JsonSchema): Check {
  return compile(closeSchema(schema), schema, { formats, allErrors: true, ownProperties: true });
}

/**
 * Compiles the tolerant reader's check: unknown properties stay where they are and an instant needs no zone. It
 * stops at the first issue, since what it reads is not to be trusted. It is given what was parsed.
 */
export function compileReader(schema: JsonSchema): Check {
  // What was parsed inherits nothing but what every object does.
  return compile(schema, schema, { formats: tolerantFormats, allErrors: false, ownProperties: namesInherited(schema) });
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

/** How a side checks. */
interface Strictness {
  readonly formats: Readonly<Record<string, FormatCheck>>;
  /** Whether every issue is told, or the first. */
  readonly allErrors: boolean;
  /** Whether a property that may be inherited must be told from an own one: what a caller gives may be of a class. */
  readonly ownProperties: boolean;
}

/** An Ajv as both the runtime and the generator use it; `sensitive` is the one annotation of ours. */
export function ajvFor(checks: Readonly<Record<string, FormatCheck>>, allErrors: boolean, options?: Options): Ajv2020 {
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
    ...options,
  });
  ajv.addVocabulary(["sensitive"]);
  return ajv;
}

/**
 * Two checks in one. The first only says whether a value is valid: it stops at the first issue and is compiled as
 * fast as can be. The other, which is compiled when that has refused a value, knows what is wrong with it.
 */
function compile(schema: JsonSchema, original: JsonSchema, { formats, allErrors, ownProperties }: Strictness): Check {
  restoreStringPrototype();
  const accepts = verdictFor(formats, ownProperties).compile(schema);
  let explain: ValidateFunction | undefined;
  return (value) => {
    try {
      if (accepts(value)) return undefined;
      explain ??= ajvFor(formats, allErrors).compile(schema);
      if (explain(value)) return undefined;
    } catch (error) {
      // A recursive contract meets a value that is nested thousands deep.
      if (error instanceof RangeError) return [{ path: "", message: "must not be nested so deeply" }];
      throw error;
    }
    return describeErrors(explain.errors ?? [], value, original);
  };
}

/** After so many look-ups V8 surely caches them; it does so after a few. */
const LOOK_UPS = 100;

/**
 * Has V8 treat `String.prototype` as a prototype again. Once a class extends String, as one of ioredis does, V8 takes
 * the prototype for an object under construction: no method of any text is compiled in any more, and reading one
 * character takes five times as long. That lasts until cached look-ups pass through it from an object, and texts are
 * none.
 */
function restoreStringPrototype(): void {
  const text = Object("") as string;
  for (let n = 0; n < LOOK_UPS; n++) void text.length;
}

/** An Ajv whose errors nobody reads. To optimise what it writes takes longer than it saves: V8 does so again. */
function verdictFor(checks: Readonly<Record<string, FormatCheck>>, ownProperties: boolean): Ajv2020 {
  const ajv = ajvFor(checks, false, { ownProperties, messages: false, code: { optimize: false } });
  checkLengthsFirst(ajv);
  return ajv;
}

/** Whether the schema has a word in it that is also a property of every object, such as `constructor`. */
function namesInherited(schema: JsonSchema): boolean {
  const text = JSON.stringify(schema);
  return Object.getOwnPropertyNames(Object.prototype).some((name) => text.includes(JSON.stringify(name)));
}
