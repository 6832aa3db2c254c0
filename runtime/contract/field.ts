import { definitionOf, type JsonSchema } from "./json-schema.js";

/** The form of a top-level property in a stream entry's field. */
export type FieldKind = "text" | "number" | "instant" | "json";

/** A top-level property of a message. */
export interface Field {
  readonly name: string;
  /** Its index among the fields of its message. */
  readonly place: number;
  readonly kind: FieldKind;
  /** True for an object that may have undeclared properties. */
  readonly isOpen: boolean;
  /** The only value that the contract allows, if there is only one. */
  readonly constant: unknown;
  /** The value that a message has when its publisher gives none. */
  readonly default: unknown;
}

/** The fields of a message, indexed for the look-ups that each message needs. */
export interface Fields {
  /** In the schema's order, which is constant: Redis then stores the field names once. */
  readonly list: readonly Field[];
  readonly byName: ReadonlyMap<string, Field>;
  /** Those that can have one text only. */
  readonly constants: readonly Field[];
  readonly schema: JsonSchema;
}

export function fieldsOf(schema: JsonSchema): Fields {
  const list = Object.entries(schema.properties ?? {}).map(([name, property], place): Field => {
    const target = resolve(schema, property);
    const byDefault = property.default ?? target.default;
    return { name, place, kind: kindOf(target), isOpen: isOpen(target), constant: target.const, default: byDefault };
  });
  const constants = list.filter(({ constant }) => typeof constant === "string");
  return { list, byName: new Map(list.map((field) => [field.name, field])), constants, schema };
}

function resolve(root: JsonSchema, schema: JsonSchema, hops = 0): JsonSchema {
  const target = definitionOf(root, schema);
  return target === undefined || hops === 64 ? schema : resolve(root, target, hops + 1);
}

function isOpen({ additionalProperties: others }: JsonSchema): boolean {
  return others === true || typeof others === "object";
}

function kindOf(schema: JsonSchema): FieldKind {
  if (schema.type === undefined && schema.anyOf !== undefined) {
    const [kind = "json", ...others] = new Set(schema.anyOf.map(kindOf));
    return others.length === 0 ? kind : "json";
  }
  const samples = schema.const === undefined ? schema.enum : [schema.const];
  const types = new Set(samples?.map((sample) => typeof sample) ?? [schema.type].flat());
  if (types.size !== 1) return "json";
  if (types.has("string")) return schema.format === "date-time" ? "instant" : "text";
  return types.has("number") || types.has("integer") ? "number" : "json";
}

/** A property that is the object's own, so that none is found that every object inherits. */
export function getOwn(object: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Sets a property, also one named `__proto__`. */
export function setOwn(message: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== "__proto__") message[name] = value;
  else Object.defineProperty(message, name, { value, enumerable: true, configurable: true, writable: true });
}
