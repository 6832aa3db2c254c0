import { derivedFrom } from "../../load/origin.js";
import { isObject } from "../../schema/walk.js";
import { without } from "../raw.js";
import type { Rewrite } from "./step.js";

const outside = ["title", "description", "deprecated", "default", "example", "examples"];

/** `nullable` adds "null" to the type; where a type is elsewhere, the schema becomes one of two forms. */
export const nullable: Rewrite = (schema, { note }) => {
  const flag = schema["nullable"];
  if (typeof flag !== "boolean") return schema;
  const rest = without(schema, "nullable");
  const types = [schema["type"] ?? []].flat();
  if (!flag) note("not-nullable", "nullable");
  if (!flag || types.includes("null")) return rest;
  note("nullable", "nullable");
  if (types.length > 0) return { ...rest, type: [...types, "null"] };
  if (Object.keys(rest).every((keyword) => outside.includes(keyword))) return rest;
  const around = Object.fromEntries(Object.entries(rest).filter(([keyword]) => outside.includes(keyword)));
  return { ...around, anyOf: [derivedFrom({ ...without(rest, ...outside) }, schema), { type: "null" }] };
};

/** `example` is one more of the `examples`, which may be a list, or named as in OpenAPI. */
export const listExamples: Rewrite = (schema, { note }) => {
  const { example, examples } = schema;
  const isList = Array.isArray(examples) && examples.length > 0;
  if (example === undefined && (examples === undefined || isList)) return schema;
  note("examples", example === undefined ? "examples" : "example");
  const values = [...(example === undefined ? [] : [example]), ...valuesOf(examples)];
  return { ...without(schema, "example", "examples"), ...(values.length > 0 && { examples: values }) };
};

function valuesOf(examples: unknown): readonly unknown[] {
  if (examples === undefined) return [];
  if (Array.isArray(examples)) return examples;
  const named = isObject(examples) ? Object.values(examples) : [];
  const isNamed = named.length > 0 && named.every((one) => isObject(one) && "value" in one);
  return isNamed ? named.map((one) => (one as { readonly value: unknown }).value) : [examples];
}
