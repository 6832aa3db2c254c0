import { type Files, sound } from "../catalogue.js";

const object = { type: "object" } as const;
const text = { type: "string" } as const;
const parsed = (json: string): object => JSON.parse(json) as object;
const T = (definitions: object): Files => ({ "types/t.json": { $defs: definitions } });
const A = { $ref: "../types/t.json#/$defs/A" };
const B = { $ref: "../types/t.json#/$defs/B" };

/** A catalogue of one event whose property `probe` has the schema. */
export function catalogueOf(probe: object, more: Files = {}): Files {
  const { "events/order.placed.json": event, "types/order.json": _, ...base } = sound;
  const { event_type } = event.properties;
  return {
    ...base,
    "catalogue.json": { name: "shop" },
    "events/order.placed.json": {
      ...event,
      properties: { event_type, entity_id: { type: "integer" }, probe },
      required: [],
      examples: [{ id: event.examples[0].id, event_type: "order.placed", entity_id: 7 }],
    },
    ...more,
  };
}

export const fields: Files = { "catalogue.json": { name: "shop", encoding: "fields" } };
const withA = (name: string, schema: object = text): object => ({
  ...object,
  properties: { [name]: schema },
  required: [name],
});

export const accepted: readonly (readonly [what: string, probe: object, more?: Files | undefined])[] = [
  ["a nullable object with forms", { type: ["object", "null"], oneOf: [withA("a"), withA("b")] }],
  [
    "true and false everywhere",
    {
      ...object,
      properties: { a: true, b: false, c: { anyOf: [true, false] }, f: { oneOf: [false, true] }, h: { not: false } },
      patternProperties: { "^z": false, "^y": true },
      additionalProperties: false,
    },
  ],
  [
    "a definition of one name in two files",
    { ...object, properties: { a: A, b: { $ref: "../types/u.json#/$defs/a" } } },
    { ...T({ A: text }), "types/u.json": { $defs: { a: { type: "integer" } } } },
  ],
  [
    "forms that hold themselves",
    A,
    T({
      A: {
        oneOf: [
          { type: "number" },
          { ...withA("op"), properties: { op: text, of: { type: "array", items: { $ref: "#/$defs/A" } } } },
        ],
      },
    }),
  ],
  [
    "null as a constant",
    { ...object, properties: { a: { const: null }, c: { anyOf: [{ const: null }, text] } }, required: ["a"] },
  ],
  ["values of every type", { ...object, properties: { a: { enum: [1, "1", true, null, [1], { a: 1 }, 1.5] } } }],
  ["rules for names", { ...object, propertyNames: { pattern: "^[a-z]+$" }, additionalProperties: { type: "integer" } }],
  [
    "names of all kinds",
    {
      ...object,
      properties: { ключ: text, "a b": text, "😀": text, "": text, "a/b~c": text, "1": text },
      required: ["", "1"],
    },
  ],
  ["names that differ in composition", { ...object, properties: { é: text, "e\u0301": { type: "integer" } } }],
  [
    "names that objects inherit",
    { ...object, properties: { constructor: text, toString: { type: "integer" } }, required: ["constructor"] },
  ],
  [
    "the name __proto__ by a pattern",
    parsed('{"type":"object","patternProperties":{"^__proto__$":{"type":"integer"}},"required":["__proto__"]}'),
  ],
  [
    "constants with such names",
    parsed('{"enum":[{"__proto__":{"x":1}},{"constructor":1},{"toString":{"valueOf":1}}]}'),
  ],
  [
    "conditions on such names",
    parsed(
      '{"type":"object","properties":{"a":{"type":"string"}},"dependentRequired":{"__proto__":["a"],"constructor":["a"]}}',
    ),
  ],
  [
    "a chain of 300 names",
    { $ref: "../types/t.json#/$defs/A0" },
    T(
      Object.fromEntries(
        Array.from({ length: 300 }, (_, at) => [`A${at}`, at === 299 ? withA("a") : { $ref: `#/$defs/A${at + 1}` }]),
      ),
    ),
  ],
  ["a name with a slash", { $ref: "../types/t.json#/$defs/a~1b" }, T({ "a/b": { title: "Slash", ...withA("a") } })],
  [
    "a name with a percent sign",
    { $ref: "../types/t.json#/$defs/A%2520B" },
    T({ "A%20B": { title: "Percent", ...text } }),
  ],
  ["a way round", { $ref: "./../types/../types/./t.json#/$defs/A" }, T({ A: text })],
  [
    "names that are keywords",
    {
      ...object,
      properties: {
        properties: withA("$ref"),
        if: text,
        $defs: text,
        enum: text,
        const: text,
        default: text,
      },
      required: ["if", "$defs"],
    },
  ],
  [
    "quotation marks in names and values",
    {
      ...object,
      properties: { 'a"b': text, "a`${b}": text, "a\nb": { const: "*/" }, "a\\b": { enum: ["'", '"', "`", "\u2028"] } },
    },
  ],
  [
    "either of two names",
    { ...object, properties: { a: text, b: text }, oneOf: [{ required: ["a"] }, { required: ["b"] }] },
  ],
  ["not both of two names", { ...object, properties: { a: text, b: text }, not: { required: ["a", "b"] } }],
  [
    "patterns beside forms",
    {
      ...object,
      patternProperties: { "^x_": text },
      anyOf: [withA("a"), { properties: { x_b: { maxLength: 3 } }, required: ["x_b"] }],
    },
  ],
  [
    "two types in themselves at once",
    { allOf: [A, B] },
    T({
      A: { anyOf: [text, { ...object, properties: { n: { $ref: "#/$defs/A" } } }] },
      B: { anyOf: [text, { ...object, properties: { n: { $ref: "#/$defs/B" }, b: text } }] },
    }),
  ],
  [
    "forms beside a closed object",
    { ...object, properties: { a: text }, additionalProperties: false, anyOf: [withA("b"), { required: ["a"] }] },
  ],
  [
    "a type in itself that demands more",
    A,
    T({ A: { ...object, properties: { a: { $ref: "#/$defs/A" } }, dependentSchemas: { a: withA("b") } } }),
  ],
  [
    "conditions in conditions",
    {
      ...object,
      properties: { k: { enum: ["a", "b", "c"] } },
      required: ["k"],
      if: { properties: { k: { const: "a" } } },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: withA("x"),
      else: { if: { properties: { k: { const: "b" } } }, else: withA("y") },
    },
  ],
  [
    "instants among texts",
    { anyOf: [{ ...text, format: "date-time" }, { enum: ["2026-01-01 00:00:00", "soon"] }] },
    fields,
  ],
  ...(
    [
      ["not", { type: ["string", "integer"], not: A }, text],
      ["contains", { type: "array", items: {}, contains: A }, text],
      ["names", { ...object, propertyNames: A, additionalProperties: { type: "integer" } }, { ...text, minLength: 1 }],
      [
        "an object's condition",
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        { ...object, properties: { a: text, b: text }, if: A, then: { required: ["b"] } },
        withA("a"),
      ],
      [
        "a demand of a property",
        { ...object, properties: { a: text, b: text }, dependentSchemas: { a: A } },
        withA("b"),
      ],
      ["a layer beside a constant", { ...A, const: "a" }, { ...text, minLength: 1 }],
      ["a name that has no value", { ...object, properties: { a: false }, additionalProperties: A }, text],
    ] as const
  ).map(([what, probe, type]) => [`a named type in ${what}`, probe, T({ A: type })] as const),
  ["repeated values", { enum: ["a", 1, "a", 1.0, { a: 1, b: 2 }, { b: 2, a: 1 }] }],
  ["patterns with groups that have names", { ...text, pattern: "^(?<y>a)\\k<y>\\p{L}?$" }],
  ["constants that differ in case", { anyOf: [{ const: "A" }, { const: "a" }] }, fields],
  ["lists and objects in fields", { type: ["array", "object"], items: text, properties: { a: {} } }, fields],
];

export const refused: readonly (readonly [what: string, probe: object, problem: string, more?: Files])[] = [
  [
    "unevaluatedProperties in layers",
    { allOf: [withA("a"), withA("b")], unevaluatedProperties: false },
    '/unevaluatedProperties: "unevaluatedProperties" is not allowed',
  ],
  ["an id", { $id: "https://a.example/b", ...object }, '/$id: "$id" is not allowed'],
  ["no values", { enum: [] }, "/enum: must be a non-empty array"],
  [
    "a form of null that another has, too",
    { type: ["object", "null"], oneOf: [{ properties: { a: text } }, { type: "null" }] },
    "/oneOf: its form 2 accepts no value that form 1 refuses",
  ],
  [
    "ranges that cross in layers",
    {
      allOf: [
        { type: "integer", minimum: 5 },
        { type: "integer", maximum: 3 },
      ],
    },
    "/allOf/1/maximum: leaves no value",
  ],
  [
    "a pattern that is the name __proto__",
    parsed('{"type":"object","patternProperties":{"__proto__":{"type":"integer"}}}'),
    "/patternProperties/__proto__: cannot be a property name in JavaScript; write the pattern as `(?:__proto__)`",
  ],
  [
    "a demand of the name __proto__",
    parsed('{"type":"object","properties":{"a":{}},"dependentSchemas":{"__proto__":{"required":["a"]}}}'),
    "/dependentSchemas/__proto__: cannot be a property name in JavaScript",
  ],
  ["a value of another type", { ...text, enum: ["a", null] }, "/enum: lists null, which the keywords beside it refuse"],
  ["a constant out of bounds", { const: 3, minimum: 5 }, "/const: is refused by the keywords beside it"],
  [
    "a place without a name",
    { $ref: "../types/t.json#/$defs/A/anyOf/0" },
    '/$ref: "#/$defs/A/anyOf/0" has no name',
    T({ A: { anyOf: [text, { type: "null" }] } }),
  ],
  ["a text that fields cannot tell", { ...text, not: { const: "" } }, ': "probe" allows an empty string', fields],
];
