import { getOwn } from "./field.js";
import type { FormatCheck } from "./format.js";
import { isObject } from "./is-object.js";
import { definitionOf, type JsonSchema } from "./json-schema.js";
import { MANY_PROPERTIES } from "./many-properties.js";
import { type Pattern, patternOf } from "./pattern.js";
import { hasAtLeast, hasAtMost } from "./text-length.js";

/** True for a value that is certainly what a schema says. Of any other Ajv has the last word. */
export type Verdict = (value: unknown) => boolean;

/** Thrown on the way when a schema says what only Ajv understands, or when Ajv is faster from now on. */
const BEYOND = Symbol("beyond");
/** So many schemas are held against values in all. Ajv takes as long to compile one. */
const MOST_STEPS = 10_000;
/** Of so many forms Ajv tries but one, where it can tell them apart. */
const MANY_FORMS = 16;

/** What a keyword says of any value. It throws {@link BEYOND} for an argument that it does not know. */
type Keyword = (argument: unknown, schema: JsonSchema, verdicts: Verdicts) => Verdict;

/**
 * The verdict of the keywords that most contracts have, without compiling anything: Ajv takes some 20 ms for its first
 * schema, which a process that publishes a message or two need not spend. It is Ajv's verdict, as `validation.ts`
 * configures it; of a keyword or an argument that is not understood here, it knows nothing.
 *
 * @returns `undefined` if the schema holds anything else; the verdict is `undefined` once it has taken too many steps
 */
export function interpret(
  schema: JsonSchema,
  formats: Readonly<Record<string, FormatCheck>>,
): ((value: unknown) => boolean | undefined) | undefined {
  try {
    const verdicts = new Verdicts(schema, formats);
    const verdict = verdicts.of(schema);
    return (value) => verdicts.while(() => verdict(value));
  } catch {
    // Ajv knows more, and says what is wrong with a schema.
    return undefined;
  }
}

/** The verdicts of a schema's parts, one for each. */
class Verdicts {
  readonly formats: Readonly<Record<string, FormatCheck>>;
  readonly #root: JsonSchema;
  readonly #known = new Map<unknown, Verdict>();
  #stepsLeft = MOST_STEPS;

  constructor(root: JsonSchema, formats: Readonly<Record<string, FormatCheck>>) {
    this.#root = root;
    this.formats = formats;
  }

  of(schema: unknown): Verdict {
    if (typeof schema === "boolean") return () => schema;
    if (!isObject(schema)) throw BEYOND;
    const known = this.#known.get(schema);
    if (known !== undefined) return known;
    const all: Verdict[] = [];
    const verdict: Verdict = (value) => {
      if (--this.#stepsLeft < 0) throw BEYOND;
      for (const one of all) if (!one(value)) return false;
      return true;
    };
    // A schema may refer to itself.
    this.#known.set(schema, verdict);
    for (const [name, argument] of Object.entries(schema)) {
      if (ANNOTATIONS.has(name) || (name === "$defs" && schema === this.#root)) continue;
      const keyword = KEYWORDS.get(name);
      if (keyword === undefined) throw BEYOND;
      all.push(keyword(argument, schema, this));
    }
    return verdict;
  }

  /** What is found out while there are steps left; `undefined` if that is nothing. */
  while(judge: () => boolean): boolean | undefined {
    try {
      return judge();
    } catch (error) {
      if (error !== BEYOND) throw error;
      return undefined;
    }
  }

  referredTo($ref: string): Verdict {
    if (!/^#\/\$defs\/[^%~/]+$/.test($ref)) throw BEYOND;
    return this.of(definitionOf(this.#root, { $ref }));
  }
}

const ANNOTATIONS = new Set([
  ...["title", "description", "default", "examples", "deprecated", "sunset", "replacedBy", "sensitive", "tolerated"],
  ...["encrypt", "subject"],
]);

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const isText = (value: unknown): value is string => typeof value === "string";
const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);
const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0;
const isPlain = (value: unknown): value is unknown => !isList(value) && !isObject(value) && value !== undefined;

const TYPES: ReadonlyMap<unknown, Verdict> = new Map<unknown, Verdict>([
  ["string", isText],
  ["number", isNumber],
  ["integer", (value) => Number.isInteger(value)],
  ["boolean", (value) => typeof value === "boolean"],
  ["null", (value) => value === null],
  ["array", isList],
  ["object", isObject],
]);

const KEYWORDS: ReadonlyMap<string, Keyword> = new Map<string, Keyword>([
  ["$ref", (ref, _, verdicts) => verdicts.referredTo(given(ref, isText))],
  ["type", typeKeyword],
  ["const", (constant) => same(given(constant, isPlain))],
  ["enum", (values) => oneOfThese(listOf(values, isPlain))],
  ["format", (name, _, { formats }) => inText(given(formats[given(name, isText)], isFunction<FormatCheck>))],
  ["pattern", (pattern) => matching(patternOf(given(pattern, isText)))],
  ["minLength", (limit) => within(isText, given(limit, isCount), hasAtLeast)],
  ["maxLength", (limit) => within(isText, given(limit, isCount), hasAtMost)],
  ["minimum", (limit) => within(isNumber, given(limit, isNumber), (value, least) => value >= least)],
  ["maximum", (limit) => within(isNumber, given(limit, isNumber), (value, most) => value <= most)],
  ["exclusiveMinimum", (limit) => within(isNumber, given(limit, isNumber), (value, least) => value > least)],
  ["exclusiveMaximum", (limit) => within(isNumber, given(limit, isNumber), (value, most) => value < most)],
  ["minItems", (limit) => within(isList, given(limit, isCount), ({ length }, least) => length >= least)],
  ["maxItems", (limit) => within(isList, given(limit, isCount), ({ length }, most) => length <= most)],
  ["uniqueItems", (isUnique) => (isUnique === true ? isOfDifferent : () => true)],
  ["items", itemsKeyword],
  ["required", requiredKeyword],
  ["properties", propertiesKeyword],
  ["additionalProperties", additionalPropertiesKeyword],
  ["allOf", (schemas, _, verdicts) => every(listOf(schemas).map((schema) => verdicts.of(schema)))],
  ["anyOf", anyOfKeyword],
]);

function given<Argument>(argument: unknown, isKnown: (value: unknown) => value is Argument): Argument {
  if (!isKnown(argument)) throw BEYOND;
  return argument;
}

function listOf(values: unknown, isKnown: Verdict = () => true): readonly unknown[] {
  if (!isList(values) || values.length === 0 || !values.every(isKnown)) throw BEYOND;
  return values;
}

function isFunction<Type>(value: unknown): value is Type {
  return typeof value === "function";
}

function typeKeyword(types: unknown): Verdict {
  const verdicts = listOf(isText(types) ? [types] : types).map((type) => given(TYPES.get(type), isFunction<Verdict>));
  return verdicts.length === 1 ? (verdicts[0] as Verdict) : some(verdicts);
}

function itemsKeyword(items: unknown, _schema: JsonSchema, verdicts: Verdicts): Verdict {
  const verdict = verdicts.of(items);
  return (value) => {
    // An item that an array lacks is undefined, and counts.
    if (isList(value)) for (let at = 0; at < value.length; at++) if (!verdict(value[at])) return false;
    return true;
  };
}

/** Objects are compared by Ajv. */
function isOfDifferent(value: unknown): boolean {
  return !isList(value) || (value.every(isPlain) && new Set(value).size === value.length);
}

function requiredKeyword(names: unknown): Verdict {
  if (!isList(names) || !names.every(isText)) throw BEYOND;
  return (value) => !isObject(value) || names.every((name) => getOwn(value, name) !== undefined);
}

function propertiesKeyword(properties: unknown, _schema: JsonSchema, verdicts: Verdicts): Verdict {
  // Ajv looks them up.
  if (Object.keys(given(properties, isObject)).length >= MANY_PROPERTIES) throw BEYOND;
  const entries = Object.entries(given(properties, isObject)).map(
    ([name, schema]) => [name, verdicts.of(schema)] as const,
  );
  return (value) => {
    if (!isObject(value)) return true;
    for (const [name, verdict] of entries) {
      const property = getOwn(value, name);
      if (property !== undefined && !verdict(property)) return false;
    }
    return true;
  };
}

function additionalPropertiesKeyword(additional: unknown, schema: JsonSchema, verdicts: Verdicts): Verdict {
  const verdict = verdicts.of(additional);
  const declared = new Set(Object.keys(schema.properties ?? {}));
  return (value) =>
    !isObject(value) || Object.keys(value).every((name) => declared.has(name) || verdict(getOwn(value, name)));
}

function anyOfKeyword(schemas: unknown, _schema: JsonSchema, verdicts: Verdicts): Verdict {
  if (listOf(schemas).length >= MANY_FORMS) throw BEYOND;
  return some(listOf(schemas).map((schema) => verdicts.of(schema)));
}

function same(constant: unknown): Verdict {
  return (value) => value === constant;
}

function oneOfThese(values: readonly unknown[]): Verdict {
  const allowed = new Set(values);
  return (value) => allowed.has(value);
}

function inText(check: FormatCheck): Verdict {
  return (value) => !isText(value) || check(value);
}

function matching(pattern: Pattern): Verdict {
  return (value) => !isText(value) || pattern.test(value);
}

/** A limit of values of one type. */
function within<Value>(
  isOf: (value: unknown) => value is Value,
  limit: number,
  holds: (value: Value, limit: number) => boolean,
): Verdict {
  return (value) => !isOf(value) || holds(value, limit);
}

function every(verdicts: readonly Verdict[]): Verdict {
  return (value) => verdicts.every((verdict) => verdict(value));
}

function some(verdicts: readonly Verdict[]): Verdict {
  return (value) => verdicts.some((verdict) => verdict(value));
}
