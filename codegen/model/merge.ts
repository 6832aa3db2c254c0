import { isDeepStrictEqual } from "node:util";
import { derivedFrom } from "../load/origin.js";
import { annotations } from "../schema/keyword.js";
import type { Schema } from "../schema/schema.js";
import { ValueSet } from "../schema/value-set.js";
import { type FormContext, onlyForm, withPossibleForms } from "./form.js";
import { type ImpliesContext, implies, inseparable, isWithin, typesOf } from "./implies.js";

/** The parts of the catalogue that merging needs. */
export interface MergeContext extends ImpliesContext, FormContext {
  /** Reports that two schemas which apply together accept no value. */
  readonly onConflict: (schema: Schema, keyword: string, sentence: string) => void;
  /** The pairs of named types that are being merged, the outer ones first. */
  readonly merging: Set<string>;
}

/**
 * Named types are merged down to this depth and stay apart below: recursive types have no end, and what is merged is
 * written out at each place, so the size could double with each level.
 */
const MERGED_LEVELS = 6;

/**
 * Merges two schemas that both apply: a base, such as an envelope, and a child that narrows it. The base's properties
 * come first. A named type keeps its name if it implies the other side.
 */
export function merge(base: Schema, child: Schema, context: MergeContext): Schema {
  const merged = mergeKeeping(base, child, context);
  return merged === base || merged === child ? merged : derivedFrom(merged, child, base);
}

function mergeKeeping(base: Schema, child: Schema, context: MergeContext): Schema {
  if (Object.keys(child).length === 0) return base;
  if (Object.keys(base).length === 0) return child;
  if (onlyAnnotates(child)) return { ...base, ...child };
  if (base.$ref === undefined && child.$ref === undefined) return mergeKeywords(base, child, context);
  const notes = { ...annotationsOf(base), ...annotationsOf(child) };
  // A message may close what its envelope opens, but not the other way round.
  const closing = { ...context, mayClose: true };
  if (child.$ref !== undefined && implies(child, base, closing)) return { $ref: child.$ref, ...notes };
  if (base.$ref !== undefined && implies(base, child, context)) return { $ref: base.$ref, ...notes };
  if (base.$ref === undefined || child.$ref === undefined) {
    return merge(context.expand(base), context.expand(child), context);
  }
  const pair = `${base.$ref} ${child.$ref}`;
  if (context.merging.has(pair) || context.merging.size >= MERGED_LEVELS) {
    return { ...notes, allOf: [{ $ref: base.$ref }, { $ref: child.$ref }] };
  }
  context.merging.add(pair);
  const merged = merge(context.expand(base), context.expand(child), context);
  context.merging.delete(pair);
  return merged;
}

function mergeKeywords(base: Schema, child: Schema, context: MergeContext): Schema {
  const merged: Record<string, unknown> = {};
  const apart = apartFrom(base, child);
  const leftOver: Record<string, unknown> = Object.fromEntries(apart.map((keyword) => [keyword, base[keyword]]));
  if (apart.includes("additionalProperties")) {
    // Names that the base declares are none of its additional properties.
    leftOver["properties"] = Object.fromEntries(Object.keys(base.properties ?? {}).map((name) => [name, {}]));
  }
  for (const keyword of new Set([...Object.keys(base), ...Object.keys(child)])) {
    if (keyword === "properties") merged[keyword] = mergeProperties(base, child, context);
    else if (apart.includes(keyword)) merged[keyword] = child[keyword];
    else if (!(keyword in child)) merged[keyword] = base[keyword];
    else if (!(keyword in base)) merged[keyword] = child[keyword];
    else {
      merged[keyword] = mergeKeyword(keyword, base, child, context);
      if (merged[keyword] === undefined) {
        merged[keyword] = child[keyword];
        leftOver[keyword] = base[keyword];
      }
    }
    if (merged[keyword] === undefined) delete merged[keyword];
  }
  // An envelope's `true` lets a message declare properties. A message that declares some is closed by default.
  const isNarrowed = child.properties !== undefined && child.additionalProperties === undefined;
  if (isNarrowed && base.additionalProperties === true) delete merged["additionalProperties"];
  if (Object.keys(leftOver).length > 0) merged["allOf"] = [...(base.allOf ?? []), ...(child.allOf ?? []), leftOver];
  return settleForms(settleConstant(derivedFrom(merged, child, base), context), context);
}

/** Merges the only form that the other side's type leaves of a choice. */
function settleForms(schema: Schema, context: MergeContext): Schema {
  const narrowed = withPossibleForms(schema, context);
  if (narrowed === schema) return schema;
  const settled = derivedFrom(narrowed, schema);
  const [rest, form] = onlyForm(settled) ?? [];
  const isKnown = form !== undefined && context.peek(form) !== undefined;
  // The form would close what the schema opens, as a message does with its envelope.
  if (rest === undefined || !isKnown || rest.additionalProperties === true) return settled;
  const step = `form ${context.merging.size}`;
  if (context.merging.size >= MERGED_LEVELS) return settled;
  context.merging.add(step);
  const merged = merge(derivedFrom(rest, schema), form, context);
  context.merging.delete(step);
  return merged;
}

/** The base's keywords that cannot be merged with the child's. */
function apartFrom(base: Schema, child: Schema): readonly string[] {
  const names = ["patternProperties", "additionalProperties"].filter((keyword) => keyword in base);
  const rules = [base.additionalProperties ?? true, child.additionalProperties ?? true];
  const samePatterns = isDeepStrictEqual(base.patternProperties, child.patternProperties);
  // What is additional depends on the patterns beside it.
  const isMapMixed = !samePatterns && rules.some((rule) => rule !== true);
  const groups = inseparable.flatMap((group) => {
    const [lead = ""] = group;
    const ofBase = group.filter((keyword) => keyword in base);
    const ofChild = group.filter((keyword) => keyword in child);
    const isMixed = ofBase.length > 0 && ofChild.length > 0 && (lead in base || lead in child);
    const isSame = group.every((keyword) => isDeepStrictEqual(base[keyword], child[keyword]));
    return isMixed && !isSame ? ofBase : [];
  });
  return isMapMixed ? [...groups, ...names.filter((keyword) => base[keyword] !== true)] : groups;
}

/** Merges two values of a keyword; `undefined` if no single value expresses both. */
function mergeKeyword(keyword: string, base: Schema, child: Schema, context: MergeContext): unknown {
  const wide = base[keyword];
  const narrow = child[keyword];
  if (annotations.has(keyword) || isDeepStrictEqual(wide, narrow)) return narrow;
  switch (keyword) {
    case "required":
      return [...new Set([...(base.required ?? []), ...(child.required ?? [])])];
    case "type": {
      const both = intersectTypes(typesOf(base) ?? [], typesOf(child) ?? []);
      if (both.length === 0)
        context.onConflict(child, keyword, `conflicts with the type of the base schema, ${words(wide)}`);
      return both.length === 1 ? both[0] : both;
    }
    case "enum": {
      const known = new ValueSet(base.enum ?? []);
      const both = (child.enum ?? []).filter((value) => known.has(value));
      if (both.length === 0)
        context.onConflict(child, keyword, "has no value in common with the enum of the base schema");
      return both;
    }
    case "const":
      context.onConflict(child, keyword, `conflicts with the constant of the base schema, ${words(wide)}`);
      return narrow;
    case "additionalProperties":
    case "items":
      if (wide === false || narrow === false) return false;
      // `true` has no keywords, so the other one is left.
      return merge(wide as Schema, narrow as Schema, context);
    case "minLength":
    case "minimum":
    case "exclusiveMinimum":
    case "minItems":
    case "minProperties":
      return Math.max(Number(wide), Number(narrow));
    case "maxLength":
    case "maximum":
    case "exclusiveMaximum":
    case "maxItems":
    case "maxProperties":
      return Math.min(Number(wide), Number(narrow));
    case "allOf":
      return [...(wide as unknown[]), ...(narrow as unknown[])];
    default:
      return undefined;
  }
}

function mergeProperties(base: Schema, child: Schema, context: MergeContext): Record<string, Schema> {
  const merged: Record<string, Schema> = {};
  const wide = base.properties ?? {};
  const narrow = child.properties ?? {};
  for (const name of new Set([...Object.keys(wide), ...Object.keys(narrow)])) {
    const below = Object.hasOwn(wide, name) ? wide[name] : additional(base, name, child, context);
    const above = Object.hasOwn(narrow, name) ? narrow[name] : additional(child, name, child, context);
    merged[name] = merge(below ?? {}, above ?? {}, context);
  }
  return merged;
}

/** The schema that `additionalProperties` applies to a property which only the other side declares. */
function additional(schema: Schema, name: string, child: Schema, context: MergeContext): Schema | undefined {
  const rule = schema.additionalProperties;
  const patterns = Object.keys(schema.patternProperties ?? {});
  if (patterns.some((pattern) => new RegExp(pattern, "u").test(name))) return undefined;
  if (rule === false) {
    const sentence =
      schema === child
        ? `rejects "${name}" of the base schema; remove it, the publisher already rejects undeclared properties`
        : `"${name}" is rejected by "additionalProperties": false of the base schema`;
    context.onConflict(child, schema === child ? "additionalProperties" : "properties", sentence);
  }
  return typeof rule === "object" ? rule : undefined;
}

/** Drops the keywords that a constant makes redundant. Reports a constant that violates them. */
function settleConstant(schema: Schema, context: MergeContext): Schema {
  const value = schema.const;
  if (value === undefined) return schema;
  const types = typesOf({ const: value }) ?? [];
  const allowed = schema.type === undefined ? types : [schema.type].flat();
  const fits =
    types.every((type) => isWithin(type, allowed)) &&
    (schema.enum === undefined || new ValueSet(schema.enum).has(value)) &&
    (typeof value !== "string" || fitsText(value, schema));
  if (!fits) context.onConflict(schema, "const", "is not allowed by the base schema");
  const redundant = new Set(["enum", "minLength", "maxLength", "pattern", "default"]);
  return Object.fromEntries(Object.entries(schema).filter(([keyword]) => !redundant.has(keyword)));
}

function fitsText(text: string, schema: Schema): boolean {
  const {
    minLength = 0,
    maxLength = Number.POSITIVE_INFINITY,
    pattern,
  } = schema as {
    readonly minLength?: number;
    readonly maxLength?: number;
    readonly pattern?: string;
  };
  const length = [...text].length;
  return length >= minLength && length <= maxLength && (pattern === undefined || new RegExp(pattern, "u").test(text));
}

function intersectTypes(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...a.filter((type) => isWithin(type, b)), ...b.filter((type) => !a.includes(type) && isWithin(type, a))];
}

function onlyAnnotates(schema: Schema): boolean {
  return Object.keys(schema).every((keyword) => annotations.has(keyword));
}

function annotationsOf(schema: Schema): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([keyword]) => annotations.has(keyword)));
}

function words(value: unknown): string {
  return [value]
    .flat()
    .map((item) => JSON.stringify(item))
    .join(" or ");
}
