import { describe, expect, it } from "vitest";

import {
  type Catalogue,
  ContractError,
  type JsonSchema,
  userCreated,
  validateToken,
} from "../../../generated/index.js";
import { exampleUserCreated } from "../../../generated/testing.js";
import type { PlainMessage } from "../../../runtime/contract/codec.js";
import { Contract, contractOf } from "../../../runtime/contract/contract.js";
import { defineCommand, defineEvent, defineNotification } from "../../../runtime/contract/define.js";
import { compileReader, compileWriter } from "../../../runtime/contract/validation.js";

describe("input that is out of proportion", () => {
  const recursive: JsonSchema = {
    type: "object",
    properties: { child: { $ref: "#/$defs/Node" } },
    $defs: { Node: { type: "object", properties: { child: { $ref: "#/$defs/Node" } } } },
  };
  const deep = (depth: number): string => `${'{"child":'.repeat(depth)}{}${"}".repeat(depth)}`;

  it("is an issue when it is nested deeper than a check can follow", () => {
    const value: unknown = JSON.parse(deep(100_000));
    for (const check of [compileWriter(recursive), compileReader(recursive)]) {
      expect(check(value)).toEqual([{ path: "", message: "is nested too deeply" }]);
      expect(check(JSON.parse(deep(50)))).toBeUndefined();
    }
  });

  it.each<[string, () => unknown]>([
    ["is nested too deeply for its text", () => JSON.parse(deep(100_000))],
    [
      "holds itself",
      () => {
        const loop: Record<string, unknown> = {};
        loop["loop"] = loop;
        return loop;
      },
    ],
    ["holds a bigint", () => ({ total: 7n })],
  ])("is a ContractError when what is open %s", (_, make) => {
    for (const encoding of ["fields", "json"] as const) {
      const message = { ...exampleUserCreated(), metadata: make() };
      expect(() => contractOf(userCreated).write(message, encoding)).toThrow(ContractError);
      expect(() => contractOf(userCreated).writePayload(message)).toThrow(ContractError);
    }
  });

  it("is read all the same when only what is open is deep or large", () => {
    const contract = contractOf(userCreated);
    const entry = contract.write({ ...exampleUserCreated() }, "fields");
    const at = entry.indexOf("metadata") + 1;
    entry[at] = deep(100_000);
    expect(contract.read(entry)).toHaveProperty("metadata.child.child.child");
    entry[at] = JSON.stringify({ text: "x".repeat(10_000_000) });
    expect(contract.read(entry)).toHaveProperty("metadata.text.length", 10_000_000);
  });
});

describe("a contract", () => {
  it("is compiled at first use only: a catalogue with a schema that is none can be loaded", () => {
    const descriptor = { ...userCreated, schema: { type: "object", properties: { a: { type: "nonsense" } } } };
    const loaded: Catalogue = { name: "broken", encoding: "json", messages: [descriptor] };
    expect(loaded.messages.map((message) => contractOf(message).type)).toEqual(["user.created"]);
    expect(() => contractOf(descriptor).violations({})).toThrow();
  });

  it("refuses text of which no other language could read the same", () => {
    const message = { ...exampleUserCreated(), source_service: "lone \ud800" };
    expect(() => contractOf(userCreated).write(message, "fields")).toThrow(/source_service must be well-formed/);
    expect(contractOf(userCreated).read(contractOf(userCreated).write(message, "json"))).toEqual(message);
    // JSON escapes it, and a field of more than text is JSON.
    const mixed = contractOf(
      defineEvent("mixed", { type: "object", properties: { value: { type: ["string", "null"] } } }),
    );
    expect(mixed.decode(mixed.write({ value: "\ud800" }, "fields"))).toEqual({ value: "\ud800" });
  });
});

describe("a message that is asserted to be writable", () => {
  const withMetadata = (metadata: unknown): PlainMessage => ({ ...exampleUserCreated(), metadata });
  const nested = (depth: number, value: unknown): unknown => (depth === 0 ? value : { at: nested(depth - 1, value) });
  const loop: Record<string, unknown> = {};
  loop["loop"] = loop;

  it.each<[string, unknown]>([
    ["a bigint", { total: 7n }],
    ["a bigint further inside", nested(20, { total: [null, 7n] })],
    ["itself", loop],
    [
      "what has no JSON",
      {
        at: {
          toJSON: () => {
            throw new Error("no");
          },
        },
      },
    ],
  ])("is refused if it holds %s", (_, metadata) => {
    for (const encoding of ["fields", "json"] as const) {
      const refused = (): void => contractOf(userCreated).assertWritable(withMetadata(metadata), encoding);
      expect(refused).toThrow(ContractError);
      const message = "cannot be written as JSON: it contains a bigint or a cycle";
      expect(refused).toThrow(expect.objectContaining({ issues: [{ path: "", message }] }));
    }
  });

  it("is refused if it is nested too deeply, or breaks its contract", () => {
    const deep: unknown = JSON.parse(`${'{"a":'.repeat(30_000)}1${"}".repeat(30_000)}`);
    const check = (message: object): void => contractOf(userCreated).assertWritable({ ...message }, "fields");
    expect(() => check(withMetadata(deep))).toThrow(/cannot be written as JSON: it is nested too deeply/);
    expect(() => check({ ...exampleUserCreated(), entity_id: "x" })).toThrow(/entity_id must be a whole number/);
    expect(() => check({ ...exampleUserCreated(), source_service: "\ud800" })).toThrow(/must be well-formed/);
  });

  it("is accepted with whatever JSON can write, without being written", () => {
    const said: unknown[] = [];
    const date = { toJSON: () => said.push("written") };
    for (const metadata of [{}, { a: [null, 1, "x", undefined, () => 1] }, nested(20, "x"), { date: new Date(0) }]) {
      expect(() => contractOf(userCreated).assertWritable(withMetadata(metadata), "fields")).not.toThrow();
    }
    contractOf(userCreated).assertWritable(withMetadata({ plain: "x" }), "fields");
    expect(said).toEqual([]);
    contractOf(userCreated).assertWritable(withMetadata({ date }), "fields");
    expect(said).toEqual(["written"]);
  });
});

describe("a message that may have so many bytes", () => {
  const contract = contractOf(userCreated);
  const message = { ...exampleUserCreated(), source_service: "größer 😀 €".repeat(100) };

  it.each(["fields", "json"] as const)("is refused with one more, in the encoding %s", (encoding) => {
    const bytes = contract.write(message, encoding).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    const tooLarge = expect.objectContaining({ code: "MESSAGE_TOO_LARGE" });
    const attempts = [
      (most: number) => contract.write(message, encoding, most),
      (most: number) => contract.encode(message, encoding, most),
      (most: number) => contract.assertWritable(message, encoding, most),
    ];
    for (const attempt of attempts) {
      expect(() => attempt(bytes)).not.toThrow();
      expect(() => attempt(bytes - 1)).toThrow(tooLarge);
    }
  });
});

describe("a contract's parts", () => {
  it("are kept for as long as the descriptor", () => {
    expect(contractOf(userCreated)).toBe(contractOf(userCreated));
    expect(contractOf({ ...userCreated })).not.toBe(contractOf(userCreated));
  });

  it("are composed of an object only", () => {
    const compose = (given: unknown): unknown => contractOf(userCreated).compose(given as object as never, {});
    const refusedAs = (type: string): unknown =>
      expect.objectContaining({ issues: [{ path: "", message: `must be an object, got a value of type ${type}` }] });
    expect(() => compose(null)).toThrow(refusedAs("null"));
    expect(() => compose("text")).toThrow(refusedAs("string"));
    expect(() => compose(undefined)).toThrow(ContractError);
    expect(compose({})).toMatchObject({ event_type: "user.created" });
  });

  it("tell the names of the fields that are written, in one array for all contracts with the same", () => {
    const a = { type: "object", properties: { a: {}, b: {} } };
    const [one, other] = [defineEvent("one", a), defineEvent("other", { ...a, properties: { ...a.properties } })];
    expect(contractOf(one).layout("fields")).toBe(contractOf(other).layout("fields"));
    expect(contractOf(one).layout("fields")).toEqual(["a", "b"]);
  });

  it("tell whether the runtime may add to the metadata", () => {
    const open = (metadata: JsonSchema, $defs = {}): boolean =>
      new Contract({ ...userCreated, schema: { properties: { metadata }, $defs } } as never).hasOpenMetadata;
    expect(open({ additionalProperties: true })).toBe(true);
    expect(open({ additionalProperties: { type: "string" } })).toBe(true);
    expect(open({ $ref: "#/$defs/Open" }, { Open: { additionalProperties: true } })).toBe(true);
    expect(open({ additionalProperties: false })).toBe(false);
    expect(open({ type: "object" })).toBe(false);
    expect(new Contract({ ...userCreated, schema: {} } as never).hasOpenMetadata).toBe(false);
  });

  it("take a result strictly where it is answered, and tolerantly where it is received", () => {
    const contract = new Contract({ ...validateToken, result: { type: "object", properties: { ok: {} } } } as never);
    for (const result of [{ ok: 1 }, {}]) {
      expect(contract.resultViolations(result)).toBeUndefined();
      expect(contract.receivedResultViolations(result)).toBeUndefined();
    }
    expect(contract.resultViolations({ stray: 1 })).toEqual([{ path: "stray", message: "is not in the contract" }]);
    expect(contract.receivedResultViolations({ stray: 1 })).toBeUndefined();
    expect(contract.receivedResultViolations(5)).toEqual([{ path: "", message: "must be an object, got 5" }]);
  });
});

describe("a contract with encrypted values", () => {
  const text = { type: "string" } as const;
  const secret = { type: "object", properties: { name: text }, encrypt: true } as const;
  const schema: JsonSchema = { type: "object", properties: { id: text, secret }, required: ["secret"] };
  const ciphertext = `e1.main.${"A".repeat(38)}`;
  const plain = { id: "1", secret: { name: "Ada" } };
  const sealed = { id: "1", secret: ciphertext };

  it("writes and reads what is on the wire: texts", () => {
    const contract = contractOf(defineEvent("secret.told", schema));
    const entry = contract.encode(sealed, "fields");
    expect(entry.slice(-2)).toEqual(["secret", ciphertext]);
    expect(contract.decode(entry)).toEqual(sealed);
    expect(contract.wire.readerViolations(sealed)).toBeUndefined();
    expect(contract.wire.readerViolations(plain)).toHaveLength(1);
    expect(contract.readPayload(JSON.stringify(sealed))).toEqual(sealed);
    expect(() => contract.readPayload(JSON.stringify(plain))).toThrow(ContractError);
  });

  it("measures a message once it is sealed, and not before", () => {
    const contract = contractOf(defineEvent("secret.told", schema));
    expect(() => contract.assertWritable(plain, "fields", 1)).not.toThrow();
    expect(() => contract.encode(sealed, "fields", 1)).toThrow(/bytes/);
  });

  it("may have them in a command's result alone, which is then a text on the wire", () => {
    const result: JsonSchema = { type: "object", properties: { secret }, required: ["secret"] };
    const contract = contractOf(defineCommand("tell", { type: "object", properties: { id: text } }, result));
    expect(contract.wire.receivedResultViolations({ secret: ciphertext })).toBeUndefined();
    expect(contract.wire.receivedResultViolations({ secret: { name: "Ada" } })).toHaveLength(1);
    expect(contract.receivedResultViolations({ secret: { name: "Ada" } })).toBeUndefined();
  });

  it("is judged on the wire by what is there, whatever checks were written for its values", () => {
    const checks = { write: () => true, read: () => true };
    const contract = contractOf({ ...defineEvent("secret.told", schema), checks });
    expect(contract.readerViolations({})).toBeUndefined();
    expect(contract.wire.readerViolations(plain)).toHaveLength(1);
  });

  it("seals nothing of a message without them, for which it is the contract of the wire itself", () => {
    const contract = contractOf(userCreated);
    const message = { ...exampleUserCreated() };
    expect(contract.seal(message, undefined)).toBe(message);
    expect(contract.wire).toBe(contract);
  });
});

describe("a notification that is announced", () => {
  const properties = {
    text: { type: "string" },
    any: {},
    id: { type: ["string", "integer"] },
    none: { type: ["string", "null"] },
  };
  const contract = contractOf(
    defineNotification("ping", { type: "object", properties, required: Object.keys(properties) }),
  );

  it.each([
    { text: "", any: "text", id: "7", none: null },
    { text: "null", any: null, id: 7, none: "" },
    { text: "{}", any: "", id: "", none: "1" },
  ])("is read as it was written: %j", (message) => {
    expect(contract.readPayload(contract.writePayload(message))).toEqual(message);
  });

  it("is refused if it breaks its contract however it was written", () => {
    expect(() => contract.readPayload(JSON.stringify({ text: 5, any: 1, id: 7, none: "" }))).toThrow(ContractError);
  });
});
