import type { ErrorObject } from "ajv/dist/2020.js";
import type { Issue } from "../errors.js";
import { demandOf } from "./demand.js";
import { MOST_ERRORS } from "./error-limit.js";
import { pathOf, shownPath } from "./issue-path.js";
import type { JsonSchema } from "./json-schema.js";
import { cut, printable } from "./printable.js";
import { maskedOf } from "./sensitive.js";

/** More issues than these help nobody: each takes time and text, and what is read may have any number of them. */
const MOST_ISSUES = 100;
const LONGEST_MESSAGE = 500;
const LONGEST_POINTER = 300;
/** So many characters of longer pointers are looked at: to tell thousands of them apart, each of a million, takes minutes. */
const MOST_OF_POINTERS = 2 ** 20;

/** The errors of a value, and those of them that are at one place. */
interface Found {
  readonly value: unknown;
  readonly schema: JsonSchema;
  readonly byPlace: ReadonlyMap<string, readonly ErrorObject[]>;
}

/**
 * Ajv's errors as issues without duplicates, and without values that the schema marks as sensitive. Each error is looked at
 * once or twice, however many there are.
 */
export function describeErrors(found: readonly ErrorObject[], value: unknown, schema: JsonSchema): readonly Issue[] {
  const errors = withFewDeep(found);
  const issues = new Map<string, Issue>();
  const byPlace = new Map<string, ErrorObject[]>();
  for (const error of errors) {
    const there = byPlace.get(error.instancePath);
    if (there === undefined) byPlace.set(error.instancePath, [error]);
    else there.push(error);
  }
  const choices = new Set(errors.filter(({ keyword }) => isChoice(keyword)).map(({ instancePath }) => instancePath));
  const searches = new Set(errors.filter(({ keyword }) => keyword === "contains").map(({ schemaPath }) => schemaPath));
  for (const error of errors) {
    // It was told before, by another way.
    if (error.keyword === "$ref" && errors.length > 1) continue;
    // No item has to be what a list has to hold. What a condition demands, and what is wrong with a name, others say.
    if ([...searches].some((search) => error.schemaPath.startsWith(`${search}/`))) continue;
    if ((error.keyword === "if" || error.keyword === "propertyNames") && errors.length > 1) continue;
    // The issue of a choice already names the demands of its forms.
    if (isAboutValue(error) && choices.has(error.instancePath)) continue;
    if (issues.size === MOST_ISSUES) {
      issues.set("", { path: "", message: `has more issues than these ${MOST_ISSUES}` });
      break;
    }
    const { path, message } = describeError(error, { value, schema, byPlace });
    const issue = { path, message: cut(message, LONGEST_MESSAGE) };
    issues.set(`${path} ${message}`, issue);
  }
  // The check stopped before it had found all.
  if ((errors.length > MOST_ERRORS || errors.length < found.length) && !issues.has(""))
    issues.set("", { path: "", message: "has more issues than these" });
  return issues.size > 0 ? [...issues.values()] : [{ path: "", message: "must be what its schema describes" }];
}

/** The errors but for the last ones that are {@link isDeep deep}, if their pointers are very long together. */
function withFewDeep(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  let characters = 0;
  return errors.filter((error) => {
    const isWithin = characters < MOST_OF_POINTERS;
    if (isDeep(error)) characters += error.instancePath.length;
    return isWithin || !isDeep(error);
  });
}

/** Whether a place is so deep, or below such a long name, that it is named by its beginning. */
function isDeep({ instancePath }: ErrorObject): boolean {
  return instancePath.length > LONGEST_POINTER;
}

export function isChoice(keyword: string): boolean {
  return keyword === "anyOf" || keyword === "oneOf";
}

/** True for an error about the value itself, not about a missing or an additional property of it. */
function isAboutValue(error: ErrorObject): boolean {
  return !isChoice(error.keyword) && error.keyword !== "required" && error.keyword !== "additionalProperties";
}

function describeError(error: ErrorObject, { value, schema, byPlace }: Found): Issue {
  // The value at a deep place is not told: the way there would be long for each error.
  const isCut = isDeep(error);
  const tokens = (isCut ? error.instancePath.slice(0, LONGEST_POINTER) : error.instancePath)
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  const { params, keyword, propertyName } = error;
  const { missingProperty: missing, additionalProperty: additional } = params as Readonly<Record<string, unknown>>;
  // What is wrong with the name is known only if it has a demand of its own.
  if (keyword === "propertyNames") {
    const name = String((params as Readonly<Record<string, unknown>>)["propertyName"]);
    return { path: shownPath([...tokens, name], schema), message: "has a name that is not allowed" };
  }
  if (propertyName !== undefined) {
    return { path: shownPath([...tokens, propertyName], schema), message: `has a name that ${demandOf(error)}` };
  }
  if (keyword === "required") {
    return { path: shownPath([...tokens, String(missing)], schema), message: "is required" };
  }
  if (keyword === "additionalProperties") {
    return { path: shownPath([...tokens, String(additional)], schema), message: "is not in the contract" };
  }
  const demand = isChoice(error.keyword)
    ? demandOfChoice(byPlace.get(error.instancePath) ?? [], params["mark"])
    : demandOf(error);
  if (isCut) return { path: shownPath(tokens, schema), message: demand };
  const found = valueAt(tokens, value);
  const holdsNothing = typeof found !== "object" || found === null;
  const { path, isSensitive } = maskedOf(schema, tokens, holdsNothing);
  return { path: pathOf(path), message: `${demand}${isSensitive && holdsNothing ? "" : describeFound(found)}` };
}

/** @param mark - the property that tells the forms apart, where the error is of none of them */
function demandOfChoice(errors: readonly ErrorObject[], mark: unknown): string {
  if (typeof mark === "string") return `must be a form that its ${printable(JSON.stringify(mark))} names`;
  const demands = new Set(errors.filter(isAboutValue).slice(0, MOST_FORMS).map(demandOf));
  if (demands.size === 0) return "must match exactly one of its forms";
  const [nouns, others] = [[...demands].filter(isNoun), [...demands].filter((demand) => !isNoun(demand))];
  return [...nouns.map((noun, at) => (at === 0 ? noun : noun.slice(MUST_BE.length))), ...others].join(" or ");
}

const MUST_BE = "must be ";

/** Whether what a form demands can be told with others: `must be text or null`. */
function isNoun(demand: string): boolean {
  return demand.startsWith(MUST_BE);
}

/** More different demands than an issue has room for. */
const MOST_FORMS = 250;
const LONGEST_VALUE = 60;

function valueAt(tokens: readonly string[], value: unknown): unknown {
  let found: unknown = value;
  for (const token of tokens) found = (found as Record<string, unknown> | undefined)?.[token];
  return found;
}

/** `, got "x"` */
function describeFound(found: unknown): string {
  if (typeof found === "object" && found !== null) return `, got ${Array.isArray(found) ? "a list" : "an object"}`;
  if (typeof found === "bigint") return `, got ${found}n`;
  // Several issues may be of the same long text.
  const text = JSON.stringify(typeof found === "string" ? found.slice(0, LONGEST_VALUE) : found) ?? String(found);
  return `, got ${printable(cut(text, LONGEST_VALUE))}`;
}
