import type { Verdict } from "../../../codegen/index.js";
import type { Files } from "../catalogue.js";
import { commandWith, eventWith, notificationWith, type Schemas } from "./edit.js";

/** An edit with what is true of it. */
export interface Edit {
  readonly name: string;
  readonly before: Files;
  readonly after: Files;
  readonly verdict: Verdict;
  /** The rule of one of the findings. */
  readonly rule?: string;
  /** Whether it is neither proved nor refuted that the other side's readers are fine. */
  readonly isDoubtful?: true;
}

const text = { type: "string" } as const;
const whole = { type: "integer" } as const;
const object = { type: "object" } as const;

/** An edit of the one property `value` of an event's entity, with an example that both versions take or none. */
function value(name: string, before: unknown, after: unknown, verdict: Verdict, rule?: string): Edit {
  const entity = (schema: unknown): Files => eventWith({ ...object, properties: { value: schema } }, {});
  return { name, before: entity(before), after: entity(after), verdict, ...(rule !== undefined && { rule }) };
}

/** An edit of an event's entity. */
function entity(
  name: string,
  [before, after]: readonly [Schemas, Schemas],
  verdict: Verdict,
  rule?: string,
  examples: readonly [unknown, unknown] = [{}, {}],
): Edit {
  const whole = ({ properties, ...rest }: Schemas): Schemas => ({
    ...object,
    properties: { total: { type: "number" }, ...(properties as Schemas) },
    ...rest,
  });
  return {
    name,
    before: eventWith(whole(before), examples[0]),
    after: eventWith(whole(after), examples[1]),
    verdict,
    ...(rule !== undefined && { rule }),
  };
}

function shared(name: string, before: Schemas, after: Schemas, verdict: Verdict, rule?: string): Edit {
  const files = (type: Schemas): Files =>
    eventWith({ $ref: "../types/order.json" }, { total: 1 }, { "types/order.json": type });
  return { name, before: files(before), after: files(after), verdict, ...(rule !== undefined && { rule }) };
}

const order = { title: "Order", ...object, properties: { total: { type: "number" }, note: text }, required: ["total"] };
const card = { ...object, properties: { kind: { const: "card" }, number: text }, required: ["kind"] };
const iban = { ...object, properties: { kind: { const: "iban" }, iban: text }, required: ["kind"] };
const cash = { ...object, properties: { kind: { const: "cash" } }, required: ["kind"] };
const note = { properties: { note: text } };

function payload(name: string, before: Schemas, after: Schemas, verdict: Verdict, rule?: string): Edit {
  const files = (schema: Schemas): Files =>
    commandWith(
      { ...object, ...schema },
      { ...object, properties: { done: { type: "boolean" } } },
      { payload: { a: "x" }, result: { done: true } },
    );
  return { name, before: files(before), after: files(after), verdict, ...(rule !== undefined && { rule }) };
}

function result(name: string, before: Schemas, after: Schemas, verdict: Verdict, rule?: string): Edit {
  const files = (schema: Schemas): Files =>
    commandWith({ ...object, properties: { a: text } }, { ...object, ...schema }, { payload: {}, result: { a: "x" } });
  return { name, before: files(before), after: files(after), verdict, ...(rule !== undefined && { rule }) };
}

const secret = { ...text, sensitive: true, encrypt: true } as const;

function encrypt(name: string, before: unknown, after: unknown, verdict: Verdict): Edit {
  const step = (encrypts: unknown) => ({
    ...text,
    sensitive: true,
    ...(encrypts !== undefined && { encrypt: encrypts }),
  });
  return value(name, step(before), step(after), verdict, "encrypt-changed");
}

const both = "breaks-both";
const old = "breaks-old-readers";
const now = "breaks-new-readers";

export const edits: readonly Edit[] = [
  entity("adds an optional property", [{}, note], "safe", "property-added"),
  entity("adds a required property", [{}, { ...note, required: ["note"] }], now, "property-added", [{}, { note: "x" }]),
  entity("removes an optional property", [note, {}], "breaks-source", "property-removed"),
  entity("removes a required property", [{ ...note, required: ["note"] }, {}], old, "property-removed", [
    { note: "x" },
    {},
  ]),
  entity("makes an optional property required", [note, { ...note, required: ["note"] }], now, "property-required", [
    {},
    { note: "x" },
  ]),
  entity("makes a required property optional", [{ ...note, required: ["note"] }, note], old, "property-optional", [
    { note: "x" },
    {},
  ]),
  entity("renames an optional property", [note, { properties: { remark: text } }], "loses-data", "property-renamed"),
  entity(
    "renames a required property",
    [
      { ...note, required: ["note"] },
      { properties: { remark: text }, required: ["remark"] },
    ],
    both,
    "property-renamed",
    [{ note: "x" }, { remark: "x" }],
  ),
  entity(
    "adds a required property with a default",
    [{}, { properties: { note: { ...text, default: "x" } }, required: ["note"] }],
    now,
    "property-added",
    [{}, { note: "x" }],
  ),
  value("integer to number", whole, { type: "number" }, old, "type-widened"),
  value("number to integer", { type: "number" }, whole, now, "type-narrowed"),
  value("text to text or null", text, { type: ["string", "null"] }, old, "type-widened"),
  value("text or null to text", { type: ["string", "null"] }, text, now, "type-narrowed"),
  value("text to a whole number", text, whole, both, "type-changed"),
  value("a single value to a list", text, { type: "array", items: text }, both, "type-changed"),
  value("a single value or a list", text, { anyOf: [text, { type: "array", items: text }] }, old),
  value("adds a type", {}, text, now, "type-narrowed"),
  value("adds a value to an enum", { enum: ["a", "b"] }, { enum: ["a", "b", "c"] }, old, "enum-value-added"),
  value("removes a value of an enum", { enum: ["a", "b", "c"] }, { enum: ["a", "b"] }, now, "enum-value-removed"),
  value("replaces a value of an enum", { enum: ["a", "b"] }, { enum: ["a", "c"] }, both, "enum-changed"),
  value("reorders an enum", { enum: ["a", "b"] }, { enum: ["b", "a"] }, "safe"),
  value("changes a const", { const: "a" }, { const: "b" }, both, "const-changed"),
  value("a const becomes an enum", { const: "a" }, { enum: ["a", "b"] }, old, "enum-value-added"),
  value("an enum becomes text", { enum: ["a", "b"] }, text, old),
  value("text becomes an enum", text, { enum: ["a", "b"] }, now),
  value("raises a minimum", { ...whole, minimum: 1 }, { ...whole, minimum: 2 }, now, "limit-tightened"),
  value("lowers a minimum", { ...whole, minimum: 2 }, { ...whole, minimum: 1 }, old, "limit-loosened"),
  value("adds a maximum", whole, { ...whole, maximum: 9 }, now, "limit-tightened"),
  value("removes a maximum", { ...whole, maximum: 9 }, whole, old, "limit-loosened"),
  value(
    "an exclusive limit of whole numbers that means the same",
    { ...whole, exclusiveMinimum: 0 },
    { ...whole, minimum: 1 },
    "safe",
  ),
  value("adds a length", text, { ...text, maxLength: 5 }, now, "limit-tightened"),
  value("raises a length", { ...text, maxLength: 5 }, { ...text, maxLength: 500 }, old, "limit-loosened"),
  value("raises a least length", { ...text, minLength: 1 }, { ...text, minLength: 3 }, now, "limit-tightened"),
  value("adds a pattern", text, { ...text, pattern: "^[A-Z]{3}$" }, now, "pattern-changed"),
  value("removes a pattern", { ...text, pattern: "^[A-Z]{3}$" }, text, old, "pattern-changed"),
  value(
    "changes a pattern",
    { ...text, pattern: "^[A-Z]{3}$" },
    { ...text, pattern: "^[a-z]{3}$" },
    both,
    "pattern-changed",
  ),
  {
    ...value("widens a pattern", { ...text, pattern: "^[a-c]+$" }, { ...text, pattern: "^[a-d]+$" }, old),
    isDoubtful: true,
  },
  value("adds a format", text, { ...text, format: "date-time" }, now, "format-changed"),
  value("removes a format", { ...text, format: "uuid" }, text, old, "format-changed"),
  value("changes a format", { ...text, format: "date" }, { ...text, format: "date-time" }, both, "format-changed"),
  value("adds multipleOf", whole, { ...whole, multipleOf: 5 }, now, "limit-changed"),
  value("divides multipleOf", { ...whole, multipleOf: 10 }, { ...whole, multipleOf: 5 }, old, "limit-changed"),
  value("adds a default below the top", text, { ...text, default: "x" }, "safe"),
  value("adds a description", text, { ...text, description: "A text." }, "safe", "documentation-changed"),
  value("adds examples", text, { ...text, examples: ["x"] }, "safe", "documentation-changed"),
  value("deprecates a property", text, { ...text, deprecated: true }, "safe", "documentation-changed"),
  encrypt("encrypts a property at once", undefined, true, "breaks-both"),
  encrypt("has a property read in both forms", undefined, "read", "safe"),
  encrypt("has a property written encrypted", "read", "write", "safe"),
  encrypt("has only ciphertexts read", "write", true, "safe"),
  encrypt("has plain values read again", true, "write", "safe"),
  encrypt("has plain values written again", "write", "read", "safe"),
  encrypt("has ciphertexts read no more", "read", undefined, "safe"),
  encrypt("no longer encrypts", "write", undefined, "breaks-new-readers"),
  encrypt("skips a step", "read", true, "breaks-new-readers"),
  encrypt("writes ciphertexts before they are read", undefined, "write", "breaks-old-readers"),
  encrypt("no longer encrypts at once", true, undefined, "breaks-both"),
  value("widens what is encrypted", secret, { ...secret, type: ["string", "null"] }, "breaks-old-readers"),
  value("gives what is encrypted another type", secret, { ...secret, type: "integer" }, "breaks-both"),
  value("narrows what is encrypted", secret, { ...secret, maxLength: 3 }, now, "limit-tightened"),
  value("marks a property as sensitive", text, { ...text, sensitive: true }, "safe", "sensitive-changed"),
  value("marks a property as read-only", text, { ...text, readOnly: true }, "safe"),
  value(
    "opens an object",
    { ...object, ...note },
    { ...object, ...note, additionalProperties: true },
    "safe",
    "object-opened",
  ),
  value(
    "no longer opens an object",
    { ...object, ...note, additionalProperties: true },
    { ...object, ...note },
    "breaks-source",
    "object-closed",
  ),
  value(
    "closes an object",
    { ...object, ...note, additionalProperties: true },
    { ...object, ...note, additionalProperties: false },
    now,
    "object-closed",
  ),
  value(
    "adds a property to an object that was written as closed",
    { ...object, ...note, additionalProperties: false },
    { ...object, properties: { note: text, more: text }, additionalProperties: false },
    old,
    "property-added",
  ),
  value(
    "declares a property of an open object",
    { ...object, additionalProperties: true },
    { ...object, properties: { note: text }, additionalProperties: true },
    now,
  ),
  value(
    "narrows the values of a map",
    { ...object, additionalProperties: text },
    { ...object, additionalProperties: { ...text, minLength: 1 } },
    now,
    "limit-tightened",
  ),
  value(
    "adds a pattern of names",
    { ...object, patternProperties: { "^a": text } },
    { ...object, patternProperties: { "^a": text, "^b": text } },
    "safe",
  ),
  value(
    "narrows the values of names",
    { ...object, patternProperties: { "^a": text } },
    { ...object, patternProperties: { "^a": { ...text, maxLength: 2 } } },
    now,
  ),
  value(
    "limits the names of a map",
    { ...object, additionalProperties: text },
    { ...object, additionalProperties: text, propertyNames: { maxLength: 3 } },
    now,
    "names-changed",
  ),
  value("adds a form with a tag", { oneOf: [card, iban] }, { oneOf: [card, iban, cash] }, old, "form-added"),
  value("removes a form with a tag", { oneOf: [card, iban, cash] }, { oneOf: [card, iban] }, now, "form-removed"),
  value("reorders forms", { oneOf: [card, iban] }, { oneOf: [iban, card] }, "safe"),
  value(
    "adds an optional property to a form with a tag",
    { oneOf: [card, iban] },
    { oneOf: [{ ...card, properties: { ...card.properties, name: text } }, iban] },
    "safe",
    "property-added",
  ),
  value(
    "renames the constant of a form",
    { oneOf: [card, iban] },
    { oneOf: [card, { ...iban, properties: { ...iban.properties, kind: { const: "sepa" } } }] },
    both,
  ),
  {
    ...value(
      "gives a form without a tag the property of another",
      {
        oneOf: [
          { ...object, properties: { a: text }, required: ["a"] },
          { ...object, properties: { b: text }, required: ["b"] },
        ],
      },
      {
        oneOf: [
          { ...object, properties: { a: text, b: text }, required: ["a"] },
          { ...object, properties: { b: text }, required: ["b"] },
        ],
      },
      now,
    ),
    isDoubtful: true,
  },
  value(
    "anyOf becomes oneOf",
    {
      anyOf: [
        { ...text, maxLength: 3 },
        { ...text, minLength: 2 },
      ],
    },
    {
      oneOf: [
        { ...text, maxLength: 3 },
        { ...text, minLength: 2 },
      ],
    },
    now,
    "choice-changed",
  ),
  value(
    "anyOf becomes oneOf of forms that exclude each other",
    { anyOf: [card, iban] },
    { oneOf: [card, iban] },
    "safe",
  ),
  value(
    "adds a condition",
    { ...object, properties: { a: text, b: text } },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    { ...object, properties: { a: text, b: text }, if: { required: ["a"] }, then: { required: ["b"] } },
    now,
    "condition-changed",
  ),
  value(
    "removes a condition",
    { ...object, properties: { a: text, b: text }, dependentRequired: { a: ["b"] } },
    { ...object, properties: { a: text, b: text } },
    old,
    "condition-changed",
  ),
  value(
    "adds dependentRequired",
    { ...object, properties: { a: text, b: text } },
    { ...object, properties: { a: text, b: text }, dependentRequired: { a: ["b"] } },
    now,
    "condition-changed",
  ),
  value(
    "widens the items",
    { type: "array", items: whole },
    { type: "array", items: { type: "number" } },
    old,
    "type-widened",
  ),
  value(
    "adds a place to a tuple",
    { type: "array", prefixItems: [text], items: false },
    { type: "array", prefixItems: [text, whole], items: false },
    old,
    "items-changed",
  ),
  value(
    "a list becomes a tuple",
    { type: "array", items: text },
    { type: "array", prefixItems: [text, whole], items: false },
    both,
  ),
  value(
    "demands an item",
    { type: "array", items: text },
    { type: "array", items: text, minItems: 1 },
    now,
    "limit-tightened",
  ),
  value(
    "demands different items",
    { type: "array", items: text },
    { type: "array", items: text, uniqueItems: true },
    now,
    "limit-changed",
  ),
  value(
    "no longer demands different items",
    { type: "array", items: text, uniqueItems: true },
    { type: "array", items: text },
    old,
  ),
  value(
    "demands what a list contains",
    { type: "array", items: text },
    { type: "array", items: text, contains: { const: "x" } },
    now,
    "items-changed",
  ),
  value("adds a form that is only read", text, { anyOf: [text, { ...whole, tolerated: true }] }, "breaks-source"),
  value(
    "writes a form that was only read",
    { anyOf: [text, { ...whole, tolerated: true }] },
    { anyOf: [text, whole] },
    "safe",
    "tolerated-removed",
  ),
  value(
    "no longer writes a form",
    { anyOf: [text, whole] },
    { anyOf: [text, { ...whole, tolerated: true }] },
    "breaks-source",
    "tolerated-added",
  ),
  value(
    "no longer reads a form that nobody writes",
    { anyOf: [text, { ...whole, tolerated: true }] },
    text,
    "breaks-source",
  ),
  value("adds not", text, { ...text, not: { const: "x" } }, now, "condition-changed"),
  shared(
    "adds a property to a shared type",
    order,
    { ...order, properties: { ...order.properties, more: text } },
    "safe",
  ),
  shared(
    "narrows a shared type",
    order,
    { ...order, properties: { ...order.properties, note: { ...text, maxLength: 3 } } },
    now,
    "limit-tightened",
  ),
  shared("renames a shared type", order, { ...order, title: "Purchase" }, "breaks-source", "type-renamed"),
  shared("describes a shared type", order, { ...order, description: "An order." }, "safe"),
  payload(
    "adds a required property to a command",
    { properties: { a: text } },
    { properties: { a: text, b: text }, required: ["a"] },
    now,
    "property-required",
  ),
  payload(
    "loosens a command",
    { properties: { a: { ...text, maxLength: 3 } } },
    { properties: { a: text } },
    old,
    "limit-loosened",
  ),
  result(
    "adds a value to an enum of a result",
    { properties: { a: { enum: ["x"] } } },
    { properties: { a: { enum: ["x", "y"] } } },
    old,
    "enum-value-added",
  ),
  result(
    "demands more of a result",
    { properties: { a: text, b: text } },
    { properties: { a: text, b: text }, required: ["a"] },
    now,
    "property-required",
  ),
  result(
    "adds an optional property to a result",
    { properties: { a: text } },
    { properties: { a: text, b: text } },
    "safe",
  ),
  {
    name: "narrows a property at the top of a notification",
    before: notificationWith({}),
    after: notificationWith({ target_company_id: { maximum: 99 } }),
    verdict: now,
    rule: "limit-tightened",
  },
  {
    name: "adds a property at the top, as fields",
    before: notificationWith({}, "fields"),
    after: notificationWith({ shop: { ...text, minLength: 1 } }, "fields"),
    verdict: "safe",
  },
  {
    name: "a number at the top becomes text, as fields",
    before: notificationWith({ shop: whole }, "fields"),
    after: notificationWith({ shop: { ...text, minLength: 1 } }, "fields"),
    verdict: both,
    rule: "type-changed",
  },
  {
    name: "changes the encoding to json",
    before: notificationWith({}, "fields"),
    after: notificationWith({}, "json"),
    verdict: "safe",
    rule: "encoding-changed",
  },
  {
    name: "changes the encoding to fields",
    before: notificationWith({}, "json"),
    after: notificationWith({}, "fields"),
    verdict: "safe",
    rule: "encoding-changed",
  },
  {
    name: "spells a constant at the top in another way",
    before: notificationWith({ shop: { const: "Berlin" } }),
    after: notificationWith({ shop: { const: "berlin" } }),
    verdict: "breaks-source",
    rule: "const-changed",
  },
  {
    name: "text at the top becomes text or null",
    before: notificationWith({ shop: text }),
    after: notificationWith({ shop: { type: ["string", "null"] } }),
    verdict: old,
    rule: "type-widened",
    isDoubtful: true,
  },
  value(
    "narrows a value inside of a sensitive one",
    { ...object, sensitive: true, properties: { a: { ...object, properties: { b: text } } } },
    { ...object, sensitive: true, properties: { a: { ...object, properties: { b: { ...text, maxLength: 2 } } } } },
    now,
    "limit-tightened",
  ),
  {
    name: "changes a default at the top",
    before: notificationWith({}),
    after: notificationWith({ priority: { default: 3 } }),
    verdict: "safe",
    rule: "default-changed",
  },
];
