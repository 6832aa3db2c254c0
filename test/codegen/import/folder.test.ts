import { describe, expect, it } from "vitest";
import { imported } from "./imported.js";

const DRAFT_07 = "http://json-schema.org/draft-07/schema#";

const address = {
  $schema: DRAFT_07,
  $id: "https://example.com/schemas/address.schema.json",
  title: "Postal address",
  type: "object",
  properties: { street: { type: "string" }, country: { $ref: "#/definitions/country" } },
  required: ["street"],
  definitions: { country: { type: "string", pattern: "^[A-Z]{2}$" } },
};

const order = {
  $schema: DRAFT_07,
  $id: "https://example.com/schemas/order-placed.schema.json",
  description: "A customer placed an order.",
  type: "object",
  properties: {
    to: { $ref: "address.schema.json" },
    from: { $ref: "https://example.com/schemas/address.schema.json" },
    country: { $ref: "address.schema.json#/definitions/country" },
    id: { $ref: "#/definitions/id" },
  },
  required: ["to", "id"],
  definitions: { id: { type: "string", format: "uuid" } },
};

describe("a folder of schemas", () => {
  it("becomes messages, and shared types of the files that others refer to", async () => {
    const files = { "order-placed.schema.json": order, "shared/address.schema.json": address };
    const { messages, hindrances, ...result } = await imported(files);
    expect(hindrances).toEqual([]);
    expect(messages).toBe(1);
    expect(Object.keys(result.files)).toEqual([
      "catalogue.json",
      "envelopes/event.json",
      "events/order.placed.json",
      "types/order.placed.json",
      "types/address.json",
    ]);
    expect(result.files["types/order.placed.json"]).toMatchObject({
      title: "OrderPlacedData",
      properties: {
        to: { $ref: "address.json" },
        from: { $ref: "address.json" },
        country: { $ref: "address.json#/$defs/Country" },
        id: { $ref: "#/$defs/Id" },
      },
    });
    expect(result.files["types/address.json"]).toMatchObject({ title: "PostalAddress", description: "Postal address" });
    expect(result.files["events/order.placed.json"]).toMatchObject({
      description: "A customer placed an order.",
      properties: {
        event_type: { const: "order.placed" },
        entity_type: { const: "order" },
        after_data: { $ref: "../types/order.placed.json" },
      },
      required: ["after_data"],
    });
  });

  it("gives definitions of one name different names, unless they are the same", async () => {
    const withDefinition = (of: object): object => ({
      $schema: DRAFT_07,
      type: "object",
      properties: { money: { $ref: "#/definitions/money" }, size: { $ref: "#/definitions/size" } },
      definitions: { money: of, size: { type: "integer", minimum: 1 } },
    });
    const { files, rules, hindrances } = await imported({
      "order-paid.json": withDefinition({ type: "number" }),
      "order-sent.json": withDefinition({ type: "string" }),
    });
    expect(hindrances).toEqual([]);
    expect(Object.keys(files["types/order.paid.json"]?.["$defs"] ?? {})).toEqual(["Money", "Size"]);
    expect(Object.keys(files["types/order.sent.json"]?.["$defs"] ?? {})).toEqual(["OrderSentMoney"]);
    expect(files["types/order.sent.json"]).toMatchObject({
      properties: { size: { $ref: "order.paid.json#/$defs/Size" } },
    });
    expect(rules).toEqual(expect.arrayContaining(["definition-name", "equal-definition"]));
  });

  it("resolves references as the draft says, and equal definitions that refer to different ones stay apart", async () => {
    const withUnit = (unit: object): object => ({
      $schema: DRAFT_07,
      type: "object",
      properties: { money: { $id: "https://example.com/ignored/", $ref: "#/definitions/money" } },
      definitions: { money: { type: "array", items: { $ref: "#/definitions/unit" } }, unit },
    });
    const { files, hindrances } = await imported({
      "order-paid.json": withUnit({ type: "number" }),
      "order-sent.json": withUnit({ type: "string" }),
    });
    expect(hindrances).toEqual([]);
    expect(Object.keys(files["types/order.sent.json"]?.["$defs"] ?? {})).toEqual(["OrderSentMoney", "OrderSentUnit"]);
  });

  it("reads the files that a single one refers to, but none outside of its folder and of the project", async () => {
    const files = {
      "near/order.json": { type: "object", properties: { a: { $ref: "part.json" }, b: { $ref: "../far.json" } } },
      "near/part.json": { type: "object", properties: { c: { type: "string" } } },
      "far.json": { type: "object", properties: { d: { type: "string" } } },
    };
    const { hindrances } = await imported(files, {}, "near/order.json");
    expect(hindrances.map(({ pointer, sentence }) => [pointer, sentence])).toEqual([
      ["/properties/b/$ref", 'the file "../far.json" is not among the imported ones'],
    ]);
    const folder = await imported(files);
    expect(folder.hindrances).toEqual([]);
  });

  it("leaves out what something hinders, with the place of the original, and imports the rest", async () => {
    const { files, hindrances } = await imported({
      "good.json": { type: "object", properties: { a: { type: "string" } } },
      "remote.json": { type: "object", properties: { a: { $ref: "https://example.com/other.json#/a" } } },
      "missing.json": { type: "object", properties: { a: { $ref: "nowhere.json" } } },
      "inside.json": { type: "object", properties: { a: { $ref: "#/definitions/b" } } },
      "broken.json": '{\n  "type": "object",\n}',
      "text.json": '"text"',
      "other.json": { name: "a", version: "1" },
      "foreign.json": { $schema: "https://example.com/own", type: "object" },
      "list.json": { type: "array", items: { type: "string" } },
      "slow.json": { type: "object", properties: { a: { type: "string", pattern: "^(a+)+$" } } },
      "perl.json": { type: "object", properties: { a: { type: "string", pattern: "(?i)a" } } },
      "old.yaml": "type: object",
      "silent.json": { $id: "a", "x-own": 1 },
      "any.json": { $schema: DRAFT_07, title: "Anything" },
    });
    expect(Object.keys(files).filter((path) => /^(events|types)/.test(path))).toEqual([
      "events/good.json",
      "types/good.json",
    ]);
    const shown = hindrances.map(({ file, line, pointer, rule, sentence }) => {
      return `${file.slice(file.lastIndexOf("/") + 1)}:${line ?? ""} ${pointer} ${rule}: ${sentence}`;
    });
    const expected = [
      /^remote\.json:5 \/properties\/a\/\$ref remote-reference: "https:\/\/example\.com\/other\.json#\/a" is elsewhere, and nothing is fetched/,
      /^missing\.json:5 \/properties\/a\/\$ref missing-reference: the file "nowhere\.json" is not among the imported ones$/,
      /^inside\.json:5 .* missing-reference: "#\/definitions\/b" leads to nothing: \S+ has no "\/definitions\/b"$/,
      /^broken\.json:3 .* syntax: invalid JSON/,
      /^text\.json: .* no-schema: is no JSON Schema/,
      /^other\.json: .* no-schema: is no JSON Schema/,
      /^foreign\.json:2 \/\$schema dialect: its "\$schema" is none of the drafts 04, 06, 07, 2019-09, 2020-12; say with --draft/,
      /^list\.json:1 {2}no-object: describes no object but "array", and an event carries an object; wrap it, or import it with --kind type$/,
      /^slow\.json:6 \/properties\/a\/pattern backtracking: /,
      /^perl\.json:6 \/properties\/a\/pattern regular-expression: /,
      /^silent\.json:1 {2}no-schema: says nothing about values$/,
      /^any\.json:1 {2}no-schema: says nothing about values$/,
      /^old\.yaml: .* yaml: is YAML, and merp reads JSON; convert it: npx js-yaml \S+old\.yaml > \S+old\.json$/,
    ];
    for (const one of expected) expect(shown).toContainEqual(expect.stringMatching(one));
    expect(shown).toHaveLength(expected.length);
  });

  it("leaves out what needs what is left out, and says so", async () => {
    const { files, messages, hindrances } = await imported({
      "order-placed.json": { type: "object", properties: { to: { $ref: "address.json" } } },
      "order-paid.json": { type: "object", properties: { total: { type: "number" } } },
      "address.json": { type: "object", properties: { zip: { type: "string", pattern: "(" } } },
    });
    expect(messages).toBe(1);
    expect(Object.keys(files)).toContain("events/order.paid.json");
    expect(hindrances.map(({ rule, pointer }) => [rule, pointer])).toEqual([
      ["regular-expression", "/properties/zip/pattern"],
      ["needed", ""],
    ]);
    expect(hindrances[1]?.sentence).toMatch(/^needs \S+address\.json, which is not imported as a whole$/);
  });

  it("follows circles, those between addresses elsewhere as well, and refuses one that is nothing else", async () => {
    const part = (id: string, to: string): object => ({
      $id: `https://example.com/${id}`,
      type: "object",
      properties: { next: { $ref: to } },
    });
    const circle = await imported({
      "a.json": part("a", "https://example.com/b"),
      "b.json": part("b", "a"),
      "tree-grown.json": { type: "object", properties: { children: { type: "array", items: { $ref: "#" } } } },
    });
    expect(circle.hindrances).toEqual([]);
    expect([circle.messages, circle.types]).toEqual([1, 3]);
    const endless = await imported({
      "x.json": { type: "object", properties: { a: { $ref: "#/$defs/a" } }, $defs: { a: { $ref: "#/$defs/a" } } },
    });
    expect(endless.hindrances.map(({ rule }) => rule)).toContain("circular-reference");
    expect(endless.files).toEqual({});
  });

  it("keeps two files of one name apart by their folders, and leaves out a message that is there twice", async () => {
    const schema = { type: "object", properties: { a: { type: "string" } } };
    const { files } = await imported({ "order/created.json": schema, "user/created.json": schema });
    expect(Object.keys(files)).toEqual(
      expect.arrayContaining(["events/order.created.json", "events/user.created.json"]),
    );
    const { messages, hindrances } = await imported({ "order-paid.json": schema, "OrderPaid.schema.json": schema });
    expect(messages).toBe(1);
    expect(hindrances.map(({ sentence }) => sentence)).toEqual([
      expect.stringMatching(/^would be the event order\.paid, which \S+OrderPaid\.schema\.json is already/),
    ]);
  });

  it("makes commands with a payload, notifications with data, and types of their own", async () => {
    const schema = {
      title: "Reserve stock",
      type: "object",
      properties: { article: { type: "string" } },
      required: ["article"],
    };
    const command = await imported({ "ReserveStock.json": schema }, { kind: "command" });
    expect(command.files["commands/reserve_stock.json"]).toMatchObject({
      properties: { command_type: { const: "reserve_stock" }, payload: { $ref: "../types/reserve_stock.json" } },
      $defs: { result: { type: "object" } },
    });
    expect(command.rules).toContain("made-result");
    const notification = await imported({ "order-shipped.json": schema }, { kind: "notification" });
    expect(notification.files["notifications/order_shipped.json"]).toMatchObject({
      properties: { data: { $ref: "../types/order_shipped.json" } },
      required: ["data"],
    });
    const types = await imported({ "address.json": schema }, { kind: "type" });
    expect(Object.keys(types.files)).toEqual(["catalogue.json", "types/address.json"]);
  });

  it("takes a schema of a whole message as it is, around our envelope", async () => {
    const whole = {
      type: "object",
      properties: {
        event_type: { type: "string" },
        entity_id: { type: "integer" },
        after_data: { type: "object", properties: { total: { $ref: "#/$defs/Total" } }, required: ["total"] },
      },
      required: ["event_type", "after_data"],
      $defs: { Total: { type: "number" } },
    };
    const { files, hindrances } = await imported({ "order-placed.json": whole }, { as: "message" });
    expect(hindrances).toEqual([]);
    expect(files["events/order.placed.json"]).toMatchObject({
      $ref: "../envelopes/event.json",
      properties: {
        event_type: { const: "order.placed" },
        after_data: { properties: { total: { $ref: "../types/order.placed.json#/$defs/Total" } } },
      },
      examples: [{ event_type: "order.placed", after_data: { total: 1 } }],
    });
  });

  it("makes a message of each form of a choice, if asked to", async () => {
    const choice = {
      $schema: DRAFT_07,
      oneOf: [{ $ref: "#/definitions/order$placed" }, { $ref: "#/definitions/order" }],
      definitions: {
        order: { oneOf: [{ $ref: "#/definitions/order$paid" }, { $ref: "#/definitions/order$placed" }] },
        order$placed: { type: "object", properties: { a: { type: "string" } } },
        order$paid: { type: "object", properties: { b: { type: "string" } } },
      },
    };
    const { files } = await imported({ "schema.json": choice }, { each: true });
    expect(Object.keys(files).filter((path) => path.startsWith("events/"))).toEqual([
      "events/order.placed.json",
      "events/order.paid.json",
    ]);
  });

  it("assumes a draft where none is stated, says which, and takes another if it is told to", async () => {
    const schema = (of: object): object => ({ type: "object", properties: { a: of } });
    const assumed = async (of: object): Promise<readonly unknown[]> => {
      const { changes } = await imported({ "a.json": schema(of) });
      return changes.flatMap(({ rule, detail }) => (rule === "assumed-draft" ? [detail] : []));
    };
    expect(await assumed({ type: "number", minimum: 1, exclusiveMinimum: true })).toEqual(["draft 04"]);
    expect(await assumed({ type: "array", items: [{}] })).toEqual(["draft 07"]);
    expect(await assumed({ type: "array", items: { $recursiveRef: "#" } })).toEqual(["draft 2019-09"]);
    expect(await assumed({ type: "string" })).toEqual(["draft 2020-12"]);
    const given = await imported({ "a.json": schema({ type: "string", const: "x" }) }, { draft: "04" });
    expect(given.rules).toEqual(expect.arrayContaining(["later-keyword"]));
    expect(given.rules).not.toContain("assumed-draft");
  });

  it("takes the author's example if it is valid, else makes one", async () => {
    const schema = {
      type: "object",
      properties: {
        code: { type: "string", pattern: "^[A-Z]{3}-\\d{2,4}(?:x|y)$", maxLength: 9 },
        at: { type: "string", format: "date-time" },
        amount: { type: "number", exclusiveMinimum: 10, multipleOf: 0.5 },
        lines: { type: "array", minItems: 2, items: { enum: ["a", "b"] }, uniqueItems: true },
        kind: { oneOf: [{ const: "x" }, { const: "y" }] },
      },
      required: ["code", "at", "amount", "lines", "kind"],
    };
    const made = await imported({ "a.json": schema });
    expect(made.hindrances).toEqual([]);
    expect(made.rules).toContain("made-example");
    const own = { code: "ABC-12y", at: "2026-01-01T00:00:00Z", amount: 11, lines: ["b", "a"], kind: "y" };
    const given = await imported({ "a.json": { ...schema, examples: [{ code: "no" }, own] } });
    expect(given.rules).not.toContain("made-example");
    expect(given.files["events/a.json"]).toMatchObject({ examples: [{ after_data: own }] });
    const impossible = { type: "object", properties: { a: { type: "string", pattern: "^(?=x)y$" } }, required: ["a"] };
    const none = await imported({ "a.json": impossible });
    expect(none.hindrances.map(({ rule, sentence }) => [rule, sentence])).toEqual([
      ["example", expect.stringMatching(/^no valid example can be made of it; give one in "examples"/)],
    ]);
  });
});
