import { describe, expect, it } from "vitest";
import { lintRules } from "../../../codegen/index.js";
import { findingsIn, findingsOf } from "./findings.js";

const description = "What it is.";
const text = { type: "string", maxLength: 9, description };

/** A type with these properties, without a finding of its own. */
function thing(properties: object, more: object = {}): object {
  return { description, type: "object", properties, ...more };
}

/** A message that states its type. */
function typed(property: string, type: string, more: object = {}): object {
  return { description, properties: { [property]: { const: type, ...more } } };
}

const event = (type: string, more?: object): readonly string[] =>
  findingsIn(typed("event_type", type, more), "events/a.json");
const command = (type: string): readonly string[] => findingsIn(typed("command_type", type), "commands/a.json");

describe("the lint", () => {
  it("finds nothing in a catalogue that keeps every rule", () => {
    expect(findingsIn(thing({ a_b1: text }))).toEqual([]);
  });

  it("misses descriptions of properties and types, but not of what is described elsewhere", () => {
    const Named = { ...text };
    expect(
      findingsIn({
        type: "object",
        properties: {
          bare: { type: "integer" },
          blank: { type: "integer", description: " " },
          referring: { $ref: "#/$defs/Named" },
          constant: { const: "a" },
        },
        $defs: { Named, Bare: { type: "integer" } },
      }),
    ).toEqual([
      "missing-description",
      "missing-description /properties/bare",
      "missing-description /properties/blank",
      "missing-description /$defs/Bare",
    ]);
    const envelope = { "envelopes/event.json": thing({ entity_id: { type: "integer", description } }) };
    const message = { description, $ref: "../envelopes/event.json", properties: { entity_id: { minimum: 1 } } };
    expect(findingsIn(message, "events/a.json", envelope)).toEqual([]);
    const forms = { allOf: [{ properties: { a_b: { minLength: 1 } } }, { properties: { c: { type: "integer" } } }] };
    expect(findingsIn(thing({ a_b: text }, forms))).toEqual(["missing-description /allOf/1/properties/c"]);
  });

  it("asks for snake_case in properties and PascalCase in definitions, and says how a name would be", () => {
    const names = ["good", "good_2", "camelCase", "Capital", "with-dash", "HTTPCode", "größe", "_x", "double__x"];
    expect(findingsIn(thing(Object.fromEntries(names.map((name) => [name, text]))))).toEqual([
      'property-casing /properties/camelCase "camel_case"',
      'property-casing /properties/Capital "capital"',
      'property-casing /properties/with-dash "with_dash"',
      'property-casing /properties/HTTPCode "http_code"',
      "property-casing /properties/größe",
      'property-casing /properties/_x "x"',
      'property-casing /properties/double__x "double_x"',
    ]);
    const $defs = { OrderId: text, IBAN: text, order_id: text, orderId: text, result: text };
    expect(findingsIn({ $defs })).toEqual([
      'definition-casing /$defs/order_id "OrderId"',
      'definition-casing /$defs/orderId "OrderId"',
      'definition-casing /$defs/result "Result"',
    ]);
    expect(findingsIn({ ...typed("command_type", "do_it"), $defs: { result: text } }, "commands/a.json")).toEqual([]);
  });

  it("asks for dotted types of events, and for snake_case of the others", () => {
    expect(event("order.placed")).toEqual([]);
    expect(event("shop.order.placed_twice")).toEqual([]);
    expect(event("OrderPlaced")).toEqual(['message-type-form /properties/event_type/const "order.placed"']);
    expect(event("order_placed")).toEqual(['message-type-form /properties/event_type/const "order.placed"']);
    expect(event("Order.placed")).toEqual(['message-type-form /properties/event_type/const "order.placed"']);
    expect(event("placed")).toEqual(["message-type-form /properties/event_type/const"]);
    expect(command("reserveStock")).toEqual(['message-type-form /properties/command_type/const "reserve_stock"']);
    expect(findingsIn(typed("notification_type", "Order-shipped"), "notifications/a.json")).toEqual([
      'message-type-form /properties/notification_type/const "order_shipped"',
    ]);
  });

  it.each([
    ...["order.placed", "order.sent", "user.logged_in", "user.password_changed", "order.overridden", "stock.rebuilt"],
    ...["audit.log_created", "payment.withdrawn", "price.set", "user.embedded", "order.paid_out", "room.booked"],
    "order.placed.v2",
  ])("takes %s for something that has happened", (type) => {
    expect(event(type)).toEqual([]);
  });

  it.each([
    ["order.place", '"order.placed"'],
    ["order.cancel", '"order.canceled"'],
    ["order.ship", '"order.shipped"'],
    ["order.ship.v2", '"order.shipped.v2"'],
    ["order.modify", '"order.modified"'],
    ["order.send", '"order.sent"'],
    ["stock.rebuild", '"stock.rebuilt"'],
    ["order.line_add", '"order.line_added"'],
    ["order.feed", '"order.fed"'],
    ["security.violation", ""],
    ["order.placing", ""],
    ["machine.speed", ""],
  ])("does not take %s for something that has happened", (type, meant) => {
    expect(event(type)).toEqual([`event-tense /properties/event_type/const ${meant}`.trim()]);
  });

  it("asks for an imperative in commands", () => {
    for (const type of [
      "reserve_stock",
      "read_feed",
      "set_price",
      "stock.reserve",
      "bring_order",
      "proceed",
      "cut",
      "mark_paid",
      "delete_expired",
    ])
      expect([type, command(type)]).toEqual([type, []]);
    expect(command("stock_reserved")).toEqual(['command-mood /properties/command_type/const "reserve_stock"']);
    expect(command("order_placed")).toEqual(['command-mood /properties/command_type/const "place_order"']);
    expect(command("placed_order")).toEqual(['command-mood /properties/command_type/const "place_order"']);
    expect(command("sent_mail")).toEqual(['command-mood /properties/command_type/const "send_mail"']);
    expect(command("reserving_stock")).toEqual(["command-mood /properties/command_type/const"]);
  });

  it("asks for a property that tells the objects of a choice apart", () => {
    const form = (kind: unknown, required = true): object => ({
      type: "object",
      properties: { kind, name: text },
      ...(required && { required: ["kind"] }),
    });
    const choice = (...oneOf: readonly object[]): readonly string[] =>
      findingsIn(thing({ way: { description, oneOf } })).filter((found) => found.startsWith("untagged"));
    const untagged = ["untagged-choice /properties/way/oneOf"];
    expect(choice(form({ const: "card" }), form({ const: "iban" }))).toEqual([]);
    expect(choice(form({ const: "card" }), form({ enum: ["iban", "sepa"] }))).toEqual([]);
    expect(choice(form({ const: "card" }), { type: "null" }, { type: "string", maxLength: 9 })).toEqual([]);
    expect(choice(form({ const: "card" }), { ...form(text), tolerated: true })).toEqual([]);
    expect(choice(form({ const: "card" }), form({ const: "card" }))).toEqual(untagged);
    const requiredAround = {
      oneOf: [form({ const: "card" }, false), form({ const: "iban" }, false)],
      required: ["kind"],
    };
    expect(findingsIn(thing({ way: { description, ...requiredAround } }))).toEqual([]);
    expect(choice(form({ const: "card" }), form(text))).toEqual(untagged);
    expect(choice(form({ const: "card" }), form({ const: "iban" }, false))).toEqual(untagged);
    expect(choice({ required: ["a"] }, { required: ["b"] })).toEqual([]);
    const $defs = {
      Card: { description, ...form({ const: "card" }) },
      Iban: { description, ...form({ const: "iban" }) },
    };
    const anyOf = [{ $ref: "#/$defs/Card" }, { allOf: [{ $ref: "#/$defs/Iban" }] }];
    expect(findingsIn(thing({ way: { description, anyOf } }, { $defs }))).toEqual(
      expect.not.arrayContaining([expect.stringContaining("untagged")]),
    );
  });

  it("asks for bounds of texts and lists", () => {
    const items = { type: "integer" };
    const bounded = {
      long: text,
      formed: { type: ["string", "null"], format: "date", description },
      patterned: { type: "string", pattern: "^a$", description },
      listed: { type: "string", enum: ["a"], description },
      tolerated: { description, anyOf: [{ type: "integer" }, { type: "string", tolerated: true }] },
      around: { description, maxLength: 9, anyOf: [{ type: "string" }, { type: "null" }] },
      within: { description, type: "string", anyOf: [{ format: "date" }, { pattern: "^a$" }] },
      pair: { description, type: "array", prefixItems: [items], items: false },
      none: { description, type: "array", items: false },
      few: { description, type: "array", items, maxItems: 3 },
    };
    expect(findingsIn(thing(bounded))).toEqual([]);
    const unbounded = {
      short: { type: "string", minLength: 1, description },
      half: { description, type: "string", anyOf: [{ format: "date" }, { minLength: 1 }] },
      nullable: { type: ["string", "null"], description },
      form: { description, anyOf: [{ type: "string" }, { type: "integer" }] },
      list: { description, type: "array", items: { type: "string" }, minItems: 1 },
      most: { description, type: "array", items: { not: items } },
      open: { description, type: "array", prefixItems: [items] },
    };
    expect(findingsIn(thing(unbounded))).toEqual([
      "unbounded-text /properties/short/type",
      "unbounded-text /properties/half/type",
      "unbounded-text /properties/nullable/type",
      "unbounded-text /properties/form/anyOf/0/type",
      "unbounded-list /properties/list/type",
      "unbounded-text /properties/list/items/type",
      "unbounded-list /properties/most/type",
      "unbounded-list /properties/open/type",
    ]);
    expect(findingsIn(thing({ a: text }, { not: { properties: { a: { type: "string" } } } }))).toEqual([]);
  });

  it("knows personal data and secrets by their names and as email", () => {
    const personal = ["email", "contact_email", "phone_number", "password", "api_key", "access_token", "iban"];
    const more = ["first_name", "birthdate", "date_of_birth", "ip_address", "street2", "emails", "username"];
    const found = findingsIn(thing(Object.fromEntries([...personal, ...more].map((name) => [name, text]))));
    expect(found).toEqual([...personal, ...more].map((name) => `personal-data /properties/${name}`));
    const harmless = ["name", "email_count", "address_type", "token_type", "phone_model", "secretary", "tokenizer"];
    expect(findingsIn(thing(Object.fromEntries(harmless.map((name) => [name, text]))))).toEqual([]);
    const flags = { has_password: { type: "boolean", description }, tokens: { type: "integer", description } };
    expect(findingsIn(thing(flags))).toEqual([]);
    const to = { description, anyOf: [{ type: "string", format: "email" }, { type: "null" }] };
    expect(findingsIn(thing({ to }))).toEqual(["personal-data /properties/to"]);
  });

  it("takes what is marked, or stands in or leads to what is marked, for sensitive", () => {
    const Address = thing({ street: { ...text, sensitive: true } });
    const marked = {
      email: { ...text, sensitive: true },
      person: { ...thing({ email: text }), sensitive: true },
      address: { $ref: "#/$defs/Address" },
      phone: { description, anyOf: [{ $ref: "#/$defs/Phone" }, { type: "null" }] },
    };
    const $defs = { Address, Phone: { ...text, sensitive: true } };
    expect(findingsIn(thing(marked, { $defs }))).toEqual([]);
  });

  it("asks for a form for values to come beside an enum, where others read it", () => {
    const values = { type: "string", enum: ["a", "b"] };
    const other = { type: "string", tolerated: true };
    const closed = {
      state: { ...values, description },
      states: { description, type: "array", maxItems: 2, items: values },
    };
    expect(findingsIn(thing(closed))).toEqual([
      "closed-enum /properties/state/enum",
      "closed-enum /properties/states/items/enum",
    ]);
    const $defs = { State: { ...values, description } };
    const open = { description, anyOf: [{ $ref: "#/$defs/State" }, other, { type: "null" }] };
    expect(findingsIn(thing({ state: { description, anyOf: [values, other] }, open }, { $defs }))).toEqual([]);
    expect(findingsIn(thing({ open, bare: { $ref: "#/$defs/State" } }, { $defs }))).toEqual([
      "closed-enum /$defs/State/enum",
    ]);
    expect(findingsIn(thing({ single: { enum: ["a", null], description } }))).toEqual([]);
    const asking = { payload: thing({ state: { ...values, description } }) };
    const result = thing({ state: { ...values, description } });
    expect(findingsIn(thing(asking, { $defs: { result } }), "commands/a.json")).toEqual([
      "closed-enum /$defs/result/properties/state/enum",
    ]);
  });

  it("advises against closed objects", () => {
    expect(findingsIn(thing({ a: text }, { additionalProperties: false }))).toEqual([
      "closed-object /additionalProperties",
    ]);
    expect(findingsIn(thing({ a: text }, { additionalProperties: true }))).toEqual([]);
  });
});

describe("an exception", () => {
  const free = { type: "string", description };

  it("excuses the schema that it stands in and what is within", () => {
    const lintIgnore = { "unbounded-text": "a free text of the user" };
    expect(findingsIn(thing({ a: { ...free, lintIgnore }, b: free }))).toEqual(["unbounded-text /properties/b/type"]);
    expect(findingsIn(thing({ a: free, b: free }, { lintIgnore }))).toEqual([]);
    const tense = { "event-tense": "on the wire" };
    expect(event("order.place", { lintIgnore: tense })).toEqual([]);
  });

  it("is told of if it excuses nothing, unless its rule is off", () => {
    const lintIgnore = { "unbounded-text": "it was once", "closed-enum": "it was once" };
    const files = { "types/thing.json": thing({ a: { ...text, lintIgnore } }) };
    const pointers = findingsOf(files).map(({ rule, pointer }) => `${rule} ${pointer}`);
    expect(pointers).toEqual([
      "idle-exception /properties/a/lintIgnore/unbounded-text",
      "idle-exception /properties/a/lintIgnore/closed-enum",
    ]);
    const off = { "catalogue.json": { lint: { "closed-enum": "off" } } };
    expect(findingsOf({ ...files, ...off })).toHaveLength(1);
    expect(findingsOf({ ...files, "catalogue.json": { lint: { "idle-exception": "off" } } })).toEqual([]);
    const both = thing(
      { a: { ...free, lintIgnore: { "unbounded-text": "inner" } } },
      { lintIgnore: { "unbounded-text": "outer" } },
    );
    expect(findingsIn(both)).toEqual(["idle-exception /lintIgnore/unbounded-text"]);
  });
});

it("has a level for each rule, and no rule when all are off", () => {
  const files = { "types/thing.json": { type: "object", properties: { Email: { type: "string" } } } };
  const levelled = (level: string): object => Object.fromEntries(lintRules.map((rule) => [rule, level]));
  expect(findingsOf({ ...files, "catalogue.json": { lint: levelled("off") } })).toEqual([]);
  const levels = (lint: object): unknown =>
    new Set(findingsOf({ ...files, "catalogue.json": { lint } }).map(({ level }) => level));
  expect(levels({})).toEqual(new Set(["warn"]));
  expect(levels(levelled("error"))).toEqual(new Set(["error"]));
  expect(findingsOf(files).map(({ rule }) => rule)).toEqual([
    "missing-description",
    "missing-description",
    "personal-data",
    "property-casing",
    "unbounded-text",
  ]);
});
