import { typesOf } from "../model/implies.js";
import type { Model } from "../model/model.js";
import { nameOf } from "../schema/definition-ref.js";
import type { Schema } from "../schema/schema.js";
import { isObject } from "../schema/walk.js";
import type { Judge } from "./judge.js";
import { type Maker, saysMore } from "./maker.js";
import { numbersOf } from "./number-sample.js";
import { ObjectSamples } from "./object-sample.js";
import { textsOf } from "./text-sample.js";

/** So many values of one schema are made. */
const MOST_SAMPLES = 16;
/** So many schemas are visited for one message: a type may lead to more and more of others. */
const MOST_STEPS = 2_000;
/** What is deeper than this has only what it needs. */
const DEEP = 8;
const DEEPEST = 40;

/** Values of a schema that says nothing. */
const anything: readonly unknown[] = ["text", [1.5, true, null], {}];

/**
 * Makes values of flat schemas: one at least for each form of a choice, each branch of a condition and each property that
 * may be left out, and those at the limits of texts, numbers and lists. What it cannot make, it leaves out; whatever it
 * makes, the schema accepts. The same schema gives the same values.
 */
export class Samples implements Maker {
  readonly #model: Model;
  readonly #judge: Judge;
  readonly #known = new Map<string, readonly unknown[]>();
  readonly #open = new Map<string, number>();
  #steps = MOST_STEPS;

  constructor(model: Model, judge: Judge) {
    this.#model = model;
    this.#judge = judge;
  }

  of(schema: Schema, depth = 0): readonly unknown[] {
    if (this.#steps-- <= 0 || depth > DEEPEST) return [];
    if (schema.$ref !== undefined) return this.#ofType(schema, nameOf(schema.$ref), depth);
    const made = this.#made(schema, depth);
    const sound = saysMore(schema) ? made.filter((value) => this.accepts(schema, value)) : made;
    if (sound.length > 0) return sound.slice(0, MOST_SAMPLES);
    return [...(schema.examples ?? []), schema.default].filter(
      (value) => value !== undefined && this.accepts(schema, value),
    );
  }

  accepts(schema: Schema, value: unknown): boolean {
    return this.#judge.accepts(schema, value);
  }

  both(one: Schema, other: Schema): Schema | undefined {
    return this.#model.flattener.both(one, other);
  }

  isDeep(depth: number): boolean {
    return depth > DEEP;
  }

  /** A type within itself has only what it must have, and none within that. */
  #ofType(schema: Schema, name: string, depth: number): readonly unknown[] {
    const outer = this.#open.get(name) ?? 0;
    if (outer > 1) return [];
    const known = outer === 0 ? this.#known.get(name) : undefined;
    if (known !== undefined) return known;
    this.#open.set(name, outer + 1);
    const made = this.of(this.#model.flattener.expand(schema), outer === 0 ? depth : Math.max(depth, DEEP) + 1);
    this.#open.set(name, outer);
    if (outer === 0) this.#known.set(name, made);
    return made;
  }

  #made(schema: Schema, depth: number): readonly unknown[] {
    if (schema.const !== undefined) return [schema.const];
    if (schema.enum !== undefined) return schema.enum;
    const { allOf, ...rest } = schema;
    if (allOf !== undefined) return this.#layered(rest, allOf, depth);
    const alternatives = this.#alternatives(schema);
    if (alternatives !== undefined) {
      return inTurn(alternatives.map((each) => (each === undefined ? [] : this.of(each, depth))));
    }
    const types = typesOf(schema);
    if (types === undefined) return anything.filter((value) => this.accepts(schema, value));
    return inTurn(types.map((type) => this.#ofOneType(schema, type, depth)));
  }

  /** Values of the parts that cannot be merged, and objects with the names of two of them. */
  #layered(rest: Schema, layers: readonly Schema[], depth: number): readonly unknown[] {
    let made = this.of(rest, depth);
    for (const layer of layers) {
      const more = this.of(layer, depth);
      const joined = made.flatMap((one, at) => {
        const other = more[at % more.length];
        return isObject(one) && isObject(other)
          ? [
              { ...other, ...one },
              { ...one, ...other },
            ]
          : [];
      });
      made = [...joined, ...made, ...more];
    }
    return made;
  }

  /** The schema once for each form or branch; `undefined` if it has neither. */
  #alternatives(schema: Schema): readonly (Schema | undefined)[] | undefined {
    for (const keyword of ["oneOf", "anyOf"] as const) {
      const { [keyword]: forms, ...rest } = schema;
      if (forms === undefined) continue;
      // A form that is only tolerated is never written.
      return forms.flatMap((form) => (form["tolerated"] === true ? [] : [this.both(rest, form)]));
    }
    const { if: test, then, else: otherwise, dependentSchemas, ...rest } = schema as Conditions;
    if (test !== undefined) {
      const whole = dependentSchemas === undefined ? rest : { ...rest, dependentSchemas };
      const met = this.both(whole, test);
      return [met && this.both(met, then ?? {}), this.both(whole, otherwise ?? {})];
    }
    if (dependentSchemas === undefined) return undefined;
    const present = Object.entries(dependentSchemas).map(([name, inner]) => {
      const dependent = this.both(rest, inner);
      return dependent && this.both(dependent, { required: [name] });
    });
    return [...present, rest];
  }

  #ofOneType(schema: Schema, type: string, depth: number): readonly unknown[] {
    switch (type) {
      case "string":
        return textsOf(schema);
      case "integer":
      case "number":
        return numbersOf(schema, type === "integer");
      case "boolean":
        return [true, false];
      case "null":
        return [null];
      case "array":
        return this.#lists(schema, depth);
      default:
        return new ObjectSamples(schema, depth, this).made();
    }
  }

  /** The list with each item that there is, the shortest, and others with one item each. */
  #lists(schema: Schema, depth: number): readonly unknown[] {
    const { prefixItems = [], minItems = 0, contains, minContains = 1, maxItems = 20, uniqueItems } = schema as Lists;
    const items: unknown = schema.items ?? {};
    const columns = prefixItems.map((item) => this.of(item, depth + 1));
    const rest = (items as unknown) === false ? [] : this.of(items as Schema, depth + 1);
    const wanted = contains === undefined ? [] : this.of(this.both(items as Schema, contains) ?? contains, depth + 1);
    const needed = contains === undefined || wanted.length === 0 ? 0 : minContains;
    const row = (turn: number, length: number): unknown[] => {
      const all = [...(needed > 0 ? wanted : []), ...rest];
      return Array.from({ length }, (_, at) => {
        const column = columns[at] ?? (at < needed && uniqueItems !== true ? wanted : all);
        return column[(turn + at - Math.min(at, columns.length)) % column.length];
      });
    };
    const least = Math.max(minItems, needed);
    const fullest = Math.min(maxItems, Math.max(least, columns.length + Math.min(rest.length, 3)));
    const most = this.isDeep(depth) ? least : fullest;
    const lengths = [most, ...rest.slice(1).map(() => Math.max(least, Math.min(most, columns.length + 1))), least];
    const lists = lengths.filter((length) => length < 1_000).map((length, turn) => row(turn, length));
    // What has no item to put in a place has none there.
    return lists.filter((list) => !list.includes(undefined) && this.accepts(schema, list));
  }
}

interface Conditions extends Schema {
  readonly if?: Schema;
  readonly then?: Schema;
  readonly else?: Schema;
  readonly dependentSchemas?: Readonly<Record<string, Schema>>;
}

interface Lists extends Schema {
  readonly contains?: Schema;
  readonly minContains?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
}

/** The first of each, then the second of each, and so on. */
function inTurn(columns: readonly (readonly unknown[])[]): readonly unknown[] {
  if (columns.length === 1) return columns[0] ?? [];
  const length = Math.max(0, ...columns.map((column) => column.length));
  return Array.from({ length }, (_, at) => columns.flatMap((column) => column.slice(at, at + 1))).flat();
}
