import type { ErrorObject } from "ajv/dist/2020.js";
import type { Issue } from "../errors.js";
import { demandOf } from "./demand.js";
import type { JsonSchema } from "./json-schema.js";
import { pathOf } from "./path.js";
import { isSensitive } from "./sensitive.js";

/** Ajv's errors as issues without duplicates, and without values that the schema marks as sensitive. */
export function describeErrors(errors: readonly ErrorObject[], value: unknown, schema: JsonSchema): readonly Issue[] {
  const issues = new Map<string, Issue>();
  const choices = errors.filter(isChoice);
  const searches = errors.filter(({ keyword }) => keyword === "contains");
  for (const error of errors) {
    // No item has to be what a list has to hold. What a condition demands, and what is wrong with a name, others say.
    if (searches.some(({ schemaPath }) => error.schemaPath.startsWith(`${schemaPath}/`))) continue;
    if ((error.keyword === "if" || error.keyword === "propertyNames") && errors.length > 1) continue;
    // The issue of a choice already names the demands of its forms.
    if (isAboutValue(error) && choices.some(({ instancePath }) => instancePath === error.instancePath)) continue;
    const issue = describeError(error, errors, value, schema);
    issues.set(`${issue.path} ${issue.message}`, issue);
  }
  return [...issues.values()];
}

function isChoice({ keyword }: ErrorObject): boolean {
  return keyword === "anyOf" || keyword === "oneOf";
}

/** True for an error about the value itself, not about a missing or an additional property of it. */
function isAboutValue(error: ErrorObject): boolean {
  return !isChoice(error) && error.keyword !== "required" && error.keyword !== "additionalProperties";
}

function describeError(error: ErrorObject, errors: readonly ErrorObject[], value: unknown, schema: JsonSchema): Issue {
  const tokens = error.instancePath
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  const { missingProperty: missing, additionalProperty: additional } = error.params as Readonly<
    Record<string, unknown>
  >;
  if (error.propertyName !== undefined) {
    return { path: pathOf([...tokens, error.propertyName]), message: `has a name that ${demandOf(error)}` };
  }
  if (error.keyword === "required") return { path: pathOf([...tokens, String(missing)]), message: "is required" };
  if (error.keyword === "additionalProperties") {
    return { path: pathOf([...tokens, String(additional)]), message: "is not in the contract" };
  }
  const demand = isChoice(error) ? demandOfChoice(error, errors) : demandOf(error);
  return { path: pathOf(tokens), message: `${demand}${foundOf(tokens, value, schema)}` };
}

function demandOfChoice({ instancePath }: ErrorObject, errors: readonly ErrorObject[]): string {
  const forms = errors.filter((error) => error.instancePath === instancePath && isAboutValue(error));
  const demands = new Set(forms.map((form) => demandOf(form).replace(/^must be /, "")));
  return demands.size === 0 ? "must match exactly one of its forms" : `must be ${[...demands].join(" or ")}`;
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
