import { formats } from "../../runtime/contract/format.js";
import { originOf } from "../load/origin.js";
import type { Problem } from "../load/problem.js";
import { typesOf } from "../model/implies.js";
import { kinds } from "../model/kind.js";
import type { Message, Model } from "../model/model.js";
import type { Schema } from "../schema/schema.js";
import { sameValueKeywords, walk } from "../schema/walk.js";

/**
 * Finds top-level properties that the encoding `fields` cannot represent. It stores every property as a string, and a
 * missing property as an empty one, so a value must be decodable from that string alone.
 */
export function checkFieldsEncoding(model: Model): readonly Problem[] {
  return model.messages.flatMap((message) => [
    ...checkOpenness(message),
    ...Object.entries(message.schema.properties ?? {}).flatMap(([name, property]) =>
      checkProperty(message, name, property, model),
    ),
  ]);
}

/** Keywords that let a message have properties which its `properties` do not list. */
const opening = ["additionalProperties", "patternProperties", "allOf", "anyOf", "oneOf", "then", "else", "if"];

/** An entry has one field for each declared property, and no other. */
function checkOpenness({ schema, definition }: Message): readonly Problem[] {
  const declared = schema.properties ?? {};
  const lost = [...opening, "dependentSchemas"].find((keyword) => {
    const value = schema[keyword];
    if (keyword === "additionalProperties") return value !== undefined && value !== false;
    if (keyword === "patternProperties") return value !== undefined;
    const inner = keyword === "dependentSchemas" ? Object.values(value ?? {}) : [value ?? []].flat();
    return inner.some((branch) =>
      walk(branch as Schema).some(([path, { properties = {} }]) => {
        const isSameValue = path.every(
          (key, at) => sameValueKeywords.has(key) || sameValueKeywords.has(path[at - 1] ?? ""),
        );
        return isSameValue && Object.keys(properties).some((name) => !Object.hasOwn(declared, name));
      }),
    );
  });
  if (lost === undefined) return [];
  const sentence = `lets the message have properties that "properties" does not list; the encoding "fields" cannot represent them at the top level`;
  const origin = originOf(schema, (written) => Object.hasOwn(written, lost)) ?? {
    source: definition.source,
    path: [],
  };
  return [origin.source.problem([...origin.path, lost], sentence, { rule: "fields", at: "key" })];
}

/** Fields by which a reader tells the type of an entry, and its encoding. */
const typeFields = new Set(["message_type", ...kinds.map(({ typeProperty }) => typeProperty)]);

function checkProperty(message: Message, name: string, property: Schema, model: Model): readonly Problem[] {
  const whole = model.flattener.expand(property);
  // It is a text on the wire.
  if (whole.encrypt === true || property.encrypt === true) return [];
  const found = typesWithin(whole, model);
  const sentence =
    typeFields.has(name) && name !== message.kind.typeProperty
      ? 'is the name of a field by which readers of the encoding "fields" tell a message\'s type; rename the property'
      : fault(whole, found);
  if (sentence === undefined) return [];
  const origin = originOf(property) ?? { source: message.definition.source, path: ["properties", name] };
  return [origin.source.problem(origin.path, `"${name}" ${sentence}`, { rule: "fields" })];
}

function fault(schema: Schema, types: ReadonlySet<string> | undefined): string | undefined {
  if (types === undefined) return 'has no type; with the encoding "fields" a top-level property must have one';
  if (types.has("null"))
    return 'allows null, which the encoding "fields" decodes as a missing property; make the property optional instead';
  if (types.has("boolean"))
    return 'is a boolean, which the encoding "fields" cannot represent at the top level; use an enum of strings';
  const hasNumber = types.has("number") || types.has("integer");
  if (types.has("string") && types.size > 1) {
    const other = hasNumber ? "numbers" : "other types";
    return `mixes strings with ${other}, which the encoding "fields" cannot tell apart; choose one type`;
  }
  if (types.has("string") && acceptsEmpty(schema)) {
    return 'allows an empty string, which the encoding "fields" decodes as a missing property; add "minLength": 1';
  }
  return undefined;
}

/** All types that a value may have; `undefined` if any type is allowed. */
function typesWithin(schema: Schema, model: Model): ReadonlySet<string> | undefined {
  const own = typesOf(schema);
  if (own !== undefined) return new Set(own);
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches === undefined) return schema.properties === undefined ? undefined : new Set(["object"]);
  const types = new Set<string>();
  for (const branch of branches) {
    const inner = typesWithin(model.flattener.expand(branch), model);
    if (inner === undefined) return undefined;
    for (const type of inner) types.add(type);
  }
  return types;
}

function acceptsEmpty(schema: Schema): boolean {
  if (schema.const !== undefined) return schema.const === "";
  if (schema.enum !== undefined) return schema.enum.includes("");
  if (Number(schema.minLength ?? 0) > 0) return false;
  if (schema.format !== undefined && formats[schema.format]?.("") === false) return false;
  const pattern = schema.pattern;
  if (typeof pattern === "string" && !new RegExp(pattern, "u").test("")) return false;
  return (schema.anyOf ?? schema.oneOf)?.some(acceptsEmpty) ?? true;
}
