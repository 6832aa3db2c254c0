import { formats } from "../../runtime/contract/format.js";
import { hasAtLeast, hasAtMost } from "../../runtime/contract/text-length.js";
import { areUnique } from "../../runtime/contract/unique-items.js";
import { nameOf } from "../schema/definition-ref.js";
import type { Schema } from "../schema/schema.js";
import { ValueSet } from "../schema/value-set.js";
import { isObject } from "../schema/walk.js";

/** Returns whether a value is what a part of a schema says. */
type Accepts = (schema: Schema, value: unknown) => boolean;
/** What a keyword says of values of one type. Values of other types satisfy it. */
type Says<Value> = (value: Value, schema: Schema, accepts: Accepts) => boolean;
type Numbers = Readonly<Record<string, number>>;
type Schemas = Readonly<Record<string, Schema>>;

/**
 * Judges values by flat schemas, as a validator of JSON Schema does that enforces formats. Compiling a check with Ajv takes
 * a thousand times as long. An object or a list is judged by the same schema once: it must not change.
 */
export class Judge {
  readonly #typeOf: (name: string) => Schema | undefined;
  readonly #known = new WeakMap<object, Map<Schema | string, boolean>>();

  /** @param typeOf the definition of a name */
  constructor(typeOf: (name: string) => Schema | undefined) {
    this.#typeOf = typeOf;
  }

  readonly accepts: Accepts = (schema, value) => {
    if (typeof value !== "object" || value === null) return this.#judge(schema, value);
    const { $ref = schema } = schema;
    const known = this.#known.get(value) ?? new Map<Schema | string, boolean>();
    this.#known.set(value, known);
    const verdict = known.get($ref) ?? this.#judge(schema, value);
    known.set($ref, verdict);
    return verdict;
  };

  #judge(schema: Schema, value: unknown): boolean {
    // Beside a reference that is left stand only annotations.
    if (schema.$ref !== undefined) return this.accepts(this.#typeOf(nameOf(schema.$ref)) ?? {}, value);
    const says = sayingsOf(value);
    for (const keyword in schema) {
      const about = says[keyword] ?? ofAny[keyword];
      if (about !== undefined && schema[keyword] !== undefined && !about(value as never, schema, this.accepts))
        return false;
    }
    return true;
  }
}

/** Returns whether the bounds of a schema let a number pass. */
export function saysOfNumbers(schema: Schema, number: number): boolean {
  return Object.keys(ofNumbers).every(
    (keyword) => schema[keyword] === undefined || ofNumbers[keyword]?.(number, schema, never),
  );
}

function never(): boolean {
  return false;
}

function sayingsOf(value: unknown): Readonly<Record<string, Says<never>>> {
  if (typeof value === "string") return ofTexts;
  if (typeof value === "number") return ofNumbers;
  if (Array.isArray(value)) return ofLists;
  return isObject(value) ? ofObjects : {};
}

const ofAny: Readonly<Record<string, Says<unknown>>> = {
  type: (value, { type }) =>
    typeof type === "string"
      ? isOfType(value, type)
      : ((type ?? []) as readonly string[]).some((one) => isOfType(value, one)),
  const: (value, schema) => value === schema.const || new ValueSet([schema.const]).has(value),
  enum: (value, { enum: values = [] }) => values.includes(value) || new ValueSet(values).has(value),
  allOf: (value, { allOf = [] }, judge) => allOf.every((layer) => judge(layer, value)),
  anyOf: (value, { anyOf = [] }, judge) => anyOf.some((form) => judge(form, value)),
  oneOf: (value, { oneOf = [] }, judge) => oneOf.filter((form) => judge(form, value)).length === 1,
  not: (value, schema, judge) => !judge(schema["not"] as Schema, value),
  if: (value, schema, judge) => {
    const branch = schema[judge(schema["if"] as Schema, value) ? "then" : "else"] as Schema | undefined;
    return branch === undefined || judge(branch, value);
  },
};

const ofTexts: Readonly<Record<string, Says<string>>> = {
  minLength: (text, { minLength = 0 }) => hasAtLeast(text, minLength),
  maxLength: (text, { maxLength = 0 }) => hasAtMost(text, maxLength),
  pattern: (text, { pattern = "" }) => new RegExp(pattern, "u").test(text),
  format: (text, { format = "" }) => formats[format]?.(text) ?? true,
};

function numberAt(schema: Schema, keyword: string): number {
  return (schema as Numbers)[keyword] as number;
}

const ofNumbers: Readonly<Record<string, Says<number>>> = {
  minimum: (number, schema) => number >= numberAt(schema, "minimum"),
  maximum: (number, schema) => number <= numberAt(schema, "maximum"),
  exclusiveMinimum: (number, schema) => number > numberAt(schema, "exclusiveMinimum"),
  exclusiveMaximum: (number, schema) => number < numberAt(schema, "exclusiveMaximum"),
  multipleOf: (number, schema) => {
    const times = number / numberAt(schema, "multipleOf");
    // Ajv takes no more for a whole number.
    return Number.isInteger(times) && Math.abs(times) < 1e21;
  },
};

const ofLists: Readonly<Record<string, Says<readonly unknown[]>>> = {
  minItems: (list, { minItems = 0 }) => list.length >= minItems,
  maxItems: (list, schema) => list.length <= Number(schema["maxItems"]),
  uniqueItems: (list, schema) => schema["uniqueItems"] !== true || areUnique(list),
  prefixItems: (list, { prefixItems = [] }, judge) =>
    prefixItems.every((item, at) => at >= list.length || judge(item, list[at])),
  items: (list, { items, prefixItems = [] }, judge) => {
    const rest = list.slice(prefixItems.length);
    return isObject(items)
      ? rest.every((item) => judge(items, item))
      : (items as unknown) !== false || rest.length === 0;
  },
  contains: (list, schema, judge) => {
    const { minContains = 1, maxContains = Number.POSITIVE_INFINITY } = schema as Numbers;
    const found = list.filter((item) => judge(schema["contains"] as Schema, item)).length;
    return found >= minContains && found <= maxContains;
  },
};

const ofObjects: Readonly<Record<string, Says<Readonly<Record<string, unknown>>>>> = {
  required: (object, { required = [] }) => required.every((name) => Object.hasOwn(object, name)),
  minProperties: (object, schema) => Object.keys(object).length >= numberAt(schema, "minProperties"),
  maxProperties: (object, schema) => Object.keys(object).length <= numberAt(schema, "maxProperties"),
  propertyNames: (object, schema, judge) =>
    Object.keys(object).every((name) => judge(schema["propertyNames"] as Schema, name)),
  properties: (object, { properties = {} }, judge) =>
    Object.entries(properties).every(([name, inner]) => !Object.hasOwn(object, name) || judge(inner, object[name])),
  patternProperties: (object, schema, judge) =>
    Object.entries(object).every(([name, value]) => matching(schema, name).every((inner) => judge(inner, value))),
  additionalProperties: (object, schema, judge) => {
    const rule = schema.additionalProperties;
    if (rule === true) return true;
    const additional = Object.keys(object).filter(
      (name) => !Object.hasOwn(schema.properties ?? {}, name) && matching(schema, name).length === 0,
    );
    return additional.every((name) => rule !== undefined && rule !== false && judge(rule, object[name]));
  },
  dependentRequired: (object, schema) =>
    Object.entries(schema["dependentRequired"] as Readonly<Record<string, readonly string[]>>).every(
      ([name, needed]) => !Object.hasOwn(object, name) || needed.every((other) => Object.hasOwn(object, other)),
    ),
  dependentSchemas: (object, schema, judge) =>
    Object.entries(schema["dependentSchemas"] as Schemas).every(
      ([name, inner]) => !Object.hasOwn(object, name) || judge(inner, object),
    ),
};

/** The schemas of the patterns that match a name. */
export function matching({ patternProperties = {} }: Schema, name: string): readonly Schema[] {
  return Object.entries(patternProperties).flatMap(([pattern, inner]) =>
    new RegExp(pattern, "u").test(name) ? [inner] : [],
  );
}

/** Returns whether a value has a type of JSON Schema. */
export function isOfType(value: unknown, type: string | undefined): boolean {
  switch (type) {
    case "object":
      return isObject(value);
    case "array":
      return Array.isArray(value);
    case "null":
      return value === null;
    case "integer":
      return Number.isInteger(value);
    case "number":
      return Number.isFinite(value);
    default:
      return typeof value === type;
  }
}
