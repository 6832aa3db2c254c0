import { tolerantFormats } from "../../runtime/contract/format.js";
import type { JsonSchema } from "../../runtime/contract/json-schema.js";
import { isWithin, typesOf } from "../model/implies.js";
import { namesIn } from "../schema/definition-ref.js";
import { types as allTypes, annotations } from "../schema/keyword.js";
import type { Schema } from "../schema/schema.js";
import { alternativesOf } from "./alternative.js";
import { type Decision, decides } from "./decision.js";

/** Schemas that apply to the same value. */
export type Layers = readonly Schema[];

/** `false`, as a flat schema writes it. */
export function isNever(schema: unknown): boolean {
  if (schema === false) return true;
  const { not } = (schema ?? {}) as { readonly not?: object };
  return not !== undefined && Object.keys(not).length === 0;
}

/** A flat schema with its definitions, and what it says of the values at its places. */
export class Document {
  readonly root: Schema;
  readonly #numbers = new WeakMap<object, number>();
  #count = 0;
  readonly #plain = new WeakMap<Schema, Schema>();
  readonly #checks = new WeakMap<object, Decision>();

  constructor(root: JsonSchema) {
    this.root = root as Schema;
  }

  definition({ $ref }: Schema): Schema | undefined {
    return $ref === undefined ? undefined : this.root.$defs?.[$ref.slice("#/$defs/".length)];
  }

  /** Every schema that certainly applies to a value of these: what `$ref` and `allOf` name, each without these keywords. */
  layersOf(schemas: Layers): Layers {
    const found = new Set(schemas);
    // A set visits what is added to it on the way.
    for (const schema of found) {
      const definition = this.definition(schema);
      if (definition !== undefined) found.add(definition);
      for (const layer of schema.allOf ?? []) found.add(layer);
    }
    const plain = [...found].map((schema) => this.#plainOf(schema));
    return [...new Set(plain)].filter((layer) => Object.keys(layer).some((keyword) => !annotations.has(keyword)));
  }

  #plainOf(schema: Schema): Schema {
    const known = this.#plain.get(schema);
    if (known !== undefined) return known;
    const { $ref, allOf, $defs, ...rest } = schema;
    const plain = $ref === undefined && allOf === undefined && $defs === undefined ? schema : rest;
    this.#plain.set(schema, plain);
    return plain;
  }

  /** A text that only the same schemas have. */
  keyOf(schemas: Layers): string {
    const numbers = schemas.map((schema) => {
      const number = this.#numbers.get(schema) ?? this.#count++;
      this.#numbers.set(schema, number);
      return number;
    });
    return numbers.sort((a, b) => a - b).join(" ");
  }

  /** Whether a reader takes the value for one of this schema. */
  accepts(schema: Schema, value: unknown): boolean {
    const check = this.#checks.get(schema) ?? decides(this.#withDefinitions(schema), tolerantFormats);
    this.#checks.set(schema, check);
    return check(value);
  }

  /** With the definitions that it leads to. Most schemas lead to none, and are decided without being compiled. */
  #withDefinitions(schema: Schema): Schema {
    const names = new Set(namesIn(schema));
    // A set visits what is added to it on the way.
    for (const name of names) for (const inner of namesIn(this.root.$defs?.[name] ?? {})) names.add(inner);
    if (names.size === 0) return schema;
    return { ...schema, $defs: Object.fromEntries([...names].map((name) => [name, this.root.$defs?.[name] ?? {}])) };
  }

  /** All that a schema says, with the definitions that it leads to. */
  textOf(schema: Schema): string {
    return JSON.stringify(this.#withDefinitions(schema));
  }

  /** The types that a value of these layers can have. */
  typesOf(layers: Layers): readonly string[] {
    return layers.reduce<readonly string[]>(
      (types, layer) => {
        const own = typesOf(layer);
        if (own === undefined) return types;
        const narrowed = types.filter((type) => isWithin(type, own));
        return types.includes("number") && own.includes("integer") && !own.includes("number")
          ? [...new Set([...narrowed, "integer"])]
          : narrowed;
      },
      allTypes.filter((type) => type !== "integer"),
    );
  }

  /** All values of these layers, if they are listed; `undefined` otherwise. */
  valuesOf(layers: Layers): readonly unknown[] | undefined {
    const lists = layers.flatMap(({ const: value, enum: values }) => {
      if (value !== undefined) return [[value]];
      return values === undefined ? [] : [values];
    });
    const [shortest] = lists.sort((a, b) => a.length - b.length);
    const types = this.typesOf(layers);
    const isListed = types.every((type) => type === "null" || type === "boolean");
    const values =
      shortest ?? (isListed ? types.flatMap((type) => (type === "null" ? [null] : [true, false])) : undefined);
    return values?.filter((value) => layers.every((layer) => this.accepts(layer, value)));
  }

  /** Returns `true` only if no value has all these layers. */
  isEmpty(layers: Layers): boolean {
    const types = this.typesOf(layers);
    if (layers.some(isNever) || types.length === 0) return true;
    if (types.length > 1 || types[0] !== "object") return false;
    return this.requiredOf(layers).some((name) => this.isImpossible(layers, name));
  }

  requiredOf(layers: Layers): readonly string[] {
    return [...new Set(layers.flatMap(({ required = [] }) => required))];
  }

  /** What applies to a property of a value with these layers. */
  atName(layers: Layers, name: string): Layers {
    return layers.flatMap((layer) => {
      const { properties = {}, patternProperties = {}, additionalProperties, propertyNames } = layer;
      if (propertyNames !== undefined && !this.accepts(propertyNames as Schema, name)) return [{ not: {} }];
      const own = Object.hasOwn(properties, name) ? [properties[name] as Schema] : [];
      const matching = Object.entries(patternProperties).filter(([pattern]) => matches(pattern, name));
      const found = [...own, ...matching.map(([, schema]) => schema)];
      if (found.length > 0 || additionalProperties === undefined || additionalProperties === true) return found;
      return [additionalProperties === false ? { not: {} } : additionalProperties];
    });
  }

  /** Returns `true` only if no value of these layers has a property of this name. */
  isImpossible(layers: Layers, name: string): boolean {
    const isExcluded = (each: string): boolean => this.isEmpty(this.layersOf(this.atName(layers, each)));
    const needed = layers.flatMap(({ dependentRequired = {} }) => {
      const dependents = dependentRequired as Readonly<Record<string, readonly string[]>>;
      return Object.hasOwn(dependents, name) ? (dependents[name] ?? []) : [];
    });
    return isExcluded(name) || needed.some(isExcluded);
  }

  /** The names that these layers declare one by one. */
  namesOf(layers: Layers): readonly string[] {
    return [...new Set(layers.flatMap(({ properties = {} }) => Object.keys(properties)))];
  }

  patternsOf(layers: Layers): readonly string[] {
    return [...new Set(layers.flatMap(({ patternProperties = {} }) => Object.keys(patternProperties)))];
  }

  /** What applies to names that no layer declares; `undefined` if there can be none. */
  othersOf(layers: Layers): Layers | undefined {
    const others = layers.map(({ additionalProperties = true }) => additionalProperties);
    if (others.some(isNever)) return undefined;
    const schemas = others.filter((schema) => typeof schema === "object") as Schema[];
    return this.isEmpty(this.layersOf(schemas)) ? undefined : schemas;
  }

  /** What applies to the item at an index; the index of the rest is that behind the longest tuple. */
  atIndex(layers: Layers, index: number): Layers {
    return layers.flatMap(({ prefixItems = [], items }) => {
      const item = prefixItems[index] ?? (index >= prefixItems.length ? (items as unknown) : undefined);
      if (item === undefined || item === true) return [];
      return [item === false ? { not: {} } : (item as Schema)];
    });
  }

  /** The layers in all the ways in which a choice or a condition can be decided; `undefined` if there is none. */
  alternatives(layers: Layers): readonly Layers[] | undefined {
    return alternativesOf(layers, this.typesOf(layers));
  }
}

const regexes = new Map<string, RegExp>();

/** Whether a name or a text matches a pattern. */
export function matches(pattern: string, text: string): boolean {
  const regex = regexes.get(pattern) ?? new RegExp(pattern, "u");
  regexes.set(pattern, regex);
  return regex.test(text);
}
