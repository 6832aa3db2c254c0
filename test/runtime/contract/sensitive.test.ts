import { inspect } from "node:util";
import { describe, expect, it } from "vitest";

import {
  createUser,
  defineEvent,
  type JsonSchema,
  userCreated,
  userLoggedIn,
  validateToken,
} from "../../../generated/index.js";
import {
  exampleCreateUser,
  exampleUserCreated,
  exampleUserLoggedIn,
  exampleValidateToken,
} from "../../../generated/testing.js";
import { contractOf } from "../../../runtime/contract/contract.js";
import { maskedOf } from "../../../runtime/contract/sensitive.js";
import { compileReader, compileWriter } from "../../../runtime/contract/validation.js";

const isSensitive = (schema: JsonSchema, path: readonly string[]): boolean => maskedOf(schema, path, false).isSensitive;

describe("a sensitive value", () => {
  const secret = "hunter2";

  it("is not repeated in an issue, whatever is wrong with it", () => {
    const login = exampleUserLoggedIn({ after_data: { ip_address: secret, session_id: "" } });
    const user = { ...exampleUserCreated(), after_data: { email: "a@b.cd", username: 5, phone: { number: secret } } };
    const command = { email: secret, password: [secret] };
    const said = JSON.stringify([
      contractOf(userLoggedIn).violations(login),
      contractOf(userCreated).violations(user),
      contractOf(createUser).violations({ payload: command }),
      contractOf(validateToken).violations({ ...exampleValidateToken(), payload: { token: 12_345_678 } }),
    ]);
    expect(said).toContain("after_data.ip_address");
    expect(said).toContain("payload.password");
    expect(said).toContain("payload.token");
    expect(said).toContain("after_data.username");
    expect(said).not.toContain(secret);
    expect(said).not.toContain("12345678");
  });

  it("is not repeated when it is read either", () => {
    const entry = contractOf(createUser)
      .write({ ...exampleCreateUser() }, "json")
      .map((text) => text.replace(/"email":"[^"]*"/, `"email":"${secret}"`));
    expect(entry.join()).toContain(secret);
    const refused = expect.objectContaining({
      message: expect.stringMatching(/payload\.email must be an email/),
    });
    expect(() => contractOf(createUser).read(entry)).toThrow(refused);
    try {
      contractOf(createUser).read(entry);
    } catch (error) {
      expect(inspect(error)).not.toContain(secret);
    }
  });

  it.each<[string, JsonSchema, string]>([
    ["itself", { sensitive: true }, ""],
    ["its property", { properties: { a: { sensitive: true } } }, "a"],
    ["whatever holds it", { properties: { a: { sensitive: true, properties: { b: { type: "string" } } } } }, "a/b"],
    ["a reference", { properties: { a: { $ref: "#/$defs/Secret" } }, $defs: { Secret: { sensitive: true } } }, "a"],
    [
      "a reference of its own definition",
      { $ref: "#/$defs/A", $defs: { A: { $ref: "#/$defs/A", sensitive: true } } },
      "",
    ],
    ["a reference to any place", { properties: { a: { $ref: "#/properties/b~1c" }, "b/c": { sensitive: true } } }, "a"],
    [
      "a reference to a name with a stray percent sign",
      { $ref: "#/$defs/5%", $defs: { "5%": { sensitive: true } } },
      "",
    ],
    ["a reference that leads nowhere", { properties: { a: { $ref: "other.json" } } }, "a"],
    [
      "a reference to another document, even to a place that is here too",
      { properties: { a: { $ref: "other.json#/$defs/A" } }, $defs: { A: {} } },
      "a",
    ],
    ["a reference to a definition that is missing", { properties: { a: { $ref: "#/$defs/A" } }, $defs: {} }, "a"],
    ["a reference below a definition that is missing", { properties: { a: { $ref: "#/$defs/A/items" } } }, "a"],
    ["a reference into a text", { properties: { a: { $ref: "#/title/0" } }, title: "Account" }, "a"],
    ["a reference below null", { properties: { a: { $ref: "#/default/b" } }, default: null }, "a"],
    ["a dynamic reference", { properties: { a: { $dynamicRef: "#node" } } }, "a"],
    ["a list", { items: { sensitive: true } }, "0"],
    ["a long list", { items: { sensitive: true } }, "12"],
    ["its place in a tuple", { prefixItems: [{}, { sensitive: true }], items: {} }, "1"],
    ["what a list must contain", { items: {}, contains: { sensitive: true } }, "3"],
    ["the items that nothing else describes", { unevaluatedItems: { sensitive: true } }, "3"],
    ["a map", { additionalProperties: { sensitive: true } }, "any"],
    ["a map beside properties", { properties: { a: {} }, additionalProperties: { sensitive: true } }, "b"],
    ["the pattern of its name", { patternProperties: { "^x-": { sensitive: true } } }, "x-key"],
    ["the properties that nothing else describes", { unevaluatedProperties: { sensitive: true } }, "any"],
    ["a form", { anyOf: [{ type: "null" }, { sensitive: true }] }, ""],
    ["one of its forms", { oneOf: [{ type: "null" }, { properties: { a: { sensitive: true } } }] }, "a"],
    [
      "a layer",
      { allOf: [{ properties: { a: { type: "string" } } }, { properties: { a: { sensitive: true } } }] },
      "a",
    ],
    ["a condition", { if: { properties: { a: { sensitive: true } } } }, "a"],
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    ["what follows from a condition", { if: {}, then: { properties: { a: { sensitive: true } } } }, "a"],
    ["what follows from none", { if: {}, else: { properties: { a: { sensitive: true } } } }, "a"],
    ["what must not be", { not: { properties: { a: { sensitive: true } } } }, "a"],
    ["another property", { dependentSchemas: { b: { properties: { a: { sensitive: true } } } } }, "a"],
    [
      "a layer within a layer's list",
      { allOf: [{ items: { anyOf: [{ properties: { a: { sensitive: true } } }] } }] },
      "2/a",
    ],
  ])("is known by %s", (_, schema, path) => {
    const tokens = path === "" ? [] : path.split("/");
    expect(isSensitive(schema, tokens)).toBe(true);
    expect(isSensitive(schema, [...tokens, "inner"])).toBe(true);
  });

  it.each<[string, JsonSchema, string]>([
    ["a neighbour's mark", { properties: { a: { sensitive: true }, b: {} }, required: ["a"] }, "b"],
    ["the mark of another place in a tuple", { prefixItems: [{ sensitive: true }], items: {} }, "1"],
    ["the pattern of another name", { patternProperties: { "^x-": { sensitive: true } } }, "y"],
    ["an inherited name", { properties: { a: { sensitive: true } } }, "constructor"],
    ["a list, by a name that begins with a digit", { items: { sensitive: true } }, "1a"],
    ["a list, by a name that ends in a digit", { items: { sensitive: true } }, "a1"],
    ["a reference to the whole", { properties: { a: { $ref: "#" } } }, "a/a"],
    ["a reference with a slash in it", { properties: { a: { $ref: "#/$defs/b~1c" } }, $defs: { "b/c": {} } }, "a"],
    ["a reference with a tilde in it", { properties: { a: { $ref: "#/$defs/b~0c" } }, $defs: { "b~c": {} } }, "a"],
    ["a definition that refers to itself", { $ref: "#/$defs/A", $defs: { A: { $ref: "#/$defs/A" } } }, ""],
  ])("is not known by %s", (_, schema, path) => {
    expect(isSensitive(schema, path === "" ? [] : path.split("/"))).toBe(false);
  });

  it("is found in steps that grow with the schema, not with the number of ways through it", () => {
    // Each level has two forms, both of which lead to the next: 2 ^ 60 ways.
    const $defs: Record<string, JsonSchema> = { L60: { type: "string" } };
    for (let level = 0; level < 60; level++) {
      const next = { properties: { a: { $ref: `#/$defs/L${level + 1}` } } };
      $defs[`L${level}`] = { oneOf: [next, { ...next }] };
    }
    expect(isSensitive({ $ref: "#/$defs/L0", $defs }, new Array<string>(60).fill("a"))).toBe(false);
  });

  it("is masked in a text that stands where something with a sensitive part should", () => {
    const Password = { type: "string", sensitive: true };
    const account = { type: "object", properties: { password: { $ref: "#/$defs/Password" } } } as const;
    const schema = { type: "object", properties: { account, note: { type: "object" } }, $defs: { Password } } as const;
    const value = { account: JSON.stringify({ password: secret }), note: "plain" };
    expect(compileWriter(schema)(value)).toEqual([
      { path: "account", message: "must be an object" },
      { path: "note", message: 'must be an object, got "plain"' },
    ]);
  });

  it("is not masked for a definition that nothing refers to", () => {
    const schema = { type: "object", default: null, $defs: { Password: { type: "string", sensitive: true } } } as const;
    expect(compileWriter(schema)("plain")).toEqual([{ path: "", message: 'must be an object, got "plain"' }]);
  });

  it("may be the name of a number that cannot be held exactly", () => {
    const limits: JsonSchema = { type: "object", propertyNames: { sensitive: true }, additionalProperties: true };
    const contract = contractOf(defineEvent("limit.set", { type: "object", properties: { limits } }));
    const written = { limits: { [secret]: 2 ** 60 } };
    const entry = ["limits", `{"${secret}":9007199254740993}`];
    const attempts = [
      () => contract.write(written, "json"),
      () => contract.write(written, "fields"),
      () => contract.read(entry),
      () => contract.read(["message_type", "limit.set", "json", `{"limits":${entry[1]}}`]),
    ];
    for (const attempt of attempts) {
      expect(attempt).toThrow(/limits(: |)(\[…\]) is a number that JavaScript cannot hold/);
      expect(attempt).not.toThrow(secret);
    }
  });

  it("may be a name: it is masked in every path, and in what is wrong with it", () => {
    const schema: JsonSchema = {
      type: "object",
      properties: {
        limits: {
          type: "object",
          propertyNames: { format: "email", sensitive: true },
          additionalProperties: { type: "object", properties: { of: { type: "number" } }, required: ["of"] },
        },
      },
    };
    const name = `${secret}@example.com`;
    for (const compile of [compileWriter, compileReader]) {
      const said = [
        compile(schema)({ limits: { [name]: { of: "x" } } }),
        compile(schema)({ limits: { [name]: {} } }),
        compile(schema)({ limits: { [name]: 1 } }),
        compile(schema)({ limits: { [secret]: { of: 1 } } }),
        compile({ ...schema, properties: { limits: { ...schema.properties?.["limits"], maxProperties: 0 } } })({
          limits: { [name]: { of: 1 } },
        }),
        compile({ type: "object", propertyNames: { sensitive: true, not: {} } })({ [secret]: 1 }),
      ];
      expect(said.map((issues) => issues?.length)).toEqual([1, 1, 1, 1, 1, compile === compileWriter ? 2 : 1]);
      expect(JSON.stringify(said)).not.toContain(secret);
    }
    expect(compileWriter(schema)({ limits: { [name]: { of: "x" } } })).toEqual([
      { path: "limits[…].of", message: 'must be a number, got "x"' },
    ]);
  });
});
