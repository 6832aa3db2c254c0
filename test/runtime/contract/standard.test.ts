import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it, vi } from "vitest";
import * as generated from "../../../generated/index.js";
import {
  createUser,
  type Descriptor,
  type EventDescriptor,
  healthReport,
  type Publisher,
  type Responder,
  type Sender,
  type Subscriber,
  successNotification,
  userCreated,
} from "../../../generated/index.js";
import { exampleCreateUser, exampleHealthReport, exampleUserCreated } from "../../../generated/testing.js";
import { defineCommand, defineEvent, defineHealth, defineNotification } from "../../../runtime/contract/define.js";
import { formats } from "../../../runtime/contract/format.js";
import type { JsonSchema } from "../../../runtime/contract/json-schema.js";
import { withStandard } from "../../../runtime/contract/standard.js";
import { UsageError } from "../../../runtime/errors.js";

const validate = (value: unknown) => userCreated["~standard"].validate(value);

describe("a descriptor as a Standard Schema", () => {
  it("is taken by a library that takes any", () => {
    const message = exampleUserCreated();
    expect({ message, job: exampleCreateUser(), report: exampleHealthReport() }).toEqual({
      message: expect.schemaMatching(userCreated),
      job: expect.schemaMatching(createUser),
      report: expect.schemaMatching(healthReport),
    });
    expect({ ...message, entity_id: "123" }).not.toEqual(expect.schemaMatching(userCreated));
  });

  it("returns a valid value as it was given, with names that no schema declares", () => {
    const message = { ...exampleUserCreated(), added_later: [1] };
    const verdict = validate(message);
    expect(verdict.issues).toBeUndefined();
    expect(verdict).toHaveProperty("value", message);
    expect((verdict as { value: unknown }).value).toBe(message);
  });

  it("accepts what a reader accepts: an instant without a zone, and a form that is only tolerated", () => {
    const tolerated = { email: { from: null, to: "ada@example.com" } };
    const message = { ...exampleUserCreated(), timestamp: "2026-11-23T08:00:44", changes: tolerated };
    expect(validate(message).issues).toBeUndefined();
  });

  it("says where a value breaks the contract by its keys, and not only in words", () => {
    const message = exampleUserCreated();
    expect(validate({ ...message, after_data: { ...message.after_data, role_ids: [1, "x"] } })).toEqual({
      issues: [{ path: ["after_data", "role_ids", 1], message: 'must be a whole number, got "x"' }],
    });
    expect(validate("text")).toEqual({ issues: [{ path: [], message: "must be an object" }] });
    for (const key of ["a.b", "a[0]", 'say "x"', "ä", "", "\\", "]"]) {
      const odd = defineEvent("odd", {
        type: "object",
        properties: { map: { additionalProperties: { type: "null" } } },
      });
      expect(odd["~standard"].validate({ map: { [key]: 1 } }).issues).toEqual([
        expect.objectContaining({ path: ["map", key] }),
      ]);
    }
  });

  it("repeats no sensitive value in an issue", () => {
    const command = { ...exampleCreateUser(), payload: { email: "hunter2", password: ["hunter2"] } };
    const { issues } = createUser["~standard"].validate(command);
    expect(issues).toHaveLength(1);
    expect(JSON.stringify(issues)).not.toContain("hunter2");
  });

  it("refuses a value that no stream could hold, and does not throw", () => {
    interface Node {
      next?: Node;
    }
    const schema: JsonSchema = {
      $ref: "#/$defs/Node",
      $defs: { Node: { type: "object", properties: { next: { $ref: "#/$defs/Node" } } } },
    };
    const endless: Node = {};
    endless.next = endless;
    expect(defineEvent("chain", schema)["~standard"].validate(endless).issues).toEqual([
      { path: [], message: "is nested too deeply" },
    ]);
    for (const value of [undefined, null, 1n, Symbol("x"), () => {}, [], new Map(), new Date()]) {
      expect(validate(value).issues).toHaveLength(1);
    }
  });

  it("compiles nothing before it is asked, and then once", () => {
    const compiled = vi.spyOn(Ajv2020.prototype, "compile");
    const lamp = defineEvent("lamp.switched", { type: "object", properties: { on: { type: "boolean" } } });
    const standard = lamp["~standard"];
    expect([standard.version, standard.vendor, compiled.mock.calls.length]).toEqual([1, "m-erp", 0]);
    for (const on of [1, 2, "on"]) expect(standard.validate({ on }).issues).toHaveLength(1);
    expect(lamp["~standard"].validate({}).issues).toBeUndefined();
    // To decide, the first values need nothing compiled; to say what is wrong, they do.
    expect(compiled).toHaveBeenCalledTimes(1);
    compiled.mockRestore();
  });
});

describe("a descriptor that a helper passes", () => {
  const passed: unknown[] = [];
  const messaging = new Proxy({} as Publisher & Sender & Subscriber & Responder, {
    get: () => (descriptor: unknown) => void passed.push(descriptor),
  });
  const { catalogue, ...exported } = generated;
  const helpers = Object.entries(exported).filter(([name]) => /^(publish|notify|send|on|handle)[A-Z]/.test(name));

  it("is the one that is exported, of each message", () => {
    for (const [, helper] of helpers) (helper as (on: typeof messaging, given: unknown) => void)(messaging, {});
    expect(passed).toHaveLength(2 * catalogue.messages.length);
    expect(new Set(passed)).toEqual(new Set(catalogue.messages));
    for (const descriptor of passed) expect(catalogue.messages.includes(descriptor as Descriptor)).toBe(true);
  });

  it("is the one that its declaration makes", () => {
    const { result, schema, type } = createUser;
    expect(createUser).toEqual(defineCommand(type, schema, result));
    expect(userCreated).toEqual(defineEvent(userCreated.type, userCreated.schema));
    expect(successNotification).toEqual(defineNotification(successNotification.type, successNotification.schema));
    expect(healthReport).toEqual(defineHealth(healthReport.type, healthReport.schema));
  });

  it("becomes a Standard Schema and stays the same object, as often as it is asked", () => {
    const bare = { kind: "event", type: "odd", stream: "events", schema: { type: "null" } } as const;
    const whole = withStandard<EventDescriptor<null>>(bare);
    expect(whole).toBe(bare);
    expect(withStandard(whole)).toBe(whole);
    expect(whole["~standard"]).toBe(withStandard(whole)["~standard"]);
    expect(whole["~standard"].validate(1).issues).toEqual([{ path: [], message: "must be null, got 1" }]);
    expect(Object.keys(whole)).toEqual(["kind", "type", "stream", "schema"]);
  });
});

describe("a descriptor as a Standard JSON Schema", () => {
  const examples: readonly [string, (descriptor: Descriptor) => Record<string, unknown>][] = [
    ["draft-2020-12", (descriptor) => descriptor["~standard"].jsonSchema.input({ target: "draft-2020-12" })],
    ["draft-07", (descriptor) => descriptor["~standard"].jsonSchema.output({ target: "draft-07" })],
  ];

  it.each(examples)("gives a message's schema as %s, without keywords of our own", (target, convert) => {
    const options = {
      allowUnionTypes: true,
      strictRequired: false,
      formats: { ...formats },
      code: { optimize: false },
    };
    for (const descriptor of [userCreated, createUser, successNotification, healthReport]) {
      const schema = convert(descriptor);
      // A strict validator refuses keywords that it does not know, and checks the form of all others.
      const ajv = target === "draft-07" ? new Ajv(options) : new Ajv2020(options);
      const accepts = ajv.compile(schema);
      expect(accepts({}), descriptor.type).toBe(false);
      if (descriptor.type === userCreated.type) expect(accepts(exampleUserCreated())).toBe(true);
    }
  });

  const schema: JsonSchema = {
    type: "object",
    properties: {
      pair: { type: "array", prefixItems: [{ type: "string" }, { type: "integer" }], items: { type: "null" } },
      shared: { $ref: "#/$defs/Small", minimum: 3, sensitive: true },
      sensitive: { type: "boolean" },
    },
    dependentRequired: { pair: ["shared"], sensitive: ["pair"] },
    dependentSchemas: { pair: { required: ["sensitive"] } },
    $defs: { Small: { type: "integer", maximum: 5 } },
  };
  const values: readonly object[] = [
    {},
    { shared: 4 },
    { shared: 2 },
    { shared: 6 },
    { pair: ["a", 1], shared: 4, sensitive: true },
    { pair: ["a", 1], shared: 4 },
    { pair: ["a", 1], sensitive: true },
    { pair: ["a", 1, 2], shared: 4, sensitive: true },
    { pair: [1, 1], shared: 4, sensitive: true },
    { sensitive: true },
    { sensitive: 1, pair: [], shared: 4 },
  ];

  it("says the same in draft 07 as in draft 2020-12", () => {
    const { jsonSchema } = defineEvent("odd", schema)["~standard"];
    const old = new Ajv({ strict: false }).compile(jsonSchema.input({ target: "draft-07" }));
    const present = new Ajv2020({ strict: false }).compile(jsonSchema.input({ target: "draft-2020-12" }));
    const verdicts = values.map((value) => old(value));
    expect(verdicts).toEqual(values.map((value) => present(value)));
    expect(new Set(verdicts).size).toBe(2);
  });

  it("gives a copy, and leaves a property alone that is named like a keyword", () => {
    const { jsonSchema } = defineEvent("odd", schema)["~standard"];
    const converted = jsonSchema.input({ target: "draft-2020-12" });
    expect(converted).toHaveProperty("properties.sensitive", { type: "boolean" });
    expect(converted).toHaveProperty("properties.shared", { $ref: "#/$defs/Small", minimum: 3 });
    (converted["properties"] as Record<string, unknown>)["pair"] = "changed";
    expect(schema.properties).toHaveProperty("pair.type", "array");
  });

  it("refuses a version that it cannot make", () => {
    const { jsonSchema } = userCreated["~standard"];
    for (const target of ["openapi-3.0", "draft-04", "toString", ""]) {
      expect(() => jsonSchema.input({ target })).toThrow(UsageError);
    }
    const two: JsonSchema = { properties: { a: { contains: { type: "null" }, minContains: 2 } } };
    expect(() => defineEvent("two", two)["~standard"].jsonSchema.input({ target: "draft-07" })).toThrow(/minContains/);
  });
});
