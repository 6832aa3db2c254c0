import { partners } from "../../check/idle.js";
import { isWithin, typesOf } from "../../model/implies.js";
import type { Schema } from "../../schema/schema.js";
import { isObject } from "../../schema/walk.js";
import { type Raw, without } from "../raw.js";
import type { Rewrite } from "./step.js";

/** A keyword without its partner says nothing. */
export const dropIdle: Rewrite = (schema, { note }) => {
  const idle = partners.flatMap(([keyword, others]) =>
    Object.hasOwn(schema, keyword) && !others.some((other) => Object.hasOwn(schema, other)) ? [keyword] : [],
  );
  const { contains, minContains, maxContains } = schema;
  if (contains !== undefined && minContains === 0 && maxContains === undefined) idle.push("contains", "minContains");
  for (const keyword of idle) note("idle-keyword", keyword, `"${keyword}"`);
  return idle.length === 0 ? schema : without(schema, ...idle);
};

const shaping = [
  ["object", ["properties", "patternProperties"]],
  ["array", ["items", "prefixItems"]],
] as const;

/**
 * A schema that describes an object or a list is about nothing else. What its `not` or its `if` describes is said of the
 * same value, and the type is that of the schema around.
 */
export const addType: Rewrite = (schema, { isTyped, isTest, note }) => {
  if (isTyped || isTest || hasType(schema)) return schema;
  const types = shapesOf(schema);
  if (types.length === 0) return schema;
  note("missing-type", "", types.map((type) => `"${type}"`).join(", "));
  return { type: types.length === 1 ? types[0] : types, ...schema };
};

function shapesOf(schema: Raw): readonly string[] {
  const own = shaping.flatMap(([type, keywords]) =>
    keywords.some((keyword) => Object.hasOwn(schema, keyword)) ? [type] : [],
  );
  // Beside them a choice or a layer may be about other types.
  if (own.length > 0 || ["allOf", "anyOf", "oneOf"].some((keyword) => Object.hasOwn(schema, keyword))) return own;
  const tests = [schema["not"], schema["if"]].filter(isObject).filter((test) => !hasType(test));
  return [...new Set(tests.flatMap(shapesOf))];
}

/** Returns whether a schema says itself of which type its values are. */
export function hasType(schema: Schema): boolean {
  return (
    schema.$ref !== undefined || schema.type !== undefined || schema.const !== undefined || Array.isArray(schema.enum)
  );
}

/** Values that the type beside them refuses are no values. If none is left, something else is meant. */
export const dropDeadValues: Rewrite = (schema, { note }) => {
  const { enum: values, type } = schema as Schema;
  if (type === undefined || !Array.isArray(values)) return schema;
  const types = [type].flat();
  const isLive = (value: unknown): boolean => (typesOf({ const: value }) ?? []).some((own) => isWithin(own, types));
  const live = values.filter(isLive);
  if (live.length === values.length || live.length === 0) return schema;
  note(
    "dead-value",
    "enum",
    values
      .filter((value) => !isLive(value))
      .map((value) => JSON.stringify(value))
      .join(", "),
  );
  return { ...schema, enum: live };
};

/** `required` and `type` are sets. */
export const dropRepeated: Rewrite = (schema, { note }) => {
  const repeated = ["required", "type"].flatMap((keyword) => {
    const names = schema[keyword];
    return Array.isArray(names) && new Set(names).size < names.length ? [[keyword, [...new Set(names)]] as const] : [];
  });
  for (const [keyword] of repeated) note("repeated-name", keyword);
  return repeated.length === 0 ? schema : { ...schema, ...Object.fromEntries(repeated) };
};
