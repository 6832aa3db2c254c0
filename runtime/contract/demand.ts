import type { ErrorObject } from "ajv/dist/2020.js";
import { formatNouns } from "./format.js";

type Params = Readonly<Record<string, unknown>>;

const TYPE_NOUNS: Readonly<Record<string, string>> = {
  string: "text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  object: "an object",
  array: "a list",
  null: "null",
};

const items = (limit: unknown): string => `${limit} ${limit === 1 ? "item" : "items"}`;
const properties = (limit: unknown): string => `${limit} ${limit === 1 ? "property" : "properties"}`;

const LEAST_OR_MOST = ", beyond which JavaScript does not hold each whole number; declare it as text instead";

/** More different values than an issue has room for. */
const MOST_VALUES = 250;

/** The demands of keywords, as sentences without a subject. */
const DEMANDS: Readonly<Record<string, (params: Params) => string>> = {
  type: ({ type }) => `must be ${([type].flat() as string[]).map((name) => TYPE_NOUNS[name] ?? name).join(" or ")}`,
  const: ({ allowedValue }) => `must be ${JSON.stringify(allowedValue)}`,
  enum: ({ allowedValues: all }) => {
    const first = (all as unknown[]).slice(0, MOST_VALUES);
    return `must be one of ${first.map((one) => JSON.stringify(one)).join(", ")}`;
  },
  format: ({ format }) => `must be ${formatNouns[String(format)] ?? format}`,
  pattern: ({ pattern }) => `must match ${pattern}`,
  minLength: ({ limit }) => (limit === 1 ? "must not be empty" : `must have at least ${limit} characters`),
  maxLength: ({ limit }) => `must have at most ${limit} ${limit === 1 ? "character" : "characters"}`,
  minimum: ({ limit }) => `must be >= ${limit}${limit === Number.MIN_SAFE_INTEGER ? LEAST_OR_MOST : ""}`,
  maximum: ({ limit }) => `must be <= ${limit}${limit === Number.MAX_SAFE_INTEGER ? LEAST_OR_MOST : ""}`,
  exclusiveMinimum: ({ limit }) => `must be > ${limit}`,
  exclusiveMaximum: ({ limit }) => `must be < ${limit}`,
  multipleOf: ({ multipleOf }) => `must be a multiple of ${multipleOf}`,
  minItems: ({ limit }) => `must have at least ${items(limit)}`,
  maxItems: ({ limit }) => `must have at most ${items(limit)}`,
  // Those that follow the items of a tuple.
  items: ({ limit }) => `must have at most ${items(limit)}`,
  uniqueItems: () => "must not hold the same item twice",
  contains: ({ minContains, maxContains }) => {
    const most = maxContains === undefined ? "" : `, and at most ${maxContains},`;
    return `must hold at least ${items(minContains)}${most} that "contains" describes`;
  },
  minProperties: ({ limit }) => `must have at least ${properties(limit)}`,
  maxProperties: ({ limit }) => `must have at most ${properties(limit)}`,
  dependentRequired: ({ property, missingProperty }) => `must have ${missingProperty} if it has ${property}`,
  not: () => 'must not be what "not" describes',
  if: ({ failingKeyword }) => `must be what "${failingKeyword}" describes`,
  "false schema": () => "is not allowed",
};

/** What a value has to be by the keyword that refuses it: `must have at least 2 items`. */
export function demandOf({ keyword, params }: ErrorObject): string {
  return DEMANDS[keyword]?.(params) ?? `must be what "${keyword}" demands`;
}
