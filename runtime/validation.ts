import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import type { Issue } from "./errors.js";
import { type FormatCheck, formatNouns, formats, tolerantFormats } from "./format.js";
import type { JsonSchema } from "./json-schema.js";

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
    return describe(validate.errors ?? [], value, original);
  };
}

function describe(errors: readonly ErrorObject[], value: unknown, schema: JsonSchema): readonly Issue[] {
  const issues = new Map<string, Issue>();
  for (const error of errors) {
    const issue = describeError(error, value, schema);
    const key = `${issue.path} ${issue.message}`;
    if (!issues.has(key)) issues.set(key, issue);
  }
  return [...issues.values()];
}

function describeError(error: ErrorObject, value: unknown, schema: JsonSchema): Issue {
  const tokens = error.instancePath.split("/").slice(1).map(unescapePointer);
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case "required":
      return { path: pathOf([...tokens, String(params["missingProperty"])]), message: "is required" };
    case "additionalProperties":
      return {
        path: pathOf([...tokens, String(params["additionalProperty"])]),
        message: "is not in the contract",
      };
    case "anyOf":
    case "oneOf":
      return {
        path: pathOf(tokens),
        message: `must match ${error.keyword === "oneOf" ? "exactly one" : "one"} of its forms`,
      };
    default:
      return { path: pathOf(tokens), message: `${demandOf(error)}${foundOf(tokens, value, schema)}` };
  }
}

function demandOf(error: ErrorObject): string {
  const params = error.params as Record<string, unknown>;
  const limit = params["limit"];
  switch (error.keyword) {
    case "type":
      return `must be ${([params["type"]].flat() as string[]).map((type) => TYPE_NOUNS[type] ?? type).join(" or ")}`;
    case "const":
      return `must be ${JSON.stringify(params["allowedValue"])}`;
    case "enum":
      return `must be one of ${(params["allowedValues"] as unknown[]).map((allowed) => JSON.stringify(allowed)).join(", ")}`;
    case "format":
      return `must be ${formatNouns[String(params["format"])] ?? String(params["format"])}`;
    case "pattern":
      return `must match ${String(params["pattern"])}`;
    case "minLength":
      return limit === 1 ? "must not be empty" : `must have at least ${limit} characters`;
    case "maxLength":
      return `must have at most ${limit} characters`;
    case "minItems":
      return `must have at least ${limit} ${limit === 1 ? "item" : "items"}`;
    case "maxItems":
      return `must have at most ${limit} ${limit === 1 ? "item" : "items"}`;
    case "minimum":
    case "exclusiveMinimum":
    case "maximum":
    case "exclusiveMaximum":
      return `must be ${String(params["comparison"])} ${limit}`;
    case "uniqueItems":
      return "must not hold the same item twice";
    default:
      return error.message ?? `breaks ${error.keyword}`;
  }
}

const TYPE_NOUNS: Readonly<Record<string, string>> = {
  string: "text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  object: "an object",
  array: "a list",
  null: "null",
};

const LONGEST_VALUE = 60;

/** `, got "x"`, unless the value may be secret: what the schema marks as sensitive is never repeated. */
function foundOf(tokens: readonly string[], value: unknown, schema: JsonSchema): string {
  let found: unknown = value;
  for (const token of tokens) found = (found as Record<string, unknown> | undefined)?.[token];
  if (typeof found === "object" && found !== null) return `, got ${Array.isArray(found) ? "a list" : "an object"}`;
  if (isSensitive(schema, tokens)) return "";
  if (typeof found === "bigint") return `, got ${found}n`;
  const text = JSON.stringify(found) ?? String(found);
  return `, got ${text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text}`;
}

/** Whether anything on the way from the message to the value, or the value itself, is marked sensitive. */
export function isSensitive(root: JsonSchema, tokens: readonly string[]): boolean {
  return isSensitiveBelow(root, root, tokens, 0);
}

function isSensitiveBelow(root: JsonSchema, schema: JsonSchema, tokens: readonly string[], depth: number): boolean {
  if (schema.sensitive === true) return true;
  if (depth > 64) return true;
  const target = schema.$ref === undefined ? undefined : root.$defs?.[schema.$ref.slice("#/$defs/".length)];
  if (target !== undefined && isSensitiveBelow(root, target, tokens, depth + 1)) return true;
  const branches = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  if (branches.some((branch) => isSensitiveBelow(root, branch, tokens, depth + 1))) return true;
  const [token, ...rest] = tokens;
  if (token === undefined) return false;
  const next =
    schema.properties?.[token] ??
    (/^\d+$/.test(token) ? schema.items : undefined) ??
    (typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined);
  return next !== undefined && isSensitiveBelow(root, next, rest, depth + 1);
}

function pathOf(tokens: readonly string[]): string {
  return tokens.reduce((path, token) => {
    if (/^\d+$/.test(token)) return `${path}[${token}]`;
    if (/^[A-Za-z_$][\w$]*$/.test(token)) return path === "" ? token : `${path}.${token}`;
    return `${path}[${JSON.stringify(token)}]`;
  }, "");
}

function unescapePointer(token: string): string {
  return token.replaceAll("~1", "/").replaceAll("~0", "~");
}
