// Random edits of a small catalogue: layers, choices and circles of named types in messages.

import fc from "fast-check";
import type { Schema } from "../../../codegen/schema/schema.js";
import type { Files } from "../catalogue.js";

export const typeFiles = Array.from({ length: 6 }, (_, at) => `types/t${at}.json`);
export const messageFiles = Array.from({ length: 12 }, (_, at) => `events/e${at}.json`);

/** References to the root or to a definition of a file, seen from the folder beside it. */
const reference = fc
  .tuple(fc.constantFrom(...typeFiles, ...typeFiles, "types/gone.json"), fc.constantFrom("", "#/$defs/a", "#/$defs/b"))
  .map(([file, pointer]): Schema => ({ $ref: `../${file}${pointer}` }));

/** Layers, choices and circles of named types. */
const { schema } = fc.letrec<{ schema: Schema; object: Schema }>((tie) => ({
  schema: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom<Schema>({ type: "string" }, { type: "integer" }, { enum: ["x", "y"] }),
    reference,
    tie("object"),
    fc.record({ allOf: fc.tuple(reference, tie("object")) }),
    fc.record({ anyOf: fc.tuple(reference, tie("schema")) }),
    fc.record({ type: fc.constant("array"), items: tie("schema") }),
  ) as fc.Arbitrary<Schema>,
  object: fc.record({
    type: fc.constant("object"),
    properties: fc.dictionary(fc.constantFrom("a", "b", "c"), tie("schema"), { maxKeys: 2, noNullPrototype: true }),
  }) as fc.Arbitrary<Schema>,
}));

/** One file in ten has a title that another may have, too. */
const title = fc.constantFrom({}, {}, {}, {}, {}, {}, {}, {}, {}, { title: "Same" });
const typeFile = fc
  .tuple(title, schema, schema, schema)
  .map(([named, root, a, b]) => ({ ...named, ...root, $defs: { a, b } }));
/** One message in twenty has the type of another file. */
const message = fc.tuple(fc.constantFrom(...messageFiles), schema, fc.nat({ max: 19 })).map(([path, data, dice]) => {
  const event_type = dice === 0 ? "order.e0" : typeOf(path);
  const properties = { event_type: { const: event_type }, data };
  const content = {
    description: "It happened.",
    type: "object",
    properties,
    required: ["event_type"],
    examples: [{ event_type }],
  };
  return { path, content };
});

function typeOf(path: string): string {
  return path.slice("events/".length, -".json".length).replace("e", "order.e");
}

/** What becomes of a schema file. */
export interface Edit {
  readonly path: string;
  /** `undefined` for a file that is deleted. */
  readonly content: unknown;
}

/** Edits that leave most catalogues sound. */
export const edit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ path: fc.constantFrom(...typeFiles), content: typeFile }) },
  { weight: 4, arbitrary: message },
  fc.record({ path: fc.constantFrom(...typeFiles, ...messageFiles), content: fc.constant(undefined) }),
);

/** A generated file that somebody edits or deletes. */
export interface Damage {
  readonly at: number;
  readonly isDeleted: boolean;
}

export const damage: fc.Arbitrary<Damage | null> = fc.option(fc.record({ at: fc.nat(), isDeleted: fc.boolean() }), {
  freq: 4,
});

/** Where the edits begin. */
export const catalogue: Files = {
  "catalogue.json": { name: "shop" },
  ...Object.fromEntries(typeFiles.map((path) => [path, { type: "string", $defs: { a: {}, b: { type: "integer" } } }])),
  ...Object.fromEntries(
    messageFiles.map((path) => {
      const event_type = typeOf(path);
      const properties = { event_type: { const: event_type } };
      const required = ["event_type"];
      return [path, { description: "It happened.", type: "object", properties, required, examples: [{ event_type }] }];
    }),
  ),
};
