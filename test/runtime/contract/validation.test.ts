import { describe, expect, it } from "vitest";

import { ContractError, currencyRateUpdated, type JsonSchema, userCreated } from "../../../generated/index.js";
import { exampleUserCreated } from "../../../generated/testing.js";
import { contractOf } from "../../../runtime/contract/contract.js";
import { closeSchema, compileReader, compileWriter } from "../../../runtime/contract/validation.js";

/** What a writer of such a schema says of a value, a sentence a line. */
function complaints(schema: JsonSchema, value: unknown): string[] {
  return (compileWriter(schema)(value) ?? []).map(({ path, message }) => `${path} ${message}`.trim());
}

const never = false as unknown as JsonSchema;
const tuple: JsonSchema = { type: "array", prefixItems: [{}, {}], items: never };

describe("a writer's issue", () => {
  it.each<[string, JsonSchema, unknown]>([
    ["must be text, got 5", { type: "string" }, 5],
    ["must be a whole number, got 1.5", { type: "integer" }, 1.5],
    ['must be a whole number, got "7"', { type: "integer" }, "7"],
    ["must be a number, got null", { type: "number" }, Number.NaN],
    ['must be true or false, got "true"', { type: "boolean" }, "true"],
    ["must be a list, got an object", { type: "array" }, {}],
    ["must be an object, got a list", { type: "object" }, []],
    ["must be text or null, got 1", { type: ["string", "null"] }, 1],
    ["must be a whole number, got 7n", { type: "integer" }, 7n],
    ['must be "event", got "command"', { const: "event" }, "command"],
    ['must be one of "a", 1, got "b"', { enum: ["a", 1] }, "b"],
    ['must be an email address, got "x"', { type: "string", format: "email" }, "x"],
    ['must be a UUID, got "x"', { type: "string", format: "uuid" }, "x"],
    ['must be an IPv4 address, got "1.2.3"', { type: "string", format: "ipv4" }, "1.2.3"],
    ['must be a date such as "2026-11-23", got "2025-02-29"', { type: "string", format: "date" }, "2025-02-29"],
    ['must match ^[A-Z]{3}$, got "usd"', { type: "string", pattern: "^[A-Z]{3}$" }, "usd"],
    ['must not be empty, got ""', { type: "string", minLength: 1 }, ""],
    ['must have at least 2 characters, got "a"', { type: "string", minLength: 2 }, "a"],
    ['must have at most 2 characters, got "abc"', { type: "string", maxLength: 2 }, "abc"],
    ["must be >= 1, got 0", { type: "integer", minimum: 1 }, 0],
    ["must be > 0, got 0", { type: "number", exclusiveMinimum: 0 }, 0],
    ["must be <= 4, got 5", { type: "integer", maximum: 4 }, 5],
    ["must have at least 1 item, got a list", { type: "array", minItems: 1 }, []],
    ["must have at most 1 item, got a list", { type: "array", maxItems: 1 }, [1, 2]],
    ["must not hold the same item twice, got a list", { type: "array", uniqueItems: true }, [1, 1]],
    ["must be < 4, got 4", { type: "number", exclusiveMaximum: 4 }, 4],
    ["must be a multiple of 3, got 4", { type: "integer", multipleOf: 3 }, 4],
    ['must have at most 1 character, got "ab"', { type: "string", maxLength: 1 }, "ab"],
    ["[0] is not allowed, got 1", { type: "array", items: never }, [1]],
    ["must have at most 2 items, got a list", tuple, [1, 2, 3]],
    ['must hold at least 1 item that "contains" describes, got a list', { contains: { const: 1 } }, [2]],
    [
      'must hold at least 2 items, and at most 3, that "contains" describes, got a list',
      { contains: { const: 1 }, minContains: 2, maxContains: 3 },
      [1],
    ],
    ["must have at least 1 property, got an object", { minProperties: 1 }, {}],
    ["must have at most 1 property, got an object", { maxProperties: 1 }, { a: 1, b: 2 }],
    ["must have b if it has a, got an object", { dependentRequired: { a: ["b"] } }, { a: 1 }],
    ["abc has a name that must have at most 2 characters", { propertyNames: { maxLength: 2 } }, { abc: 1 }],
    ['must not be what "not" describes, got "a"', { not: { const: "a" } }, "a"],
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    ['must be "b", got "a"', { if: { type: "string" }, then: { const: "b" } }, "a"],
    ["must match exactly one of its forms, got 1", { oneOf: [{ type: "integer" }, { const: 1 }] }, 1],
  ])("is a sentence: %s", (sentence, schema, value) => {
    expect(complaints(schema, value)).toEqual([sentence]);
  });

  it("says where, as one would write it in code", () => {
    const schema: JsonSchema = {
      type: "object",
      properties: {
        roles: {
          type: "array",
          items: { type: "object", properties: { name: { type: "string" } }, required: ["name"] },
        },
        "first-name": { type: "string" },
        "a/b~c": { type: "object", properties: { d: { type: "string" } } },
      },
    };
    const value = { roles: [{ name: "a" }, {}], "first-name": 1, "a/b~c": { d: 2 } };
    expect(compileWriter(schema)(value)?.map(({ path }) => path)).toEqual([
      "roles[1].name",
      '["first-name"]',
      '["a/b~c"].d',
    ]);
  });

  it("cuts a long value short", () => {
    const [sentence] = complaints({ type: "integer" }, "x".repeat(10_000));
    expect(sentence?.length).toBeLessThan(120);
    expect(sentence).toContain("…");
  });

  it("is one, though two branches of a union refuse the same", () => {
    const schema: JsonSchema = { anyOf: [{ type: "string" }, { type: "string", format: "uuid" }] };
    const found = complaints(schema, 5);
    expect(new Set(found).size).toBe(found.length);
    expect(found).toEqual(["must be text, got 5"]);
  });
});

describe("a message that breaks its contract", () => {
  const broken = {
    ...exampleUserCreated(),
    entity_id: "123",
    company_id: 0,
    pasword_hash: "x",
    after_data: { email: "x", frist_name: "Ada", role_ids: [1, 1] },
  };

  it("is refused with all its issues at once, each with its place", () => {
    const refused = (): unknown => contractOf(userCreated).write(broken, "fields");
    expect(refused).toThrow(ContractError);
    const misspelt = "is not in the contract";
    expect(contractOf(userCreated).violations(broken)).toEqual(
      expect.arrayContaining([
        { path: "pasword_hash", message: misspelt },
        { path: "entity_id", message: 'must be a whole number, got "123"' },
        { path: "company_id", message: "must be >= 1, got 0" },
        { path: "after_data.email", message: "must be an email address" },
        { path: "after_data.frist_name", message: misspelt },
        { path: "after_data.role_ids", message: "must not hold the same item twice, got a list" },
      ]),
    );
    expect(contractOf(userCreated).violations(broken)).toHaveLength(6);
    expect(refused).toThrow(/^user\.created breaks its contract: .*after_data\.email must be an email address[^,]/);
    expect(refused).toThrow(
      expect.objectContaining({ code: "CONTRACT_VIOLATED", type: "user.created", reading: false }),
    );
  });

  it("is refused with the first issue only when it is read, since what is read is not to be trusted", () => {
    const json = ["message_type", "user.created", "json", JSON.stringify(broken)];
    const refused = expect.objectContaining({ code: "CONTRACT_VIOLATED", reading: true, issues: [expect.anything()] });
    expect(() => contractOf(userCreated).read(json)).toThrow(refused);
  });

  it.each([null, undefined, 5, "text", []])("may be no message at all: %j", (value) => {
    expect(contractOf(userCreated).violations(value)).toHaveLength(1);
  });
});

describe("strictness", () => {
  it("closes every object of a written message that does not say that it is open", () => {
    const schema: JsonSchema = {
      type: "object",
      properties: {
        closed: { type: "object", properties: { a: {} } },
        open: { type: "object", additionalProperties: true },
        map: { type: "object", additionalProperties: { type: "object", properties: {} } },
        list: { type: "array", items: { type: "object" } },
        union: { anyOf: [{ type: "object", properties: { kind: { const: 1 } } }] },
        reference: { $ref: "#/$defs/Inner" },
      },
      $defs: { Inner: { type: "object", properties: {} } },
    };
    const stray = { stray: 1 };
    const value = {
      closed: stray,
      open: stray,
      map: { any: stray },
      list: [stray],
      union: stray,
      reference: stray,
      stray,
    };
    const paths = compileWriter(schema)(value)?.map(({ path }) => path);
    expect(new Set(paths)).toEqual(
      new Set(["closed.stray", "map.any.stray", "list[0].stray", "union.stray", "reference.stray", "stray"]),
    );
    expect(compileReader(schema)(value)).toBeUndefined();
  });

  it("leaves the schema that it closes as it was", () => {
    const schema: JsonSchema = Object.freeze({ type: "object", properties: Object.freeze({}) });
    expect(closeSchema(schema)).toEqual({ ...schema, additionalProperties: false });
  });

  it("asks the writer for a zone, and the reader not", () => {
    const contract = contractOf(currencyRateUpdated);
    const message = contract.read([
      ...["id", "2bbfe939-3573-4d39-bfb7-f7358c3155b1", "timestamp", "2026-11-23 10:26:43", "source_service", "s"],
      ...["type", "event", "event_type", "currency.rate_updated", "entity_type", "currency", "entity_id", "USD"],
      ...["after_data", '{"rate": 1.0, "updated_at": "2025-01-15T10:30:00"}'],
    ]);
    expect(message).toMatchObject({
      timestamp: "2026-11-23T10:26:43Z",
      after_data: { updated_at: "2025-01-15T10:30:00" },
    });
    expect(contract.violations(message).map(({ path }) => path)).toEqual(["after_data.updated_at"]);
  });

  it("does not let an inherited or a __proto__ property stand for a declared one", () => {
    const inherited = Object.create(exampleUserCreated()) as object;
    expect(
      contractOf(userCreated)
        .violations(inherited)
        .map(({ path }) => path),
    ).toContain("after_data");
    const given = JSON.parse(
      '{"entity_id":1,"after_data":{"email":"a@b.cd"},"__proto__":{"before_data":{"password":1}}}',
    );
    const composed = contractOf(userCreated).compose(given, {});
    expect(
      contractOf(userCreated)
        .violations(composed)
        .map(({ path }) => path),
    ).toContain("__proto__");
  });
});

describe("what a choice declares", () => {
  const form = (name: string): JsonSchema => ({ type: "object", properties: { [name]: {} }, required: [name] });

  it.each(["oneOf", "anyOf"])("by %s may be written, beside what is shared, and nothing else", (choice) => {
    const check = compileWriter({ type: "object", properties: { shared: {} }, [choice]: [form("a"), form("b")] });
    for (const value of [{ a: 1 }, { b: 1 }, { shared: 1, a: 1 }])
      expect(check(value), JSON.stringify(value)).toBeUndefined();
    for (const value of [{ a: 1, c: 1 }, { shared: 1, b: 1, c: 1 }, { shared: 1 }]) {
      expect(check(value), JSON.stringify(value)).not.toBeUndefined();
    }
  });
});

describe("a check that was written when the code was generated", () => {
  const schema: JsonSchema = { type: "object", properties: { a: { type: "string", sensitive: true }, b: {} } };
  const error = (instancePath: string) => ({
    keyword: "type",
    instancePath,
    schemaPath: "",
    params: { type: "string" },
  });
  const compilers = [compileWriter, compileReader];

  it("decides, and what is wrong is told by its errors and the schema", () => {
    for (const compile of compilers) {
      const written = Object.assign((value: unknown) => value === 1, { errors: [error("/a"), error("/b")] });
      expect(compile(schema, written)(1)).toBeUndefined();
      expect(compile(schema, written)({ a: 5, b: 6 })).toEqual([
        { path: "a", message: "must be text" },
        { path: "b", message: "must be text, got 6" },
      ]);
      expect(compile(schema, () => false)({})).toEqual([{ path: "", message: "must be what its schema describes" }]);
    }
  });

  it("finds a value that exhausts the stack nested too deeply, and hides no other fault", () => {
    const throwing = (error: Error) => (): boolean => {
      throw error;
    };
    for (const compile of compilers) {
      const issues = [{ path: "", message: "is nested too deeply" }];
      expect(compile(schema, throwing(new RangeError("stack")))({})).toEqual(issues);
      expect(() => compile(schema, throwing(new TypeError("no")))({})).toThrow(TypeError);
    }
  });
});

it("a check hides no fault of what it is given", () => {
  const value = {
    get a(): never {
      throw new TypeError("no");
    },
  };
  for (const compile of [compileWriter, compileReader]) {
    expect(() => compile({ type: "object", properties: { a: { type: "string" } } })(value)).toThrow(TypeError);
  }
});

it("a condition may be about names by their patterns and about all others", () => {
  const schema: JsonSchema = {
    if: { patternProperties: { "^a": {} }, additionalProperties: { type: "integer" } },
    else: { type: "object", required: ["b"] },
  };
  for (const compile of [compileWriter, compileReader]) {
    expect(compile(schema)({ a: "x", c: 1 })).toBeUndefined();
    expect(compile(schema)({ a: "x", c: "x" })).toEqual([{ path: "b", message: "is required" }]);
  }
});

it("a name may match several patterns, each of which describes its value", () => {
  const patternProperties = { "^a": { type: "integer" }, z$: { type: "string" }, "^b": {} };
  const schema: JsonSchema = { type: "object", patternProperties };
  for (const compile of [compileWriter, compileReader]) {
    for (const value of [{}, { a1: 1, bz: "x", b: 1 }]) expect(compile(schema)(value)).toBeUndefined();
    expect(compile(schema)({ b: 1, a1: "x" })).toEqual([{ path: "a1", message: 'must be a whole number, got "x"' }]);
  }
  expect(compileWriter(schema)({ az: 1, bz: 1, a: "x" })).toEqual([
    { path: "az", message: "must be text, got 1" },
    { path: "bz", message: "must be text, got 1" },
    { path: "a", message: 'must be a whole number, got "x"' },
  ]);
});
