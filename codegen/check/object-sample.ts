import { setOwn } from "../../runtime/contract/field.js";
import type { Schema } from "../schema/schema.js";
import { matching } from "./judge.js";
import { type Maker, saysMore } from "./maker.js";
import { textsMatching } from "./matching-text.js";

type Columns = ReadonlyMap<string, readonly unknown[]>;
type Made = Readonly<Record<string, unknown>>;

/** Names for properties that are not declared. */
const furtherNames = ["further", "another", "x", "a b", "ключ"];

/** The objects of a schema without choices and conditions. */
export class ObjectSamples {
  readonly #schema: Schema;
  readonly #depth: number;
  readonly #maker: Maker;

  constructor(schema: Schema, depth: number, maker: Maker) {
    this.#schema = schema;
    this.#depth = depth;
    this.#maker = maker;
  }

  /**
   * One with all properties and the first value of each, more with the others, and one with as few properties as may be.
   * Where two values do not go together, each other value is tried by itself.
   */
  made(): readonly Made[] {
    const { required = [] } = this.#schema;
    const columns = this.#columns();
    if (required.some((name) => !columns.has(name))) return [];
    const least = rowOf(new Map([...columns].filter(([name]) => required.includes(name))), 0);
    const rows = Math.max(1, ...[...columns.values()].map((values) => values.length));
    const all = Array.from({ length: rows }, (_, at) => rowOf(columns, at));
    if (!saysMore(this.#schema)) return [...all, least];
    const sound = all.filter((row) => this.#maker.accepts(this.#counted, row));
    const [first] = sound;
    const apart =
      sound.length === all.length || first === undefined ? this.#grown(least, columns) : varied(first, columns);
    const few = this.#filled(least, columns);
    return [...sound, few, ...apart].filter((row) => this.#maker.accepts(this.#counted, row));
  }

  /** The keywords about the object as a whole. */
  get #counted(): Schema {
    const { properties: _, patternProperties: _p, additionalProperties: _a, ...counted } = this.#schema;
    return counted;
  }

  #columns(): Columns {
    const { properties = {}, required = [], additionalProperties = false } = this.#schema;
    const names = Object.keys(properties).filter((name) => !this.#maker.isDeep(this.#depth) || required.includes(name));
    const further = [...required, ...this.#furtherNames()].filter((name) => !Object.hasOwn(properties, name));
    const columns = new Map<string, readonly unknown[]>();
    for (const name of new Set([...names, ...further])) {
      const own = Object.hasOwn(properties, name) ? [properties[name] as Schema] : [];
      const declared = [...own, ...matching(this.#schema, name)];
      const schemas = declared.length > 0 ? declared : [anySchema(additionalProperties)];
      const schema = schemas.reduce((whole, one) => whole && one && this.#maker.both(whole, one));
      const values = schema === undefined ? [] : this.#maker.of(schema, this.#depth + 1);
      if (values.length > 0) columns.set(name, values);
    }
    return columns;
  }

  /** A name for each pattern, and one for what is not declared. */
  #furtherNames(): readonly string[] {
    const { patternProperties = {}, additionalProperties = false, minProperties = 0 } = this.#schema as Counted;
    if (this.#maker.isDeep(this.#depth) && minProperties === 0) return [];
    const { propertyNames } = this.#schema as Counted;
    const isAllowed = (name: string): boolean =>
      name !== "__proto__" && (propertyNames === undefined || this.#maker.accepts(propertyNames, name));
    const matched = Object.keys(patternProperties).flatMap((pattern) => textsMatching(pattern, isAllowed).slice(0, 2));
    if (additionalProperties === false) return matched;
    const known = propertyNames === undefined ? [] : this.#maker.of({ type: "string", ...propertyNames }, this.#depth);
    const free = [...known.filter((name) => typeof name === "string"), ...furtherNames].filter(
      (name) => isAllowed(name) && matching(this.#schema, name).length === 0,
    );
    return [...matched, ...free.slice(0, Math.max(1, Math.min(minProperties, free.length)))];
  }

  /** As few properties as there must be. */
  #filled(least: Made, columns: Columns): Made {
    const { minProperties = 0 } = this.#schema as Counted;
    const more = [...columns].slice(0, minProperties).map(([name, [value]]) => [name, value] as const);
    return Object.fromEntries(
      [...Object.entries(least), ...more].slice(0, Math.max(minProperties, Object.keys(least).length)),
    );
  }

  /** The least with one property more at a time, where all of them together are too many. */
  #grown(least: Made, columns: Columns): readonly Made[] {
    return this.#maker.accepts(this.#counted, rowOf(columns, 0)) ? [] : varied(least, columns);
  }
}

interface Counted extends Schema {
  readonly minProperties?: number;
  readonly propertyNames?: Schema;
}

function rowOf(columns: Columns, turn: number): Made {
  const row: Record<string, unknown> = {};
  for (const [name, values] of columns) setOwn(row, name, values[turn % values.length]);
  return row;
}

function varied(row: Made, columns: Columns): readonly Made[] {
  return [...columns].flatMap(([name, values]) => values.slice(0, 4).map((value) => ({ ...row, [name]: value })));
}

function anySchema(additional: boolean | Schema): Schema | undefined {
  return typeof additional === "object" ? additional : additional ? {} : undefined;
}
