import { definitionOf, type JsonSchema } from "./json-schema.js";

const POINTER = "#/$defs/";

/** Keywords that bring further schemas for the same value: layers, forms and conditions. */
const FURTHER = ["allOf", "anyOf", "oneOf", "if", "then", "else", "dependentSchemas"] as const;

/** Keywords beside a `$ref` that make it one layer of several. */
const SHAPING = ["type", "properties", "patternProperties", "additionalProperties", "items", "prefixItems"] as const;

/** Keywords that hold schemas for other values, which can be closed where they stand. */
const HOLDS_NAMED_SCHEMAS = new Set(["properties", "patternProperties"]);
const HOLDS_SCHEMAS = new Set(["items", "prefixItems", "additionalProperties"]);

/** Keywords that only test: closing what they hold would turn their answer round. */
const KEPT = new Set(["not", "contains", "propertyNames"]);

type Definitions = Readonly<Record<string, JsonSchema>>;

/**
 * Closes objects: a name that nothing declares is refused, unless the schema opens the object. What counts are the names
 * of every layer, form and condition that can apply to the value; so a choice itself stays as it is, and the closing
 * stands beside it. A closed schema accepts nothing that the schema does not.
 */
export class Closing {
  /** The definitions that closed schemas refer to, as they are made. */
  readonly definitions: Map<string, JsonSchema> = new Map();
  readonly #given: Definitions;
  readonly #root: JsonSchema;
  /** The number of each schema, to tell sets of schemas apart. */
  readonly #numbers = new Map<JsonSchema, number>();
  readonly #values = new Map<object, JsonSchema>();
  readonly #skeletons = new Map<string, JsonSchema | undefined>();
  /** Definitions that are referred to and not closed yet, by the names of their closed forms. */
  readonly #pending = new Map<string, JsonSchema>();
  #hasGiven = false;

  constructor(definitions: Definitions) {
    this.#given = definitions;
    this.#root = { $defs: definitions };
  }

  /** The schema, closed wherever a value can stand. */
  close(schema: JsonSchema): JsonSchema {
    const closed = this.#close(schema);
    // One after the other: a chain of types may be longer than the stack. A map visits what is added to it on the way.
    for (const [name, given] of this.#pending) this.definitions.set(name, this.#close(given));
    this.#pending.clear();
    return closed;
  }

  #close(schema: JsonSchema): JsonSchema {
    if (!isSingle(schema)) return this.#closeBeside(schema);
    if (schema.$ref !== undefined) return { ...schema, $ref: this.#closedRef(schema.$ref) };
    const inner = Object.entries(schema).map(([keyword, value]) => [keyword, this.#closeKeyword(keyword, value)]);
    const isUndeclared = describesObject(schema) && schema.additionalProperties === undefined;
    return { ...Object.fromEntries(inner), ...(isUndeclared && { additionalProperties: false }) };
  }

  #closeKeyword(keyword: string, value: unknown): unknown {
    if (typeof value !== "object" || value === null) return value;
    if (HOLDS_NAMED_SCHEMAS.has(keyword)) return mapValues(value as Definitions, (schema) => this.#close(schema));
    if (KEPT.has(keyword)) this.#withGiven(value as JsonSchema);
    if (!HOLDS_SCHEMAS.has(keyword)) return value;
    return Array.isArray(value)
      ? value.map((schema: JsonSchema) => this.#close(schema))
      : this.#close(value as JsonSchema);
  }

  /** The `$ref` to the closed form of a definition. */
  #closedRef(ref: string): string {
    const name = `${ref.slice(POINTER.length)}!`;
    const given = definitionOf(this.#root, { $ref: ref });
    if (given === undefined) return ref;
    if (!this.definitions.has(name)) {
      this.definitions.set(name, {});
      this.#pending.set(name, given);
    }
    return `${POINTER}${name}`;
  }

  #closeBeside(schema: JsonSchema): JsonSchema {
    const skeleton = this.#skeleton([schema]);
    if (skeleton === undefined) return this.#withGiven(schema);
    const layers = (schema["allOf"] as readonly JsonSchema[] | undefined) ?? [];
    return this.#withGiven({ ...schema, allOf: [...layers, skeleton] });
  }

  /** A schema that stays as it is refers to the definitions as they are. */
  #withGiven(schema: JsonSchema): JsonSchema {
    if (!this.#hasGiven) for (const [name, given] of Object.entries(this.#given)) this.definitions.set(name, given);
    this.#hasGiven = true;
    return schema;
  }

  /** What closes a value to which these schemas can apply; `undefined` if nothing of it is to be closed. */
  #skeleton(schemas: readonly JsonSchema[]): JsonSchema | undefined {
    const layers = this.#layersOf(schemas);
    if (layers.length === 0) return undefined;
    const key = layers
      .map((layer) => this.#numberOf(layer))
      .sort((a, b) => a - b)
      .join(" ");
    const name = `!${key}`;
    if (!this.#skeletons.has(key)) {
      // Until it is made, and for what refers to it from within.
      this.#skeletons.set(key, { $ref: `${POINTER}${name}` });
      const made = this.#make(layers);
      if (made === undefined) {
        this.#skeletons.set(key, undefined);
        this.definitions.set(name, {});
      } else this.definitions.set(name, made);
    }
    return this.#skeletons.get(key);
  }

  #make(layers: readonly JsonSchema[]): JsonSchema | undefined {
    const made = { ...this.#makeObject(layers), ...this.#makeArray(layers) };
    return Object.keys(made).length === 0 ? undefined : made;
  }

  #makeObject(layers: readonly JsonSchema[]): JsonSchema {
    const patterns = [...new Set(layers.flatMap(({ patternProperties }) => Object.keys(patternProperties ?? {})))];
    const regexes = new Map(patterns.map((pattern) => [pattern, new RegExp(pattern, "u")]));
    const names = [...new Set(layers.flatMap(({ properties }) => Object.keys(properties ?? {})))];
    const atName = (name: string): readonly JsonSchema[] => layers.flatMap((layer) => schemasAt(layer, name, regexes));
    // A name may match several patterns, and never is additional where one of a layer's own matches.
    const atPattern = (pattern: string): readonly JsonSchema[] =>
      layers.flatMap(({ patternProperties = {}, additionalProperties }) => [
        ...Object.values(patternProperties as Definitions),
        ...(pattern in (patternProperties as Definitions) ? [] : objectsIn(additionalProperties)),
      ]);
    const others = layers.flatMap(({ additionalProperties }) => objectsIn(additionalProperties));
    const isOpen = layers.some(({ additionalProperties = false }) => additionalProperties !== false);
    const isClosed = !isOpen && layers.some(describesObject);
    const properties = names.map((name) => [name, this.#skeleton(atName(name)) ?? {}] as const);
    const patternProperties = patterns.map((pattern) => {
      const matching = names.filter((name) => regexes.get(pattern)?.test(name)).flatMap(atName);
      return [pattern, this.#skeleton([...atPattern(pattern), ...matching]) ?? {}] as const;
    });
    const rest = isOpen ? this.#skeleton(others) : undefined;
    const isIdle = [...properties, ...patternProperties].every(([, inner]) => Object.keys(inner).length === 0);
    if (!isClosed && rest === undefined && isIdle) return {};
    return {
      ...(properties.length > 0 && { properties: Object.fromEntries(properties) }),
      ...(patternProperties.length > 0 && { patternProperties: Object.fromEntries(patternProperties) }),
      ...(rest !== undefined && { additionalProperties: rest }),
      ...(isClosed && { additionalProperties: false }),
    };
  }

  #makeArray(layers: readonly JsonSchema[]): JsonSchema {
    const prefixOf = (layer: JsonSchema): readonly JsonSchema[] => (layer["prefixItems"] ?? []) as JsonSchema[];
    const found = layers.flatMap((layer) => objectsIn(layer["contains"]));
    const length = Math.max(...layers.map((layer) => prefixOf(layer).length));
    const at = (index: number): JsonSchema | undefined => {
      const items = layers.flatMap((layer) => prefixOf(layer)[index] ?? objectsIn(layer.items));
      return items.length === 0 ? undefined : this.#skeleton([...items, ...found]);
    };
    const prefix = Array.from({ length }, (_, index) => at(index));
    const rest = at(length);
    return {
      ...(prefix.some((inner) => inner !== undefined) && { prefixItems: prefix.map((inner) => inner ?? {}) }),
      ...(rest !== undefined && { items: rest as JsonSchema }),
    };
  }

  /** Every schema that can apply to the same value as these, themselves included. */
  #layersOf(schemas: readonly JsonSchema[]): readonly JsonSchema[] {
    const layers = new Set(schemas);
    // A set visits what is added to it on the way.
    for (const layer of layers) {
      const definition = definitionOf(this.#root, layer);
      if (definition !== undefined) layers.add(definition);
      for (const further of furtherOf(layer)) layers.add(further);
      for (const value of valuesOf(layer)) layers.add(this.#layerOfValue(value));
    }
    return [...layers].filter((layer) => Object.keys(layer).length > 0);
  }

  /** Always the same layer for a value, so that recursion through it ends. */
  #layerOfValue(value: object): JsonSchema {
    const layer = this.#values.get(value) ?? schemaOfValue(value);
    this.#values.set(value, layer);
    return layer;
  }

  #numberOf(schema: JsonSchema): number {
    const number = this.#numbers.get(schema) ?? this.#numbers.size;
    this.#numbers.set(schema, number);
    return number;
  }
}

/** True if a value has no other schema than this one, or than the definition that it refers to. */
function isSingle(schema: JsonSchema): boolean {
  if (FURTHER.some((keyword) => schema[keyword] !== undefined)) return false;
  if (schema.$ref !== undefined) return !SHAPING.some((keyword) => schema[keyword] !== undefined);
  const patterns = Object.keys((schema["patternProperties"] ?? {}) as object);
  if (patterns.length === 0) return true;
  const names = Object.keys(schema.properties ?? {});
  return patterns.length === 1 && !names.some((name) => new RegExp(patterns[0] ?? "", "u").test(name));
}

/** True for a schema that is about objects. A constant needs no closing. */
function describesObject(schema: JsonSchema): boolean {
  if (schema.const !== undefined || schema.enum !== undefined) return false;
  const isTyped = [schema.type].flat().includes("object");
  return isTyped || schema.properties !== undefined || schema["patternProperties"] !== undefined;
}

function furtherOf(schema: JsonSchema): readonly JsonSchema[] {
  return FURTHER.flatMap((keyword) => {
    const value = schema[keyword];
    if (keyword === "dependentSchemas") return Object.values((value ?? {}) as Definitions);
    return Array.isArray(value) ? (value as readonly JsonSchema[]) : objectsIn(value);
  });
}

function schemasAt(
  { properties, patternProperties, additionalProperties }: JsonSchema,
  name: string,
  regexes: ReadonlyMap<string, RegExp>,
): readonly JsonSchema[] {
  const own = properties !== undefined && Object.hasOwn(properties, name) ? objectsIn(properties[name]) : [];
  const matching = Object.entries((patternProperties ?? {}) as Definitions)
    .filter(([pattern]) => regexes.get(pattern)?.test(name))
    .map(([, schema]) => schema);
  const all = [...own, ...matching];
  return all.length > 0 ? all : objectsIn(additionalProperties);
}

/** The objects and lists among the values that a schema allows one by one. */
function valuesOf({ const: value, enum: values = [] }: JsonSchema): readonly object[] {
  return [value, ...values].filter((allowed) => typeof allowed === "object" && allowed !== null);
}

/** A schema with the names of a value. */
function schemaOfValue(value: unknown): JsonSchema {
  if (typeof value !== "object" || value === null) return {};
  if (Array.isArray(value)) return { prefixItems: value.map(schemaOfValue) };
  return { properties: mapValues(value as Record<string, unknown>, schemaOfValue) };
}

function objectsIn(value: unknown): readonly JsonSchema[] {
  return typeof value === "object" && value !== null ? [value as JsonSchema] : [];
}

function mapValues<Value, Result>(
  values: Readonly<Record<string, Value>>,
  map: (value: Value) => Result,
): Record<string, Result> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]));
}
