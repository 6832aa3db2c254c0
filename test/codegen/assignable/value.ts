import type { Schema } from "../../../codegen/schema/schema.js";
import { isObject } from "../../../codegen/schema/walk.js";

type Names = Readonly<Record<string, unknown>>;

const samples: Readonly<Record<string, unknown>> = {
  string: "text",
  integer: 7,
  number: 1.5,
  boolean: true,
  null: null,
};

/** Values of a schema: one for each form, type and constant, with and without what is optional. */
export function valuesOf(schema: Schema): readonly unknown[] {
  if (schema.const !== undefined) return [schema.const];
  if (schema.enum !== undefined) return schema.enum;
  const own = [schema.type ?? []].flat().flatMap((type) => valuesOfType(type, schema));
  const choice = schema.anyOf ?? schema.oneOf;
  const then = isObject(schema["then"]) ? [{}, ...valuesOf(schema["then"])] : [{}];
  const sides = [
    own,
    ...(choice === undefined ? [] : [choice.flatMap(valuesOf)]),
    ...(schema.allOf ?? []).map(valuesOf),
  ];
  // What the schema itself, a form and each layer ask for has to be in one value.
  const together = [...sides, then].filter((side) => side.length > 0);
  return together.reduce((all, more) => all.flatMap((one) => joined(one, more))).slice(0, 60);
}

function joined(one: unknown, others: readonly unknown[]): readonly unknown[] {
  return others.map((other) => (isObject(one) && isObject(other) ? { ...one, ...other } : one));
}

function valuesOfType(type: string, schema: Schema): readonly unknown[] {
  if (type === "array") return listsOf(schema);
  if (type === "object") return objectsOf(schema);
  if (schema.format === "uuid") return ["0c352b96-8628-4933-bfaf-959ce68e851e"];
  return [samples[type]];
}

function listsOf({ prefixItems = [], items }: Schema): readonly unknown[] {
  const prefix = prefixItems.map((item) => valuesOf(item)[0] ?? null);
  const rest = isObject(items) ? valuesOf(items) : [];
  return [prefix, ...rest.map((item) => [...prefix, item]), [...prefix, ...rest]];
}

function objectsOf({
  properties = {},
  required = [],
  patternProperties = {},
  additionalProperties,
}: Schema): unknown[] {
  const values = Object.entries(properties).map(([name, property]) => [name, valuesOf(property)] as const);
  const most = Math.max(1, ...values.map(([, all]) => all.length));
  const full = Array.from({ length: most }, (_, at) =>
    Object.fromEntries(values.map(([name, all]) => [name, all[at % all.length] ?? null])),
  );
  const least = Object.fromEntries(Object.entries(full[0] ?? {}).filter(([name]) => required.includes(name)));
  const others = [
    ...Object.values(patternProperties),
    ...(isObject(additionalProperties) ? [additionalProperties] : []),
  ];
  const more = others.flatMap((one) => valuesOf(one).map((value) => ({ ...full[0], x1: value })));
  return [...full, least, ...more];
}

/** Values that are wrong in one place, each in a way that a type of TypeScript can tell. */
export function wrongValuesOf(schema: Schema, value: unknown): readonly unknown[] {
  if (schema.const !== undefined || schema.enum !== undefined) return ["no such value"];
  if (Array.isArray(value)) {
    const items = (schema.prefixItems ?? [schema.items]).slice(0, value.length) as readonly Schema[];
    const inner = items.flatMap((item, at) => wrongValuesOf(item, value[at]).map((wrong) => value.with(at, wrong)));
    return [{ 0: "no list" }, ...inner];
  }
  if (!isObject(value)) return [["no such type"], { no: "such type" }];
  const { properties = {}, required = [], patternProperties, additionalProperties } = schema;
  const [others = additionalProperties as Schema] = Object.values(patternProperties ?? {});
  const isClosed = others === undefined;
  const missing = required.map((name) => without(value, name));
  const inner = Object.entries(value).flatMap(([name, one]) => {
    return wrongValuesOf(properties[name] ?? others, one).map((wrong) => ({ ...value, [name]: wrong }));
  });
  return ["no object", ...missing, ...(isClosed ? [{ ...value, stray: 1 }] : []), ...inner];
}

function without(value: Names, name: string): Names {
  return Object.fromEntries(Object.entries(value).filter(([other]) => other !== name));
}
