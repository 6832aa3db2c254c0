import type { ErrorObject } from "ajv/dist/2020.js";
import type { Issue } from "../errors.js";
import { formatNouns } from "./format.js";
import type { JsonSchema } from "./json-schema.js";

type Params = Readonly<Record<string, unknown>>;

/** Ajv's errors as issues without duplicates, and without values that the schema marks as sensitive. */
export function describeErrors(errors: readonly ErrorObject[], value: unknown, schema: JsonSchema): readonly Issue[] {
  const issues = new Map<string, Issue>();
  const choices = errors.filter(isChoice);
  for (const error of errors) {
    // The issue of a choice already names the demands of its forms.
    if (isAboutValue(error) && choices.some(({ instancePath }) => instancePath === error.instancePath)) continue;
    const issue = describeError(error, errors, value, schema);
    const key = `${issue.path} ${issue.message}`;
    if (!issues.has(key)) issues.set(key, issue);
  }
  return [...issues.values()];
}

/** True for an error about the value itself, not about a missing or an additional property of it. */
function isAboutValue(error: ErrorObject): boolean {
  return !isChoice(error) && error.keyword !== "required" && error.keyword !== "additionalProperties";
}

function isChoice({ keyword }: ErrorObject): boolean {
  return keyword === "anyOf" || keyword === "oneOf";
}

function describeError(error: ErrorObject, errors: readonly ErrorObject[], value: unknown, schema: JsonSchema): Issue {
  const tokens = error.instancePath.split("/").slice(1).map(unescapePointer);
  const params = error.params as Params;
  switch (error.keyword) {
    case "required":
      return { path: pathOf([...tokens, String(params["missingProperty"])]), message: "is required" };
    case "additionalProperties":
      return { path: pathOf([...tokens, String(params["additionalProperty"])]), message: "is not in the contract" };
    case "anyOf":
    case "oneOf": {
      const forms = errors.filter((other) => other.instancePath === error.instancePath && isAboutValue(other));
      const demands = new Set(forms.map((form) => demandOf(form).replace(/^must be /, "")));
      const demand =
        demands.size === 0 ? "must match exactly one of its forms" : `must be ${[...demands].join(" or ")}`;
      return { path: pathOf(tokens), message: `${demand}${foundOf(tokens, value, schema)}` };
    }
    default:
      return { path: pathOf(tokens), message: `${demandOf(error)}${foundOf(tokens, value, schema)}` };
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

const compared = ({ comparison, limit }: Params): string => `must be ${comparison} ${limit}`;

/** The demand of each keyword, as a sentence without its subject. */
const DEMANDS: Readonly<Record<string, (params: Params) => string>> = {
  type: ({ type }) => `must be ${([type].flat() as string[]).map((name) => TYPE_NOUNS[name] ?? name).join(" or ")}`,
  const: ({ allowedValue }) => `must be ${JSON.stringify(allowedValue)}`,
  enum: ({ allowedValues: allowed }) =>
    `must be one of ${(allowed as unknown[]).map((value) => JSON.stringify(value)).join(", ")}`,
  format: ({ format }) => `must be ${formatNouns[String(format)] ?? format}`,
  pattern: ({ pattern }) => `must match ${pattern}`,
  minLength: ({ limit }) => (limit === 1 ? "must not be empty" : `must have at least ${limit} characters`),
  maxLength: ({ limit }) => `must have at most ${limit} characters`,
  minItems: ({ limit }) => `must have at least ${limit} ${limit === 1 ? "item" : "items"}`,
  maxItems: ({ limit }) => `must have at most ${limit} ${limit === 1 ? "item" : "items"}`,
  minimum: compared,
  exclusiveMinimum: compared,
  maximum: compared,
  exclusiveMaximum: compared,
  uniqueItems: () => "must not hold the same item twice",
};

function demandOf({ keyword, params, message }: ErrorObject): string {
  return DEMANDS[keyword]?.(params) ?? message ?? `breaks ${keyword}`;
}

const LONGEST_VALUE = 60;

/** `, got "x"`, or nothing for a value that the schema marks as sensitive. */
function foundOf(tokens: readonly string[], value: unknown, schema: JsonSchema): string {
  let found: unknown = value;
  for (const token of tokens) found = (found as Record<string, unknown> | undefined)?.[token];
  if (typeof found === "object" && found !== null) return `, got ${Array.isArray(found) ? "a list" : "an object"}`;
  if (isSensitive(schema, tokens)) return "";
  if (typeof found === "bigint") return `, got ${found}n`;
  const text = JSON.stringify(found) ?? String(found);
  return `, got ${text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text}`;
}

/** True if the value or anything that contains it is marked as sensitive. */
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
