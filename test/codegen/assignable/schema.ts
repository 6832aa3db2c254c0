import fc from "fast-check";
import type { Schema } from "../../../codegen/schema/schema.js";

const names = ["a", "b-c", "constant", "d"] as const;

const scalar = fc.constantFrom<Schema>(
  { type: "string" },
  { type: "string", format: "uuid", description: "An id." },
  { type: "integer" },
  { type: "number", default: 1 },
  { type: "boolean" },
  { type: ["string", "null"] },
  { type: ["integer", "boolean"] },
  { type: "null" },
  { const: "one" },
  { const: { a: [1, null] } },
  { enum: ["x", "y", 3, null] },
);

/** Schemas whose types tell each wrong value from the right ones: without choices and conditions. */
export const plainSchema: fc.Arbitrary<Schema> = fc.letrec<{ schema: Schema }>((tie) => ({
  schema: fc.oneof(
    { depthSize: "small", maxDepth: 3 },
    scalar,
    objectOf(tie("schema"), names),
    listOf(tie("schema")),
    fc
      .tuple(tie("schema"), tie("schema"))
      .map((prefixItems) => ({ type: "array", prefixItems, items: false, minItems: 2 }) as unknown as Schema),
    tie("schema").map((inner) => ({ type: "object", additionalProperties: inner }) as Schema),
    tie("schema").map((inner) => ({ type: "object", patternProperties: { "^x": inner } }) as Schema),
  ) as fc.Arbitrary<Schema>,
})).schema;

/**
 * Schemas with choices, layers and conditions, each of which has names of its own. TypeScript cannot say that a name has
 * another type in another form, nor that only a pattern tells what a name's value is.
 */
export const anySchema: fc.Arbitrary<Schema> = fc.letrec<{ schema: Schema }>((tie) => {
  const named = (...own: readonly string[]): fc.Arbitrary<Schema> => objectOf(tie("schema"), own);
  return {
    schema: fc.oneof(
      { depthSize: "small", maxDepth: 3 },
      scalar,
      named(...names),
      fc.tuple(named("e", "f"), scalar, listOf(tie("schema"))).map((anyOf) => ({ anyOf })),
      fc
        .tuple(named(...names), named("e"), named("f"))
        .map(([own, ...forms]) => ({ ...own, oneOf: forms.map((form, at) => kindOf(form, at)) })),
      fc.tuple(named("a", "e"), named("f", "g")).map((allOf) => ({ allOf })),
      fc
        .tuple(named(...names), named("e"))
        .map(([own, then]) => ({ ...own, if: { required: [Object.keys(own.properties ?? {})[0] ?? "a"] }, then })),
      listOf(tie("schema")),
      fc.record({
        type: fc.constant("array"),
        prefixItems: fc.array(tie("schema"), { minLength: 1, maxLength: 2 }),
        items: tie("schema"),
      }),
    ) as fc.Arbitrary<Schema>,
  };
}).schema;

/** A form that only one value of `kind` has. */
function kindOf(form: Schema, kind: number): Schema {
  const properties = { ...form.properties, kind: { const: kind } };
  return { ...form, properties, required: [...(form.required ?? []), "kind"] };
}

function listOf(items: fc.Arbitrary<unknown>): fc.Arbitrary<Schema> {
  return fc.record({ type: fc.constant("array"), items }) as fc.Arbitrary<Schema>;
}

function objectOf(property: fc.Arbitrary<unknown>, own: readonly string[]): fc.Arbitrary<Schema> {
  return fc
    .tuple(fc.dictionary(fc.constantFrom(...own), property, { maxKeys: 3, noNullPrototype: true }), fc.boolean())
    .map(([properties, isRequired]) => ({
      type: "object",
      properties,
      ...(isRequired && { required: Object.keys(properties).slice(0, 1) }),
    })) as fc.Arbitrary<Schema>;
}
