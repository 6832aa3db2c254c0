import { typesOf } from "../model/implies.js";
import { Random } from "../schema/random.js";
import type { Schema } from "../schema/schema.js";
import { boundariesOf, listedIn } from "./boundaries.js";
import { type Document, isNever, type Layers, matches } from "./document.js";
import { patternSamples } from "./text-samples.js";

/** What there is to know of one value, in the writer's and in the reader's version. */
export interface Place {
  /** Every schema of the writer that may have to do with the value. */
  readonly writer: Layers;
  /** Every schema of the reader that may have to do with it. */
  readonly reader: Layers;
  /** The writer's schemas that certainly apply to it. */
  readonly certain: Layers;
}

/** Values within values are made so deep. */
const DEEPEST = 5;
const MOST_OBJECTS = 160;
const MOST_LISTS = 60;
/** A choice is decided in so many ways. */
const MOST_WAYS = 16;
/** So many values of a property take part in combinations: the first, and some of the others. */
const MOST_INNER = 24;
const FIRST = 10;

/** Keywords that hold schemas for the same value, whether they apply to it or only may. */
const BESIDE = ["not", "if", "then", "else"] as const;

/** Makes values that tell two versions of a schema apart. Not each is one of either version. */
export class Pool {
  readonly #writer: Document;
  readonly #reader: Document;
  readonly #known = new Map<string, readonly unknown[]>();
  readonly #random = new Random(1);

  constructor(writer: Document, reader: Document) {
    this.#writer = writer;
    this.#reader = reader;
  }

  /** The schemas of a whole message. */
  get root(): Place {
    return this.#place([this.#writer.root], [this.#reader.root], [this.#writer.root]);
  }

  /** The schemas of a property or of an item. */
  within({ writer, reader, certain }: Place, key: string): Place {
    const index = key === "*" ? 0 : Number(key);
    const items = Number.isInteger(index) ? this.#writer.atIndex(certain, index) : [];
    const inner = [...(key === "*" ? [] : this.#writer.atName(certain, key)), ...items];
    return this.#place(innerOf(writer, key), innerOf(reader, key), inner);
  }

  #place(writer: Layers, reader: Layers, certain: Layers): Place {
    return {
      writer: everyLayer(this.#writer, writer),
      reader: everyLayer(this.#reader, reader),
      certain: this.#writer.layersOf(certain),
    };
  }

  /** The names that may stand in an object, and names that match what it says of others. */
  namesAt({ writer, reader }: Place): readonly string[] {
    const all = [...writer, ...reader];
    const declared = all.flatMap(({ properties = {}, required = [], dependentRequired = {} }) => [
      ...Object.keys(properties),
      ...required,
      ...Object.keys(dependentRequired as object),
    ]);
    const patterns = all.flatMap(({ patternProperties = {} }) => Object.keys(patternProperties));
    const matching = patterns.flatMap((pattern) => patternSamples(pattern).slice(0, 3));
    const naming = all.flatMap(({ propertyNames }) => (propertyNames === undefined ? [] : [propertyNames as Schema]));
    const named = naming.length === 0 ? [] : boundariesOf(everyLayer(this.#writer, naming));
    const texts = named.filter((name): name is string => typeof name === "string");
    return [...new Set([...declared, ...matching, ...texts.slice(0, 30)])].filter((name) => name !== "__proto__");
  }

  /** Values of a place, those first that are likely to be written. */
  values(place: Place, depth = 0): readonly unknown[] {
    const keys = [
      this.#writer.keyOf(place.writer),
      this.#reader.keyOf(place.reader),
      this.#writer.keyOf(place.certain),
    ];
    const key = `${keys.join("|")}|${Math.min(depth, DEEPEST)}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const all = [...place.writer, ...place.reader];
    const types = new Set(all.flatMap((schema) => typesOf(schema) ?? []));
    const isOpen = all.length === 0 || all.some((schema) => typesOf(schema) === undefined);
    const has = (keywords: readonly string[]): boolean =>
      all.some((schema) => keywords.some((keyword) => schema[keyword] !== undefined));
    const isObject = types.has("object") || has(["properties", "patternProperties", "required", "propertyNames"]);
    const isList = types.has("array") || has(["items", "prefixItems", "contains"]);
    const isShallow = depth < DEEPEST;
    const values = [
      ...listedIn(all),
      ...(isObject && isShallow ? this.#objects(place, depth) : []),
      ...(isList && isShallow ? this.#lists(place, depth) : []),
      ...boundariesOf(all),
      ...(isOpen || types.has("object") ? [{}] : []),
      ...(isOpen || types.has("array") ? [[]] : []),
    ];
    const distinct = [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
    this.#known.set(key, distinct);
    return distinct;
  }

  #objects(place: Place, depth: number): readonly unknown[] {
    const ways = this.#waysOf(place.certain);
    const each = Math.ceil(MOST_OBJECTS / 2 / ways.length);
    return [
      ...ways.flatMap((way) => this.#objectsOf({ ...place, certain: way }, each, depth)),
      ...this.#objectsOf({ ...place, certain: [] }, MOST_OBJECTS / 2, depth),
    ];
  }

  /** The ways in which the choices of a value can be decided. */
  #waysOf(certain: Layers): readonly Layers[] {
    let ways: readonly Layers[] = [certain];
    for (let round = 0; round < 4; round++) {
      const next = ways.flatMap(
        (way) => this.#writer.alternatives(way)?.map((each) => this.#writer.layersOf(each)) ?? [way],
      );
      const possible = next.filter((way) => this.#writer.typesOf(way).includes("object"));
      if (possible.length === 0 || possible.length > MOST_WAYS) break;
      ways = possible;
    }
    return ways;
  }

  #objectsOf(place: Place, most: number, depth: number): readonly unknown[] {
    const names = this.namesAt(place);
    const extra = ["x_extra", "x_more"];
    const inner = new Map([...names, ...extra].map((name) => [name, this.#inner(this.within(place, name), depth)]));
    const required = new Set([...this.#writer.requiredOf(place.certain)]);
    return Array.from({ length: most }, (_, count) => {
      const share = [0, 1, 0.5, 0.8][count % 4] as number;
      const chosen = names.filter((name) => {
        if (inner.get(name)?.length === 0) return false;
        return (required.has(name) && this.#random.next() < 0.95) || this.#random.next() < share;
      });
      const more = count % 5 === 4 ? extra.slice(0, 1 + (count % 2)) : [];
      return Object.fromEntries([...chosen, ...more].map((name) => [name, this.#pick(inner.get(name) ?? [])]));
    });
  }

  /** One of the values, the first ones more often. */
  #pick(values: readonly unknown[]): unknown {
    return this.#random.of(this.#random.next() < 0.6 ? values.slice(0, FIRST) : values);
  }

  /** Values of a property for combinations: those that the writer would take, if there are some. */
  #inner(place: Place, depth: number): readonly unknown[] {
    if (this.#writer.isEmpty(place.certain)) return [];
    const values = this.values(place, depth + 1);
    const taken = values.filter((value) => place.certain.every((layer) => this.#writer.accepts(layer, value)));
    return spread(taken.length === 0 ? values : taken);
  }

  #lists(place: Place, depth: number): readonly unknown[] {
    const all = [...place.writer, ...place.reader];
    const limits = all
      .flatMap(({ minItems, maxItems, minContains, maxContains }) => [minItems, maxItems, minContains, maxContains])
      .filter((limit) => typeof limit === "number");
    const tuple = Math.max(0, ...all.map(({ prefixItems = [] }) => prefixItems.length));
    const near = [0, 1, 2, tuple, tuple + 1, ...limits.flatMap((limit) => [limit - 1, limit, limit + 1])];
    const lengths = [...new Set(near)].filter((length) => length >= 0 && length <= 200);
    const found = everyLayer(
      this.#writer,
      all.flatMap(({ contains }) => (contains === undefined ? [] : [contains as Schema])),
    );
    const within = found.length === 0 ? [] : this.#inner({ writer: found, reader: [], certain: found }, depth);
    const pools = Array.from({ length: Math.min(tuple + 1, 12) }, (_, index) => [
      ...this.#inner(this.within(place, `${index}`), depth),
      ...within,
    ]);
    const rest = pools.at(-1) ?? [];
    const at = (index: number): readonly unknown[] => pools[index] ?? rest;
    const filled = lengths.flatMap((length) => [
      Array.from({ length }, (_, index) => at(index)[0]),
      Array.from({ length }, (_, index) => at(index)[index % Math.max(1, at(index).length)]),
      ...Array.from({ length: 4 }, () => Array.from({ length }, (_, index) => this.#pick(at(index)))),
    ]);
    const single = rest
      .slice(0, MOST_LISTS)
      .map((item, number) => [...pools.slice(0, -1).map((pool) => pool[number % Math.max(1, pool.length)]), item]);
    return [...filled, ...single, ...distinctLists(rest, lengths)].filter((list) => !list.includes(undefined));
  }
}

/** Lists in which no item is twice, as far as there are enough. */
function distinctLists(items: readonly unknown[], lengths: readonly number[]): readonly (readonly unknown[])[] {
  const distinct = [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
  return lengths.filter((length) => length <= distinct.length).map((length) => distinct.slice(0, length));
}

function spread(values: readonly unknown[]): readonly unknown[] {
  if (values.length <= MOST_INNER) return values;
  const rest = values.length - FIRST;
  const count = MOST_INNER - FIRST;
  const others = Array.from({ length: count }, (_, at) => values[FIRST + Math.floor((at * rest) / count)]);
  return [...values.slice(0, FIRST), ...others];
}

/** All schemas that can have to do with the same value as these. */
function everyLayer(document: Document, schemas: Layers): Layers {
  const found = new Set(schemas);
  // A set visits what is added to it on the way.
  for (const schema of found) {
    const definition = document.definition(schema);
    const beside = BESIDE.flatMap((keyword) =>
      typeof schema[keyword] === "object" ? [schema[keyword] as Schema] : [],
    );
    const dependent = Object.values((schema["dependentSchemas"] ?? {}) as Record<string, Schema>);
    const { allOf = [], anyOf = [], oneOf = [] } = schema;
    for (const layer of [...allOf, ...anyOf, ...oneOf, ...beside, ...dependent]) found.add(layer);
    if (definition !== undefined) found.add(definition);
  }
  return [...found];
}

/** The schemas for a property or an item, of every layer. `*` is a name or an item that is not declared. */
function innerOf(layers: Layers, key: string): Layers {
  return layers.flatMap(
    ({ properties = {}, patternProperties = {}, additionalProperties, items, prefixItems = [] }) => {
      const own = Object.hasOwn(properties, key) ? [properties[key] as Schema] : [];
      const matching = Object.entries(patternProperties).filter(([pattern]) => key === "*" || matches(pattern, key));
      const named = [...own, ...matching.map(([, schema]) => schema)];
      const others = named.length === 0 || key === "*" ? [additionalProperties] : [];
      const index = key === "*" ? prefixItems.length : Number(key);
      const item = Number.isInteger(index) ? (prefixItems[index] ?? items) : undefined;
      return [...named, ...others, item].filter(
        (schema): schema is Schema => typeof schema === "object" && !isNever(schema),
      );
    },
  );
}
