import { formats } from "../../runtime/contract/format.js";
import { isWithin, typesOf } from "../model/implies.js";
import type { Schema } from "../schema/schema.js";
import { isObject } from "../schema/walk.js";
import { textFor } from "./fitting-text.js";
import type { Raw } from "./raw.js";

/** A text of each format. */
const formatted: Readonly<Record<string, string>> = {
  "date-time": "2026-11-23T08:00:00Z",
  date: "2026-11-23",
  time: "08:00:00Z",
  email: "ada@example.com",
  hostname: "example.com",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  uri: "https://example.com/a",
  uuid: "9b9b7d4e-3a43-4b7e-9d0c-6d1a2f0c4f11",
};

/** Schemas in schemas beyond this level are left out: they may have no end. */
const DEEPEST = 12;
/** So many samples differ in which forms of choices they have. */
const CHOICES = 8;

/** The target of a schema's `$ref`. */
export type Expand = (schema: Raw) => Raw;

/** Values that a schema may accept, the likeliest first. Not all that a schema says is followed. */
export function samplesOf(schema: Raw, expand: Expand): readonly unknown[] {
  const samples = Array.from({ length: CHOICES }, (_, choice) => sample(schema, { expand, choice, depth: 0 }));
  const distinct = new Map(samples.map((value) => [JSON.stringify(value), value]));
  return [...distinct.values()].filter((value) => value !== undefined);
}

interface Context {
  readonly expand: Expand;
  readonly choice: number;
  readonly depth: number;
}

function sample(given: unknown, context: Context): unknown {
  if (!isObject(given)) return given === false ? undefined : "example";
  if (context.depth > DEEPEST) return undefined;
  const schema = together(given, context) as Schema;
  if (schema.const !== undefined) return schema.const;
  const values = valuesOf(schema);
  if (values.length > 0) return values[context.choice % values.length];
  const isTrusting = context.choice < CHOICES - 1;
  if (isTrusting && Array.isArray(schema.examples)) return schema.examples[0];
  if (isTrusting && schema.default !== undefined) return schema.default;
  const inner = { ...context, depth: context.depth + 1 };
  switch (typeOf(schema)) {
    case "object":
      return objectFor(schema, inner);
    case "array":
      return listFor(schema, inner);
    case "integer":
    case "number":
      return numberFor(schema);
    case "boolean":
      return true;
    case "null":
      return null;
    default:
      return textLike(schema);
  }
}

/** A schema with all that applies to the same value: its target, its layers and one form of each choice. */
function together(schema: Raw, context: Context, depth = 0): Raw {
  const { $ref, allOf, anyOf, oneOf, ...own } = schema;
  const forms = [anyOf, oneOf].flatMap((choice) =>
    Array.isArray(choice) ? [choice[context.choice % choice.length]] : [],
  );
  const layers: readonly unknown[] = [
    ...($ref === undefined ? [] : [context.expand(schema)]),
    ...(Array.isArray(allOf) ? allOf : []),
    ...forms,
  ];
  if (depth > DEEPEST) return own;
  return layers.filter(isObject).reduce((whole, layer) => combined(together(layer, context, depth + 1), whole), own);
}

function combined(layer: Raw, own: Raw): Raw {
  const [a, b] = [layer, own] as [Schema, Schema];
  const properties: Record<string, unknown> = { ...a.properties };
  for (const [name, property] of Object.entries(b.properties ?? {})) {
    const other = Object.hasOwn(properties, name) ? properties[name] : undefined;
    properties[name] = other === undefined ? property : { allOf: [other, property] };
  }
  const required = [...new Set([...(a.required ?? []), ...(b.required ?? [])])];
  const types =
    a.type === undefined || b.type === undefined ? [] : [a.type].flat().filter((one) => [b.type].flat().includes(one));
  return {
    ...layer,
    ...own,
    ...(Object.keys(properties).length > 0 && { properties }),
    ...(required.length > 0 && { required }),
    ...(types.length > 0 && { type: types }),
  };
}

/** The values of an `enum` that are of the right type. */
function valuesOf({ enum: values, type }: Schema): readonly unknown[] {
  if (!Array.isArray(values) || type === undefined) return values ?? [];
  return values.filter((value) => typesOf({ const: value })?.some((own) => isWithin(own, [type].flat())));
}

function typeOf({ type, ...schema }: Schema): string | undefined {
  const types = [type ?? []].flat();
  const [stated] = [...types.filter((one) => one !== "null"), ...types];
  if (stated !== undefined) return stated;
  if (schema.properties !== undefined || schema.required !== undefined) return "object";
  if (schema.items !== undefined || schema.prefixItems !== undefined) return "array";
  return "minimum" in schema || "maximum" in schema ? "number" : undefined;
}

function objectFor(schema: Schema, context: Context): unknown {
  const { properties = {}, required = [], additionalProperties } = schema;
  const { minProperties = 0 } = schema as { readonly minProperties?: number };
  const names = [...required];
  for (const name of Object.keys(properties)) {
    if (names.length < minProperties && !names.includes(name)) names.push(name);
  }
  const isOpen = additionalProperties !== undefined && additionalProperties !== false;
  for (let number = 1; isOpen && names.length < minProperties; number++) names.push(`example${number}`);
  const values = names.map((name) => {
    const inner = Object.hasOwn(properties, name) ? properties[name] : (additionalProperties ?? {});
    return [name, sample(inner, context)] as const;
  });
  return values.some(([, value]) => value === undefined) ? undefined : Object.fromEntries(values);
}

function listFor(schema: Schema, context: Context): unknown {
  const { minItems = 0, prefixItems = [], items } = schema;
  const { contains } = schema as { readonly contains?: unknown };
  const length = Math.min(contains === undefined ? minItems : Math.max(1, minItems), 1000);
  const of = (at: number): unknown => sample(prefixItems[at] ?? contains ?? items ?? {}, { ...context, choice: at });
  const values = Array.from({ length }, (_, at) => of(at));
  return values.includes(undefined) ? undefined : values;
}

function numberFor(schema: Schema): number {
  const { type, minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema as Raw & {
    readonly [bound: string]: number | undefined;
  };
  const step = multipleOf ?? 1;
  const isWhole = [type].flat().includes("integer" as never) || multipleOf !== undefined;
  const least = minimum ?? exclusiveMinimum;
  const most = maximum ?? exclusiveMaximum;
  const isWithin = (value: number): boolean =>
    (minimum === undefined || value >= minimum) &&
    (maximum === undefined || value <= maximum) &&
    (exclusiveMinimum === undefined || value > exclusiveMinimum) &&
    (exclusiveMaximum === undefined || value < exclusiveMaximum);
  const near = [least, most].flatMap((bound) =>
    bound === undefined ? [] : [-1, 0, 1].map((by) => (Math.round(bound / step) + by) * step),
  );
  const middle = isWhole || least === undefined || most === undefined ? [] : [(least + most) / 2];
  return [step, 0, ...near, ...middle].find(isWithin) ?? step;
}

function textLike(schema: Schema): unknown {
  const { format, pattern, minLength = 0, maxLength = Number.POSITIVE_INFINITY } = schema;
  const known = format !== undefined && Object.hasOwn(formats, format) ? formatted[format] : undefined;
  if (pattern === undefined) return known ?? "example".padEnd(minLength, "e").slice(0, maxLength);
  if (known !== undefined && new RegExp(pattern, "u").test(known)) return known;
  return textFor(pattern, minLength, maxLength);
}
