import { describe, expect, it } from "vitest";
import { bundlesOf } from "../../../codegen/bundle/bundle.js";
import { defineEvent } from "../../../runtime/contract/define.js";
import { CIPHERTEXT } from "../../../runtime/contract/encrypt.js";
import { generated, problemsOf, sound } from "../catalogue.js";

const EVENT = "events/order.placed.json";
const event = sound[EVENT];
const [example] = event.examples;
const SECRET = { type: "string", sensitive: true, encrypt: true } as const;

/** The catalogue, with properties of the order and of the event. */
const withOrder = (properties: object, ofEvent: object = {}, order: object = {}) => ({
  ...sound,
  "types/order.json": {
    ...sound["types/order.json"],
    properties: { ...sound["types/order.json"].properties, ...properties },
    ...order,
  },
  [EVENT]: { ...event, properties: { ...event.properties, ...ofEvent }, examples: [example] },
});

describe("what is encrypted in a schema", () => {
  it("has the plain type, and descriptors say that there is such a thing", async () => {
    const files = await generated(withOrder({ note: SECRET }));
    expect(files.get("types/order.ts")).toContain(
      "Encrypted on the wire; masked in logs and on screens. */\n  note?: string;",
    );
    expect(files.get("schemas/types/order.ts")).toContain('note: { type: "string", sensitive: true, encrypt: true }');
    expect(files.get("events/order.placed.ts")).toContain("encrypts: true,");
    expect((await generated(sound)).get("events/order.placed.ts")).not.toContain("encrypts");
  });

  it("may be erased for handlers, and not for publishers, where it has a subject", async () => {
    const files = await generated(withOrder({ note: { ...SECRET, subject: "customer:entity_id" } }));
    expect(files.get("types/order.ts")).toContain('import type { Erased } from "../../runtime/index.js";');
    expect(files.get("types/order.ts")).toContain("note?: string | Erased;");
    const message = files.get("events/order.placed.ts");
    expect(message).toContain("EventDescriptor<OrderPlaced, Unerased<OrderPlacedInput>>");
    expect(message).toContain("message: Unerased<OrderPlacedInput>");
  });

  it("may name several fields that name the person, of which each message has one", async () => {
    const subject = ["person:payload.id", "person:entity_id"];
    expect(await problemsOf(withOrder({ note: { ...SECRET, subject } }))).toEqual([]);
    expect((await problemsOf(withOrder({ note: { ...SECRET, subject: [] } }))).join()).toMatch(/or a list of them/);
  });

  it("is a text with a pattern in the schemas for other languages", () => {
    const schema = { type: "object", properties: { note: { ...SECRET, maxLength: 3, description: "A note." } } };
    const [bundle] = bundlesOf({ descriptor: defineEvent("order.placed", schema as never), name: "OrderPlaced" });
    expect(bundle?.schema).toMatchObject({
      properties: { note: { type: "string", pattern: CIPHERTEXT, description: "A note." } },
    });
    expect(JSON.stringify(bundle?.schema)).not.toMatch(/maxLength|encrypt/);
  });

  it.each([
    [
      "is not sensitive",
      { note: { type: "string", encrypt: true } },
      /properties\/note\/encrypt: must be "sensitive" too/,
    ],
    [
      "is a map by pattern",
      { map: { type: "object", patternProperties: { "^x": SECRET } } },
      /below "patternProperties": .* "additionalProperties"/,
    ],
    [
      "is a condition",
      { note: { type: "string", not: { ...SECRET, maxLength: 1 } } },
      /cannot be encrypted below "not"/,
    ],
    [
      "is one form of a choice",
      { note: { anyOf: [SECRET, { type: "null" }] } },
      /the whole value is encrypted: "encrypt" and "sensitive" have to stand here/,
    ],
    ["has an unknown step", { note: { ...SECRET, encrypt: "yes" } }, /must be true, "read" or "write"/],
    [
      "has a subject that is absent",
      { note: { ...SECRET, subject: "person:customer_id" } },
      /"subject" must name a required field .*: customer_id of order\.placed is none/,
    ],
    [
      "has a subject that is no name",
      { note: { ...SECRET, subject: "person:after_data.total" } },
      /after_data\.total of order\.placed is none/,
    ],
    [
      "has a subject without a kind",
      { note: { ...SECRET, subject: "entity_id" } },
      /has no constant "entity_type"; write .* "user:entity_id"/,
    ],
    [
      "has only a subject",
      { note: { type: "string", subject: "entity_id" } },
      /"subject" has no effect without "encrypt"/,
    ],
  ])("is refused where it %s", async (_, properties, sentence) => {
    const problems = await problemsOf(withOrder(properties));
    expect(problems.join("\n")).toMatch(sentence);
    expect(problems.join("\n")).toMatch(/order\.json:\d+:\d+/);
  });

  it("is refused in a field that is read without keys, where two schemas disagree, and as a whole message", async () => {
    const id = { $ref: "../types/order.json#/$defs/OrderId", sensitive: true, encrypt: true };
    expect((await problemsOf(withOrder({}, { entity_id: id }))).join()).toMatch(/"entity_id" is read without keys/);
    const forms = {
      type: "object",
      oneOf: [
        { properties: { kind: { const: "a" }, code: SECRET }, required: ["kind"] },
        { properties: { kind: { const: "b" }, code: { type: "integer" } }, required: ["kind"] },
      ],
    };
    expect((await problemsOf(withOrder({ forms }))).join()).toMatch(/encrypted by one schema, and not in the same way/);
    const whole = { ...withOrder({}), [EVENT]: { ...event, sensitive: true, encrypt: true } };
    expect((await problemsOf(whole)).join()).toMatch(/a whole message cannot be encrypted/);
  });
});
