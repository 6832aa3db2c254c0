import { isObject } from "../../schema/walk.js";
import { isLater, isUpTo } from "../draft.js";
import { type Raw, without } from "../raw.js";
import type { Rewrite } from "./step.js";

/** Annotations constrain nothing, so they may stay beside a `$ref`. */
const notes: ReadonlySet<string> = new Set(["title", "description", "deprecated", "readOnly", "writeOnly", "$comment"]);

/** Up to draft 07 a `$ref` is alone. */
export const dropSiblings: Rewrite = (schema, { draft, note }) => {
  if (schema["$ref"] === undefined || !isUpTo(draft, "07")) return schema;
  const ignored = Object.keys(schema).filter((keyword) => keyword !== "$ref" && !notes.has(keyword));
  for (const keyword of ignored) {
    if (!isContainer(keyword)) note("reference-siblings", keyword);
  }
  return without(schema, ...ignored);
};

/** What a draft does not know constrains nothing in it. */
export const dropLater: Rewrite = (schema, { draft, note }) => {
  const later = Object.keys(schema).filter((keyword) => isLater(keyword, draft));
  for (const keyword of later) note("later-keyword", keyword, `draft ${draft}`);
  return later.length === 0 ? schema : without(schema, ...later);
};

const identifiers = ["$id", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$vocabulary"];

/** References are resolved beforehand, so that nothing needs an identifier. */
export const dropIdentifiers: Rewrite = (schema, { draft, note }) => {
  const present = identifiers.concat(draft === "04" ? "id" : []).filter((keyword) => Object.hasOwn(schema, keyword));
  for (const keyword of present) note("identifier", keyword);
  const isDialect = schema["$schema"] !== undefined;
  if (isDialect) note("dialect", "$schema");
  return present.length === 0 && !isDialect ? schema : without(schema, "$schema", ...present);
};

/** The definitions that are needed stand at the root of the new file, so they leave their old place. */
export const dropDefinitions: Rewrite = (schema, { note }) => {
  if (schema["definitions"] !== undefined) note("definitions", "definitions");
  return Object.keys(schema).some(isContainer) ? without(schema, "definitions", "$defs") : schema;
};

function isContainer(keyword: string): boolean {
  return keyword === "definitions" || keyword === "$defs";
}

export const splitDependencies: Rewrite = (schema, { note }) => {
  const { dependencies } = schema;
  if (!isObject(dependencies)) return schema;
  note("dependencies", "dependencies");
  const names = Object.entries(dependencies).filter(([, value]) => Array.isArray(value));
  const schemas = Object.entries(dependencies).filter(([, value]) => !Array.isArray(value));
  return {
    ...without(schema, "dependencies"),
    ...(names.length > 0 && { dependentRequired: withEntries(schema["dependentRequired"], names) }),
    ...(schemas.length > 0 && { dependentSchemas: withEntries(schema["dependentSchemas"], schemas) }),
  };
};

function withEntries(present: unknown, entries: readonly (readonly [string, unknown])[]): Raw {
  return { ...(isObject(present) ? present : {}), ...Object.fromEntries(entries) };
}

/** `"exclusiveMinimum": true` beside `"minimum": 1` becomes `"exclusiveMinimum": 1`. */
export const numberBounds: Rewrite = (schema, { note }) =>
  [
    ["exclusiveMinimum", "minimum"],
    ["exclusiveMaximum", "maximum"],
  ].reduce((at, [exclusive = "", bound = ""]) => {
    const flag = at[exclusive];
    if (typeof flag !== "boolean") return at;
    note("exclusive-bound", exclusive);
    const limit = at[bound];
    if (!flag || limit === undefined) return without(at, exclusive);
    return { ...without(at, exclusive, bound), [exclusive]: limit };
  }, schema);

/** A list of `items` becomes `prefixItems`, and `additionalItems` the `items` of the rest. */
export const prefixItems: Rewrite = (schema, { draft, note }) => {
  if (draft === "2020-12") return schema;
  const { items, additionalItems } = schema;
  if (!Array.isArray(items)) {
    if (additionalItems === undefined) return schema;
    note("idle-keyword", "additionalItems", "without a list of `items`");
    return without(schema, "additionalItems");
  }
  note("tuple", "items");
  return {
    ...without(schema, "items", "additionalItems"),
    ...(items.length > 0 && { prefixItems: items }),
    ...(additionalItems !== undefined && { items: additionalItems }),
  };
};
