import type { JsonSchema } from "./json-schema.js";

/** How a top-level property stands in a stream entry's field. */
export type FieldKind = "text" | "number" | "instant" | "json";

/** One top-level property of a message, in the order in which it is written. */
export interface Field {
  readonly name: string;
  readonly kind: FieldKind;
  /** Whether it is an object that may have properties of which the contract does not know. */
  readonly isOpen: boolean;
  /** The one value that the contract allows, if it allows but one. */
  readonly constant: unknown;
  /** The value that a message is given when its publisher gives none. */
  readonly default: unknown;
}

/** The fields of a message, and what is looked for among them for each message. */
export interface Fields {
  /** In the schema's order: constant, so that Redis stores the field names once. */
  readonly list: readonly Field[];
  readonly byName: ReadonlyMap<string, Field>;
  /** The names of those that hold an instant. */
  readonly instants: readonly string[];
}

export function fieldsOf(schema: JsonSchema): Fields {
  const list = listOf(schema);
  const instants = list.filter(({ kind }) => kind === "instant").map(({ name }) => name);
  return { list, byName: new Map(list.map((field) => [field.name, field])), instants };
}

function listOf(schema: JsonSchema): readonly Field[] {
  return Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const target = resolve(schema, property);
    const byDefault = property.default ?? target.default;
    return { name, kind: kindOf(target), isOpen: isOpen(target), constant: target.const, default: byDefault };
  });
}

function resolve(root: JsonSchema, schema: JsonSchema): JsonSchema {
  let target = schema;
  for (let hops = 0; target.$ref !== undefined && hops < 64; hops++) {
    target = root.$defs?.[target.$ref.slice("#/$defs/".length)] ?? {};
  }
  return target;
}

function isOpen({ additionalProperties: others }: JsonSchema): boolean {
  return others === true || typeof others === "object";
}

function kindOf(schema: JsonSchema): FieldKind {
  const samples = schema.const === undefined ? schema.enum : [schema.const];
  const types = new Set(samples?.map((sample) => typeof sample) ?? [schema.type].flat());
  if (types.size !== 1) return "json";
  if (types.has("string")) return schema.format === "date-time" ? "instant" : "text";
  return types.has("number") || types.has("integer") ? "number" : "json";
}
