import { isWithin, typesOf } from "../model/implies.js";
import type { Schema } from "../schema/schema.js";
import { ValueSet } from "../schema/value-set.js";
import type { Change, ChangeRule } from "./change.js";
import type { Place } from "./comparison.js";

/** Makes the change of the keyword that is compared. */
export type Make = (rule: ChangeRule, sentence?: string) => readonly Change[];

const LIMITS: Readonly<Record<string, "least" | "most">> = {
  minLength: "least",
  minimum: "least",
  exclusiveMinimum: "least",
  minItems: "least",
  minProperties: "least",
  minContains: "least",
  maxLength: "most",
  maximum: "most",
  exclusiveMaximum: "most",
  maxItems: "most",
  maxProperties: "most",
  maxContains: "most",
};

/** Whether a keyword is a bound, a length or a number. */
export function isLimit(keyword: string): boolean {
  return Object.hasOwn(LIMITS, keyword);
}

/** What became required or optional. */
export function requiredChanges({ before, after, at }: Place): readonly Change[] {
  const [was, is] = [before.required ?? [], after.required ?? []];
  // What is declared in one version only is told as added or removed.
  const isThere = (name: string): boolean =>
    Object.hasOwn(before.properties ?? {}, name) === Object.hasOwn(after.properties ?? {}, name);
  const change = (rule: ChangeRule, name: string): Change => ({
    rule,
    at: [...at, name],
    keyword: "required",
    sentence:
      rule === "property-required" ? `${name} was optional and is required` : `${name} was required and is optional`,
    before,
    after,
  });
  return [
    ...is.filter((name) => !was.includes(name) && isThere(name)).map((name) => change("property-required", name)),
    ...was.filter((name) => !is.includes(name) && isThere(name)).map((name) => change("property-optional", name)),
  ];
}

/** Whether the types of a value became more or fewer. */
export function typeRule(before: Schema, after: Schema): ChangeRule {
  const [was, is] = [typesOf(before), typesOf(after)];
  if (is === undefined || was?.every((type) => isWithin(type, is))) return "type-widened";
  return was === undefined || is.every((type) => isWithin(type, was)) ? "type-narrowed" : "type-changed";
}

/** What was added to the values that are listed, and what was removed. */
export function valueChanges(keyword: string, { before, after }: Place, change: Make): readonly Change[] {
  const listOf = ({ const: value, enum: values }: Schema): readonly unknown[] | undefined =>
    value === undefined ? values : [value];
  const [was, is] = [listOf(before), listOf(after)];
  // Where one is a list and the other a single value, it is told once.
  if (keyword === "const" && (before.enum !== undefined || after.enum !== undefined)) return [];
  if (was === undefined || is === undefined) {
    return change(
      "enum-changed",
      was === undefined ? `only ${listed(is)} is allowed now` : `${listed(was)} is no longer all that is allowed`,
    );
  }
  const lost = was.filter((value) => !new ValueSet(is).has(value));
  const won = is.filter((value) => !new ValueSet(was).has(value));
  if (lost.length === 0 && won.length === 0) return [];
  if (before.const !== undefined && after.const !== undefined) return change("const-changed");
  if (lost.length === 0) return change("enum-value-added", `${listed(won)} was added`);
  return won.length === 0
    ? change("enum-value-removed", `${listed(lost)} was removed`)
    : change("enum-changed", `${listed(won)} was added, and ${listed(lost)} removed`);
}

/** Whether a limit became tighter or looser. */
export function limitRule(keyword: string, was: unknown, is: unknown): ChangeRule {
  const isLeast = LIMITS[keyword] === "least";
  if (was === undefined || is === undefined) return is === undefined ? "limit-loosened" : "limit-tightened";
  return Number(is) > Number(was) === isLeast ? "limit-tightened" : "limit-loosened";
}

/** What a keyword was and is. */
export function describe(keyword: string, was: unknown, is: unknown): string {
  if (was === undefined) return `${keyword} is ${shown(is)}, and was not given`;
  return is === undefined
    ? `${keyword} was ${shown(was)}, and is not given any more`
    : `${keyword} was ${shown(was)} and is ${shown(is)}`;
}

function listed(values: readonly unknown[] | undefined): string {
  return shown((values ?? []).length === 1 ? values?.[0] : values);
}

const LONGEST = 120;

/** A value of a schema, cut if it is long. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
