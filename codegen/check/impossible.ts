import { during } from "../load/failure.js";
import { originOf } from "../load/origin.js";
import type { Problem } from "../load/problem.js";
import { Answers } from "../model/answer.js";
import { hasInside, implies, typesOf } from "../model/implies.js";
import type { Model } from "../model/model.js";
import { keywordTypes, types } from "../schema/keyword.js";
import { type Path, valueAt } from "../schema/pointer.js";
import type { Schema } from "../schema/schema.js";
import { isObject, sameValueKeywords, walk } from "../schema/walk.js";
import { Judge } from "./judge.js";
import { type Fault, namesFault, rangeFault } from "./range.js";

/**
 * Finds schemas that no value satisfies, values of an `enum` that the keywords beside it refuse, and types that need a
 * value of themselves without end. It finds only what is certain; `false` is taken to be meant.
 *
 * @param unsound files with problems that make their schemas unreliable
 */
export function checkImpossible(model: Model, unsound: ReadonlySet<string>): readonly Problem[] {
  const finder = new Finder(model);
  return model.definitions.flatMap((definition) => {
    const { source, name } = definition;
    if (unsound.has(source.shownPath)) return [];
    return during("checking", source.shownPath, () => {
      const schema = model.flattener.definition(definition);
      const problems = walk(schema).flatMap(([path, inner]) => {
        const isWhole = path.length === 0 ? definition.message !== undefined : !isBranch(path);
        const faults = [...finder.faultsAt(inner), ...(isWhole ? namesFault(inner) : [])];
        return faults.flatMap((fault) => report(inner, fault));
      });
      const isMeant = isNothing(model.flattener.expand(schema));
      if (problems.length > 0 || isMeant || finder.isPossible(schema)) return problems;
      const sentence = `no value of "${name}" is possible: it needs another of the same type, or what no value satisfies`;
      return [source.problem(definition.path, sentence, { rule: "impossible" })];
    });
  });
}

function report(schema: Schema, { keyword, sentence }: Fault): readonly Problem[] {
  const origin = originOf(schema, (written) => Object.hasOwn(written, keyword));
  if (origin === undefined) return [];
  return [origin.source.problem([...origin.path, keyword], sentence, { rule: "impossible" })];
}

/** The schema as it is written where it has a keyword, without the layers that are merged into it. */
function writtenBeside(keyword: string, schema: Schema): Schema {
  const origin = originOf(schema, (written) => Object.hasOwn(written, keyword));
  return ((origin && valueAt(origin.source.schema, origin.path)) ?? schema) as Schema;
}

/** A schema that applies to a value together with another, which may declare more names. */
function isBranch(path: Path): boolean {
  return [path.at(-1), path.at(-2)].some((key) => sameValueKeywords.has(key ?? ""));
}

/** The schema `false`. */
function isNothing(schema: Schema): boolean {
  return isObject(schema["not"]) && Object.keys(schema["not"]).length === 0;
}

class Finder {
  readonly #model: Model;
  readonly #possible = new Answers();
  readonly #implied = new Answers();

  constructor(model: Model) {
    this.#model = model;
  }

  /** What a schema says itself that no value satisfies. */
  faultsAt(schema: Schema): readonly Fault[] {
    if (schema.$ref !== undefined || isNothing(schema)) return [];
    if (schema.const !== undefined) {
      const sentence = "is refused by the keywords beside it";
      return beside("const", schema)(schema.const) ? [] : [{ keyword: "const", sentence }];
    }
    if (schema.enum !== undefined) return deadValues(schema.enum, schema);
    const faults = (typesOf(schema) ?? []).flatMap((type) => this.#rangeFault(schema, type) ?? []);
    const forms = ["anyOf", "oneOf"].filter((keyword) => schema[keyword] !== undefined);
    return [...faults, ...forms.flatMap((keyword) => this.#deadForms(schema, keyword))];
  }

  #rangeFault(schema: Schema, type: string): Fault | undefined {
    return rangeFault(schema, type, type === "array" ? this.#distinct(schema) : Number.POSITIVE_INFINITY);
  }

  /** Forms that no value has, though nothing in them says so by itself. */
  #deadForms(schema: Schema, keyword: string): readonly Fault[] {
    const forms = (schema[keyword] ?? []) as readonly Schema[];
    return forms.flatMap((form, at) => {
      if (isNothing(this.#model.flattener.expand(form))) return [];
      const wider = keyword === "oneOf" ? forms.findIndex((other) => other !== form && this.#implies(form, other)) : -1;
      if (wider >= 0) {
        const sentence = `its form ${at + 1} accepts no value that form ${wider + 1} refuses, and "oneOf" allows only one`;
        return [{ keyword, sentence }];
      }
      if (this.isPossible(form)) return [];
      const isSaid = walk(form).some(([, inner]) => inner !== form && this.faultsAt(inner).length > 0);
      return isSaid || this.faultsAt(form).length > 0
        ? []
        : [{ keyword, sentence: `its form ${at + 1} accepts no value` }];
    });
  }

  #implies(narrow: Schema, wide: Schema): boolean {
    const expand = (schema: Schema): Schema => this.#model.flattener.expand(schema);
    return implies(narrow, wide, { expand, implied: this.#implied, mayClose: false });
  }

  /** Returns `false` only if it is certain that no value satisfies the schema. */
  isPossible(schema: Schema): boolean {
    const { $ref } = schema;
    if ($ref !== undefined)
      return this.#possible.answer($ref, () => this.isPossible(this.#model.flattener.expand(schema)));
    if (isNothing(schema)) return false;
    const { anyOf, oneOf, allOf = [] } = schema;
    if (allOf.some((layer) => !this.isPossible(layer))) return false;
    for (const forms of [anyOf, oneOf]) if (forms?.some((form) => this.isPossible(form)) === false) return false;
    if (schema.const !== undefined || schema.enum !== undefined) return true;
    return (typesOf(schema) ?? types).some((type) => this.#isPossibleAs(schema, type));
  }

  #isPossibleAs(schema: Schema, type: string): boolean {
    if (this.#rangeFault(schema, type) !== undefined) return false;
    if (type === "object") {
      const { properties = {}, required = [] } = schema;
      return required.every((name) => !Object.hasOwn(properties, name) || this.isPossible(properties[name] ?? {}));
    }
    if (type !== "array") return true;
    const { minItems = 0, prefixItems = [], items } = schema;
    if (!prefixItems.slice(0, minItems).every((item) => this.isPossible(item))) return false;
    return minItems <= prefixItems.length || typeof items !== "object" || this.isPossible(items);
  }

  /** How many different items a list can have. */
  #distinct({ items, prefixItems }: Schema): number {
    if (prefixItems !== undefined || typeof items !== "object") return Number.POSITIVE_INFINITY;
    const item = this.#model.flattener.expand(items);
    if (item.const !== undefined) return 1;
    if (item.enum !== undefined) return item.enum.length;
    return item.type === "boolean" ? 2 : item.type === "null" ? 1 : Number.POSITIVE_INFINITY;
  }
}

function deadValues(values: readonly unknown[], schema: Schema): readonly Fault[] {
  // A layer that narrows a list of values may refuse some of them, but not all.
  const isDead = values.length > 0 && !values.some(beside("enum", schema));
  const fits = beside("enum", writtenBeside("enum", schema));
  const dead = isDead ? values : values.filter((value) => !fits(value));
  if (dead.length === 0) return [];
  const shown = dead.slice(0, 3).map((value) => JSON.stringify(value));
  return [{ keyword: "enum", sentence: `lists ${shown.join(", ")}, which the keywords beside it refuse` }];
}

const judge = new Judge(() => undefined);
/** Keywords about values that have nothing inside. */
const flatKeywords = new Set([
  ...["type", "enum"],
  ...[...keywordTypes].flatMap(([name, type]) => (hasInside(type) ? [] : [name])),
]);

/** Tells whether the keywords about types, texts and numbers that stand beside a keyword let a value pass. */
function beside(keyword: string, schema: Schema): (value: unknown) => boolean {
  const others: Record<string, unknown> = {};
  for (const other in schema) if (other !== keyword && flatKeywords.has(other)) others[other] = schema[other];
  return (value) => judge.accepts(others, value);
}
