import { definitionOf, type JsonSchema } from "../../runtime/contract/json-schema.js";
import { markOf } from "../../runtime/contract/told-apart.js";
import { during } from "../load/failure.js";
import { originOf } from "../load/origin.js";
import type { Problem } from "../load/problem.js";
import type { Model } from "../model/model.js";
import { nameOf } from "../schema/definition-ref.js";
import type { Schema } from "../schema/schema.js";
import { isObject } from "../schema/walk.js";
import {
  ANY_PROPERTY_BYTES,
  added,
  bytesOf,
  type Effort,
  greatest,
  MESSAGE_BYTES,
  NONE,
  PLAIN_BYTES,
  rateOf,
  repeated,
  SHAPED_BYTES,
  within,
} from "./effort-amount.js";

/** For each byte of a message. Of what is accepted the estimate is higher than what is measured: 50 ms, not 80. */
const MOST_STEPS = 16;
/** Of more values, forms or properties one is looked up. */
const LOOKED_UP = { values: 16, properties: 100 } as const;
/** In steps: to look for a property that is not there, to compare with a value, to match a name with a pattern. */
const [ABSENT, COMPARED, MATCH] = [0.05, 0.2, 11] as const;
/** In steps: to try a form. What tries many forms of objects is so much code that V8 is late to optimise it. */
const [FORM, FORM_OF_OBJECTS] = [4, 10] as const;
/** In steps: to divide a number, and to try a schema that the value need not match. */
const DIVISION = 14;
const TRIED: Readonly<Record<string, number>> = { not: 10, if: 6 };

/** Of a schema without any of these no part is made: most say nothing of what is inside. */
const OBJECT = [
  ...["required", "properties", "additionalProperties", "patternProperties", "propertyNames"],
  ...["dependentRequired", "dependentSchemas"],
];
const LIST = ["prefixItems", "items", "contains"];
const SAME_VALUE = ["anyOf", "oneOf", "allOf", "not", "if", "then", "else"];

type Part = readonly [keyword: string, effort: Effort];

/**
 * Finds what takes too long to check: where a schema lets a message hold many small values, and says much of each. The
 * estimate is made of the schema alone: what forms, layers, conditions and patterns say of one value is added up. Whether a
 * value is of a type is found out once, so a type within itself counts once.
 *
 * @param unsound files with problems that make their schemas unreliable
 */
export function checkEffort(model: Model, unsound: ReadonlySet<string>): readonly Problem[] {
  const { components } = model;
  const root = {
    $defs: Object.fromEntries(model.definitions.map((each) => [each.name, model.flattener.definition(each)])),
  };
  const known = new Map<string, Effort>();
  const problems: Problem[] = [];
  // Each after those that it refers to: a chain of types may be longer than the stack.
  for (const [definition, component] of components) {
    if (unsound.has(definition.source.shownPath)) continue;
    const effortOf = (ref: string): Effort => {
      const other = model.byName.get(nameOf(ref));
      const isWithinItself = other === undefined || components.get(other) === component;
      return isWithinItself ? NONE : (known.get(other.name) ?? NONE);
    };
    const estimate = new Estimate(root, effortOf);
    const schema = model.flattener.definition(definition);
    known.set(
      definition.name,
      during("checking", definition.source.shownPath, () => estimate.of(schema)),
    );
    problems.push(...estimate.problems);
  }
  return problems;
}

class Estimate {
  readonly problems: Problem[] = [];
  /** Holds every definition by its name. */
  readonly #root: JsonSchema;
  readonly #effortOf: (ref: string) => Effort;

  constructor(root: JsonSchema, effortOf: (ref: string) => Effort) {
    this.#root = root;
    this.#effortOf = effortOf;
  }

  /** What is too much is reported, and then counts no more. */
  of(schema: Schema): Effort {
    if (schema.$ref !== undefined) return this.#effortOf(schema.$ref);
    const parts = this.#parts(schema);
    const effort = added(parts.map(([, part]) => part));
    if (rateOf(effort) <= MOST_STEPS) return effort;
    const [[keyword, part]] = parts.toSorted(([, one], [, other]) => rateOf(other) - rateOf(one)) as [Part];
    this.#report(schema, keyword, part);
    return NONE;
  }

  #report(schema: Schema, keyword: string, part: Effort): void {
    const origin = originOf(schema, (written) => Object.hasOwn(written, keyword));
    if (origin === undefined) return;
    const steps = Math.ceil(rateOf(part));
    const sentence = `lets a message take ${steps} steps of a check for each of its bytes, and ${MOST_STEPS} are allowed; ${adviceFor(keyword)}`;
    this.problems.push(origin.source.problem([...origin.path, keyword], sentence, { rule: "effort", at: "key" }));
  }

  #parts(schema: Schema): readonly Part[] {
    const values = schema.enum?.length ?? 0;
    const compared = values < LOOKED_UP.values ? values * COMPARED : 1;
    const divided = schema["multipleOf"] === undefined ? 0 : DIVISION;
    const own = { ...NONE, once: 1 + compared + divided, each: schema.pattern === undefined ? 0 : 1 };
    return [
      ["type", own],
      ...(has(schema, OBJECT) ? this.#ofObject(schema) : []),
      ...(has(schema, LIST) ? this.#ofList(schema) : []),
      ...(has(schema, SAME_VALUE) ? this.#ofSameValue(schema) : []),
    ];
  }

  /** What applies to the same value. */
  #ofSameValue(schema: Schema): readonly Part[] {
    const forms = ["anyOf", "oneOf"].map(
      (keyword): Part => [keyword, this.#ofForms((schema[keyword] ?? []) as readonly Schema[])],
    );
    const layers = ["allOf", "not", "if", "then", "else"].map((keyword): Part => {
      const schemas = [schema[keyword] ?? []].flat().filter(isObject);
      const trying = { ...NONE, once: TRIED[keyword] ?? 0 };
      return [keyword, added(schemas.flatMap((layer) => [trying, this.of(layer)]))];
    });
    return [...forms, ...layers];
  }

  /** What is inside of several types is mostly of the same types, and then is looked at once. */
  #ofForms(forms: readonly Schema[]): Effort {
    const efforts = forms.map((form) => ({ form, effort: this.of(form) }));
    if (markOf(forms, this.#root) !== undefined) return greatest(efforts.map(({ effort }) => effort));
    const named = efforts.filter(({ form: { $ref } }) => $ref !== undefined).map(({ effort }) => effort);
    const trying = forms.reduce((sum, form) => sum + this.#tryingOf(form), 0);
    const tried = trying + named.reduce((sum, { once }) => sum + once, 0);
    const written = efforts.filter(({ form: { $ref } }) => $ref === undefined);
    const of = (type: unknown) => added(written.filter(({ form }) => form.type === type).map(({ effort }) => effort));
    const types = new Set(written.flatMap(({ form: { type } }) => (typeof type === "string" ? [type] : [])));
    const others = written.filter(({ form: { type } }) => typeof type !== "string").map(({ effort }) => effort);
    // What is in a value of one type is not looked at by the forms of others.
    return added([{ ...greatest(named), once: tried }, ...others, greatest([...types].map(of))]);
  }

  #tryingOf(form: Schema): number {
    const whole = form.$ref === undefined ? form : definitionOf(this.#root, form);
    return whole !== undefined && has(whole, OBJECT) ? FORM_OF_OBJECTS : FORM;
  }

  #ofObject(schema: Schema): readonly Part[] {
    const { properties = {}, patternProperties = {}, additionalProperties, required } = schema;
    const named = Object.entries(properties).filter(([, each]) => isObject(each));
    const own = named.map(([name, each]) => within(this.of(each), name));
    const patterns = Object.values(patternProperties);
    const matching = { ...NONE, each: (patterns.length * MATCH) / ANY_PROPERTY_BYTES };
    const absent = named.length < LOOKED_UP.properties ? named.length * ABSENT : 1;
    return [
      ["required", { ...NONE, once: required === undefined ? 0 : 1 }],
      [
        "properties",
        { ...greatest(own), once: absent, declared: own.reduce((sum, { declared }) => sum + declared, 0) },
      ],
      ["additionalProperties", this.#ofAny(additionalProperties)],
      ["patternProperties", added([matching, ...patterns.map((each) => this.#ofAny(each))])],
      ["propertyNames", this.#ofAny(schema["propertyNames"])],
      ...this.#ofDependents(schema),
    ];
  }

  /** What is said of each property, or of its name. */
  #ofAny(schema: unknown): Effort {
    return isObject(schema) ? repeated(this.of(schema), ANY_PROPERTY_BYTES) : NONE;
  }

  /** What a property demands is looked at where it is there. */
  #ofDependents(schema: Schema): readonly Part[] {
    const lists = Object.values((schema["dependentRequired"] ?? {}) as Readonly<Record<string, readonly string[]>>);
    const schemas = Object.entries((schema["dependentSchemas"] ?? {}) as Readonly<Record<string, Schema>>);
    const longest = lists.reduce((most, { length }) => Math.max(most, length), 0);
    const lengths = lists.reduce((sum, { length }) => sum + length, 0);
    const dependents = schemas.map(([name, each]) => within(this.of(each), name));
    return [
      [
        "dependentRequired",
        { ...NONE, once: lists.length * ABSENT, declared: lengths, dense: longest / ANY_PROPERTY_BYTES },
      ],
      ["dependentSchemas", { ...added(dependents), once: schemas.length * ABSENT, dense: greatest(dependents).dense }],
    ];
  }

  #ofList(schema: Schema): readonly Part[] {
    const places = (schema.prefixItems ?? []).filter(isObject).map((each) => this.of(each));
    const sum = added(places);
    const most = Number(schema["maxItems"] ?? Number.POSITIVE_INFINITY);
    return [
      ["prefixItems", { ...greatest(places), once: sum.once, declared: sum.declared }],
      ...["items", "contains"].map((keyword): Part => {
        const item = schema[keyword];
        return [keyword, isObject(item) ? this.#ofItems(item, most) : NONE];
      }),
    ];
  }

  #ofItems(item: Schema, most: number): Effort {
    const effort = this.of(item);
    const bytes = this.#leastBytes(item);
    if (most * bytes >= MESSAGE_BYTES) return repeated(effort, bytes);
    return { ...effort, once: most * effort.once, declared: most * effort.declared };
  }

  /** How many bytes a value has at least, with its comma. A value that is refused ends the check, so it does not count. */
  #leastBytes(schema: Schema, isForm = false): number {
    const whole = schema.$ref === undefined ? schema : definitionOf(this.#root, schema);
    const { type, required = [], anyOf, oneOf } = whole ?? {};
    const forms = (anyOf ?? oneOf ?? []) as readonly Schema[];
    // A choice in a choice is not looked into: it may be of small values.
    if (forms.length > 0) return isForm ? PLAIN_BYTES : Math.min(...forms.map((form) => this.#leastBytes(form, true)));
    if (type !== "object") return type === "string" || type === "array" ? SHAPED_BYTES : PLAIN_BYTES;
    return required.reduce<number>((sum, name) => sum + bytesOf(name), SHAPED_BYTES);
  }
}

function has(schema: Schema, keywords: readonly string[]): boolean {
  for (const keyword of keywords) if (schema[keyword] !== undefined) return true;
  return false;
}

function adviceFor(keyword: string): string {
  if (keyword === "patternProperties") return "join some of its patterns into one";
  const telling = "have each form require a property that is another constant in each";
  if (keyword === "anyOf" || keyword === "oneOf") return telling;
  const isList = keyword === "items" || keyword === "contains";
  return isList
    ? `bound the list by "maxItems", or, where its items have forms, ${telling}`
    : "say less of the same value";
}
