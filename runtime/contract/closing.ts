import { definitionOf, type JsonSchema } from "./json-schema.js";
import {
  describesInside,
  describesObject,
  furtherOf,
  isSingle,
  mapValues,
  objectsIn,
  ownOf,
  patternsOf,
  schemaOfValue,
  schemasAt,
  valuesOf,
} from "./layer.js";
import { classesOf } from "./name-class.js";

const POINTER = "#/$defs/";

/** Keywords that hold schemas for other values, which can be closed where they stand. */
const HOLDS_NAMED_SCHEMAS = new Set(["properties", "patternProperties"]);
const HOLDS_SCHEMAS = new Set(["items", "prefixItems", "additionalProperties"]);

/** Keywords that only test: closing what they hold would turn their answer round. */
const KEPT = new Set(["not", "contains", "propertyNames"]);

/** So many levels are looked at together; what is below is closed apart, whether anything in it is closed or not. */
const DEEPEST = 50;

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
  /** What makes definitions that are referred to and not made yet, by their names. */
  readonly #pending = new Map<string, () => JsonSchema>();
  #depth = 0;
  #hasGiven = false;

  constructor(definitions: Definitions) {
    this.#given = definitions;
    this.#root = { $defs: definitions };
  }

  /** The schema, closed wherever a value can stand. */
  close(schema: JsonSchema): JsonSchema {
    const closed = this.#close(schema);
    // One after the other: a chain of types may be longer than the stack. A map visits what is added to it on the way.
    for (const [name, make] of this.#pending) this.definitions.set(name, make());
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
    if (typeof value !== "object") return value;
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
      this.#pending.set(name, () => this.#close(given));
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
    const key = layers
      .map((layer) => this.#numberOf(layer))
      .sort((a, b) => a - b)
      .join(" ");
    const name = `!${key}`;
    if (!this.#skeletons.has(key)) {
      // Until it is made, and for what refers to it from within.
      this.#skeletons.set(key, { $ref: `${POINTER}${name}` });
      if (this.#depth === DEEPEST) this.#pending.set(name, () => this.#make(layers));
      else {
        this.#depth++;
        const made = this.#make(layers);
        this.#depth--;
        if (Object.keys(made).length === 0) this.#skeletons.set(key, undefined);
        else this.definitions.set(name, made);
      }
    }
    return this.#skeletons.get(key);
  }

  #make(layers: readonly JsonSchema[]): JsonSchema {
    return { ...this.#makeObject(layers), ...this.#makeArray(layers) };
  }

  #makeObject(layers: readonly JsonSchema[]): JsonSchema {
    const patterns = [...new Set(layers.flatMap(({ patternProperties }) => Object.keys(patternProperties ?? {})))];
    const regexes = new Map(patterns.map((pattern) => [pattern, new RegExp(pattern, "u")]));
    const names = [...new Set(layers.flatMap(({ properties }) => Object.keys(properties ?? {})))];
    const atName = (name: string): readonly JsonSchema[] => layers.flatMap((layer) => schemasAt(layer, name, regexes));
    const others = layers.flatMap(({ additionalProperties }) => objectsIn(additionalProperties));
    const isOpen = layers.some(({ additionalProperties = false }) => additionalProperties !== false);
    const isClosed = !isOpen && layers.some(describesObject);
    const properties = names.map((name) => [name, this.#skeleton(atName(name)) ?? {}] as const);
    const patternProperties = this.#makePatterns(layers, regexes, names);
    const rest = isOpen ? this.#skeleton(others) : undefined;
    const isIdle = [...properties, ...patternProperties].every(([, inner]) => Object.keys(inner).length === 0);
    if (!isClosed && rest === undefined && isIdle) return {};
    return {
      properties: Object.fromEntries(properties),
      ...(patterns.length > 0 && { patternProperties: Object.fromEntries(patternProperties) }),
      additionalProperties: rest ?? !isClosed,
    };
  }

  /** The schemas for names that are not declared one by one. A declared name has its own, so its inside is not theirs. */
  #makePatterns(
    layers: readonly JsonSchema[],
    regexes: ReadonlyMap<string, RegExp>,
    names: readonly string[],
  ): readonly (readonly [regex: string, inner: JsonSchema])[] {
    const patterns = [...regexes.keys()];
    const opening = layers.filter(({ additionalProperties }) => objectsIn(additionalProperties).length > 0);
    // Beside whatever else there is, each pattern says to which names that applies.
    const shaping = patterns.filter(
      (pattern) => opening.length > 0 || this.#saysMore(layers.flatMap((layer) => ownOf(patternsOf(layer), pattern))),
    );
    const left = names.filter(
      (name) =>
        shaping.some((pattern) => regexes.get(pattern)?.test(name)) &&
        (opening.length > 0 || this.#saysMore(layers.flatMap(({ properties }) => ownOf(properties, name)))),
    );
    const classes = classesOf(shaping, left).map(({ regex, certain, possible }) => {
      // A name never is additional where one of a layer's own patterns matches.
      const schemas = layers.flatMap((layer) => {
        const own = Object.entries(patternsOf(layer));
        const isAdditional = !own.some(([pattern]) => certain.has(pattern));
        const matching = own.filter(([pattern]) => possible.has(pattern)).map(([, schema]) => schema);
        return isAdditional ? [...matching, ...objectsIn(layer.additionalProperties)] : matching;
      });
      return [regex, this.#skeleton(schemas) ?? {}] as const;
    });
    const silent = patterns.filter((pattern) => !shaping.includes(pattern));
    return [...classes, ...silent.map((pattern) => [pattern, {}] as const)];
  }

  /** Returns whether schemas say what is inside of a value. */
  #saysMore(schemas: readonly JsonSchema[]): boolean {
    return this.#layersOf(schemas).some((layer) => describesObject(layer) || describesInside(layer));
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
      ...(length > 0 &&
        [...prefix, rest].some((inner) => inner !== undefined) && {
          prefixItems: prefix.map((inner) => inner ?? {}),
        }),
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
