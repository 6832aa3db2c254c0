import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

import { catalogue, type Encoding, userCreated } from "../../../generated/index.js";
import { exampleUserCreated } from "../../../generated/testing.js";
import { decodeResponse, encodeResponse } from "../../../runtime/command/answer.js";
import {
  decode,
  decodePayload,
  encode,
  entityOf,
  fieldOf,
  isJsonEntry,
  layoutOf,
  type PlainMessage,
  textLength,
  textReader,
  typeOf,
} from "../../../runtime/contract/codec.js";
import { type Contract, contractOf } from "../../../runtime/contract/contract.js";
import { fieldsOf } from "../../../runtime/contract/field.js";
import { DecodeError } from "../../../runtime/index.js";

interface Vectors {
  readonly entries: readonly {
    readonly name: string;
    readonly stream: string;
    readonly fields: Readonly<Record<string, string>>;
    readonly message: PlainMessage;
  }[];
  readonly pubsub: readonly { readonly name: string; readonly payload: string; readonly message: unknown }[];
}

const vectors = JSON.parse(readFileSync(new URL("../../wire/vectors.json", import.meta.url), "utf8")) as Vectors;
const [userVector] = vectors.entries;

/** The contract by which a consumer of that stream reads the entry. */
function contractFor(stream: string, entry: readonly string[]): Contract {
  const type = typeOf(entry);
  const found = catalogue.messages.find((one) => one.stream === stream && (type === undefined || one.type === type));
  if (found === undefined) throw new Error(`nothing reads ${type} from ${stream}`);
  return contractOf(found);
}

/** Our writer wants a zone where theirs gives none; nested values are handed on as they came. */
function writable(message: PlainMessage): PlainMessage {
  return JSON.parse(withZones(JSON.stringify(message))) as PlainMessage;
}

function withZones(json: string): string {
  return json.replaceAll(/(T\d\d:\d\d:\d\d)"/g, '$1Z"');
}

/** JSON as Python's `json.dumps` spaces it. */
function pythonSpacing(json: string): string {
  return JSON.stringify(JSON.parse(json), null, 1)
    .replaceAll(/\n\s*/g, " ")
    .replaceAll(/([{[]) | (?=[}\]])/g, "$1");
}

describe("an entry as the Python services write it", () => {
  describe.each(vectors.entries)("$name", ({ stream, fields, message }) => {
    const entry = Object.entries(fields).flat();
    const contract = contractFor(stream, entry);

    it("is read as the message beside it", () => {
      expect(contract.read(entry)).toStrictEqual(message);
    });

    it("is read in the json encoding too, whichever is written", () => {
      const json = ["message_type", contract.type, "json", JSON.stringify(message)];
      expect(contract.read(json)).toStrictEqual(message);
      expect(contract.write(writable(message), "json")).toEqual([
        ...json.slice(0, 3),
        JSON.stringify(writable(message)),
      ]);
    });

    it("is what we write: the same fields in the same order, with the same values", () => {
      const written = contract.write(writable(message), "fields");
      const names = written.filter((_, at) => at % 2 === 0);
      expect(names).toEqual(Object.keys(fields));
      for (const name of names) {
        const value = fieldOf(written, name) ?? "";
        const theirs = fields[name] ?? "";
        // They write instants without a zone; nested JSON with spaces, and 1 as 1.0.
        if (name === "timestamp") expect(value).toBe(`${theirs}Z`);
        else if (theirs.startsWith("{")) expect(pythonSpacing(value)).toBe(withZones(theirs.replace("1.0,", "1,")));
        else expect(value).toBe(theirs);
      }
    });

    it("is read the same with its absent fields left out", () => {
      const short = Object.entries(fields).filter(([, value]) => value !== "");
      expect(short.length).toBeLessThanOrEqual(entry.length / 2);
      expect(contract.read(short.flat())).toStrictEqual(message);
    });

    it("keeps fields that we do not know, as text", () => {
      expect(contract.read([...entry, "tenant", "7"])).toStrictEqual({ ...message, tenant: "7" });
    });
  });

  it("has its instants normalised in the json encoding too, at the top level only", () => {
    const message = {
      ...exampleUserCreated(),
      timestamp: "2026-11-23 10:26:43",
      metadata: { at: "2026-11-23 10:26:43" },
    };
    const entry = ["message_type", "user.created", "json", JSON.stringify(message)];
    expect(contractOf(userCreated).read(entry)).toEqual({ ...message, timestamp: "2026-11-23T10:26:43Z" });
  });

  it("counts an empty field as absent and an absent one as empty", () => {
    const contract = contractOf(userCreated);
    const fields: Record<string, string> = { ...userVector?.fields, user_id: "", correlation_id: "" };
    const message = contract.read(Object.entries(fields).flat());
    expect(message).not.toHaveProperty("user_id");
    expect(message).not.toHaveProperty("correlation_id");
    expect(fieldOf(contract.write(message, "fields"), "user_id")).toBe("");
  });

  it("is read whatever the order of its fields", () => {
    const backwards = Object.entries(userVector?.fields ?? {})
      .reverse()
      .flat();
    expect(contractOf(userCreated).read(backwards)).toStrictEqual(userVector?.message);
  });
});

describe("a Pub/Sub payload as the Python services publish it", () => {
  it("is read as the message that its stream entry holds", () => {
    const [notification] = vectors.pubsub;
    const { message } = vectors.entries.find(({ name }) => name === "python success notification") ?? {};
    const success = catalogue.messages.find(({ type }) => type === "success");
    expect(success && contractOf(success).readPayload(notification?.payload ?? "")).toStrictEqual(message);
  });

  it("is read too with real numbers and objects in it, as JSON writers send them", () => {
    const message = exampleUserCreated();
    expect(contractOf(userCreated).readPayload(JSON.stringify(message))).toStrictEqual(message);
  });

  it("is read as a command's answer, null meaning absent", () => {
    const [, response] = vectors.pubsub;
    expect(decodeResponse(response?.payload ?? "")).toStrictEqual(response?.message);
  });
});

describe("an answer", () => {
  it("has the fields of the field's services, null where absent, and comes back as it was", () => {
    const text = encodeResponse("an-id", { success: false, error: "no", errorCode: "E_NO" }, 1.6);
    expect(Object.keys(JSON.parse(text))).toEqual(
      "command_id success result error error_code timestamp execution_time_ms".split(" "),
    );
    expect(JSON.parse(text)).toMatchObject({ result: null, error: "no" });
    expect(decodeResponse(text)).toMatchObject({
      command_id: "an-id",
      success: false,
      error: "no",
      error_code: "E_NO",
      execution_time_ms: 2,
    });
  });

  it.each(["", "nonsense", "null", "[]", "{}", '{"command_id":"a"}', '{"command_id":7,"success":true}'])(
    "cannot be %j",
    (payload) => {
      expect(() => decodeResponse(payload)).toThrow(DecodeError);
    },
  );
});

describe("an entity's type", () => {
  const written = { ...exampleUserCreated(), entity_type: "User" };
  const contract = contractOf(userCreated);

  it("is the contract's, where a class name was written", () => {
    const fields = Object.entries(written).flatMap(([name, value]) => [
      name,
      typeof value === "object" ? JSON.stringify(value) : String(value),
    ]);
    expect(contract.read(fields)).toMatchObject({ entity_type: "user", entity_id: written.entity_id });
    const json = ["message_type", "user.created", "json", JSON.stringify(written)];
    expect(contract.read(json)).toMatchObject({ entity_type: "user" });
    expect(contract.readPayload(JSON.stringify(written))).toMatchObject({ entity_type: "user" });
  });

  it("is still refused where it is another one", () => {
    const other = ["message_type", "user.created", "json", JSON.stringify({ ...written, entity_type: "Users" })];
    expect(() => contract.read(other)).toThrow('entity_type must be "user", got "Users"');
  });

  it("names the same entity, so that their order is kept together", () => {
    expect(entityOf(["entity_type", "User", "entity_id", "5"])).toBe(
      entityOf(["entity_type", "user", "entity_id", "5"]),
    );
    expect(entityOf(["message_type", "x", "json", '{"entity_type":"User","entity_id":5}'])).toBe("user:5");
  });
});

describe("an entry's type", () => {
  it.each([
    [["event_type", "user.created"], "user.created"],
    [["command_type", "validate_token"], "validate_token"],
    [["notification_type", "success"], "success"],
    [["message_type", "user.created", "json", "{"], "user.created"],
    [["type", "event", "subject", "backup", "payload", "{}"], "backup"],
    [["subject", "backup", "event_type", "user.created"], "user.created"],
    [["junk", "1"], undefined],
    [["event_type", ""], undefined],
    [["subject", ""], undefined],
    [["junk", "event_type", "event_type", "user.created"], "user.created"],
    [["junk", "subject", "subject", "backup"], "backup"],
  ])("is told by its fields alone: %j", (entry, type) => {
    expect(typeOf(entry)).toBe(type);
  });

  it("does not decide the encoding: both fields of the json encoding do", () => {
    expect(isJsonEntry(["message_type", "x", "json", "{}"])).toBe(true);
    expect(isJsonEntry(["message_type", "x"])).toBe(false);
    expect(isJsonEntry(["json", "{}"])).toBe(false);
  });
});

describe("an entry that holds no message", () => {
  const good = contractOf(userCreated).write({ ...exampleUserCreated() }, "fields");
  const withField = (name: string, value: string): string[] =>
    good.map((text, at) => (good[at - 1] === name && at % 2 === 1 ? value : text));

  it.each<[string, string[]]>([
    ["a nested field that is no JSON", withField("after_data", "{broken")],
    ["a json field that is no JSON", ["message_type", "user.created", "json", "{broken"]],
    ["a json field that holds a list", ["message_type", "user.created", "json", "[]"]],
    ["a json field that holds null", ["message_type", "user.created", "json", "null"]],
    ["an empty json field", ["message_type", "user.created", "json", ""]],
  ])("is a DecodeError: %s", (_, entry) => {
    expect(() => contractOf(userCreated).read(entry)).toThrow(DecodeError);
  });

  it.each<[string, string[], RegExp]>([
    ["a number that is text", withField("entity_id", "twelve"), /entity_id must be a whole number/],
    ["a number in another notation", withField("entity_id", "0x10"), /entity_id must be a whole number/],
    ["a number with spaces", withField("entity_id", " 12"), /entity_id must be a whole number/],
    ["a number that no double holds exactly", withField("entity_id", "9007199254740993"), /entity_id/],
    ["another type's constant", withField("entity_type", "company"), /entity_type must be "user"/],
    ["a required field that is empty", withField("after_data", ""), /after_data is required/],
    ["no fields at all", [], /is required/],
  ])("is a ContractError when it is readable but wrong: %s", (_, entry, text) => {
    expect(() => contractOf(userCreated).read(entry)).toThrow(text);
  });

  it("never repeats what it held", () => {
    for (const encoding of ["fields", "json"] satisfies Encoding[]) {
      const entry =
        encoding === "fields"
          ? withField("after_data", '{"password": "hunter2"')
          : ["message_type", "user.created", "json", '{"p":"hunter2"'];
      expect(() => contractOf(userCreated).read(entry)).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining("hunter2") }),
      );
    }
  });

  it("may name a field __proto__ without changing what a message is", () => {
    const message = contractOf(userCreated).read([...good, "__proto__", "polluted"]);
    expect(Object.getPrototypeOf(message)).toBe(Object.prototype);
    expect(Object.keys(message)).toContain("__proto__");
  });
});

describe("what is read without decoding an entry", () => {
  const json = (text: string): string[] => ["message_type", "x", "json", text];

  it("is how much text it has", () => {
    expect(textLength(["a", "bc", "", "def"])).toBe(6);
    expect(textLength([])).toBe(0);
  });

  it.each<[string[], string | undefined]>([
    [["entity_type", "Invoice", "entity_id", "a-1"], "invoice:a-1"],
    [["entity_id", "5"], ":5"],
    [["entity_type", "user", "entity_id", ""], undefined],
    [["entity_type", "user"], undefined],
    [json('{"entity_type":"Invoice","entity_id":"a-1"}'), "invoice:a-1"],
    [json('{"entity_id":0}'), ":0"],
    [json('{"entity_type":"user"}'), undefined],
    [json("null"), undefined],
    [json("{broken"), undefined],
  ])("is the entity that it is about: %j", (entry, entity) => {
    expect(entityOf(entry)).toBe(entity);
  });

  it.each<[string[], string | undefined]>([
    [["junk", "id", "id", "a-1"], "a-1"],
    [["other", "a-1"], undefined],
    [json('{"id":"a-1"}'), "a-1"],
    [json('{"id":5}'), undefined],
    [json("{}"), undefined],
    [json("null"), undefined],
    [json("{broken"), undefined],
  ])("is a text by its name: %j", (entry, id) => {
    expect(textReader(entry)("id")).toBe(id);
  });
});

describe("the fields of an entry", () => {
  const text = { type: "string" } as const;
  const fields = fieldsOf({
    properties: {
      name: text,
      at: { type: "string", format: "date-time" },
      count: { type: "number" },
      data: {},
      kind: { const: "order" },
    },
  });
  const at = "2026-11-23T10:26:43Z";
  const message = { name: "n", at, count: 1.5, data: { a: [1] }, kind: "order" };
  const entry = ["name", "n", "at", at, "count", "1.5", "data", '{"a":[1]}', "kind", "order"];

  it("are texts: one for each declared property, empty for an absent one", () => {
    expect(encode(message, "t", fields, "fields")).toEqual(entry);
    expect(encode({ count: 0, data: false, name: null }, "t", fields, "fields")).toEqual([
      "name",
      "",
      "at",
      "",
      "count",
      "0",
      "data",
      "false",
      "kind",
      "",
    ]);
    expect(encode(message, "t", fields, "json")).toEqual(["message_type", "t", "json", JSON.stringify(message)]);
    expect(decode(entry, fields)).toEqual(message);
  });

  it("have the same names as those of other messages with the same properties, and share them", () => {
    const layout = (...names: string[]): readonly string[] =>
      layoutOf(fieldsOf({ properties: Object.fromEntries(names.map((name) => [name, text])) }), "fields");
    expect(layout("a", "b")).toEqual(["a", "b"]);
    expect(layout("a", "b")).toBe(layout("a", "b"));
    expect(layout("ab")).toEqual(["ab"]);
    expect(layout("b", "a")).toEqual(["b", "a"]);
    expect(layoutOf(fields, "json")).toEqual(["message_type", "json"]);
    expect(layoutOf(fields, "fields")).toEqual(["name", "at", "count", "data", "kind"]);
  });

  it.each([
    ["0", 0],
    ["-12.50", -12.5],
    ["1e3", 1000],
    ["2.5E+2", 250],
    ["5e-1", 0.5],
    ["9007199254740991", 9007199254740991],
    ["9007199254740992", 9007199254740992],
    ["1.", "1."],
    [".5", ".5"],
    ["+1", "+1"],
    ["1e", "1e"],
    ["1_000", "1_000"],
    ["12 ", "12 "],
    ["007", 7],
    ["123456789", 123456789],
    ["1234567890", 1234567890],
    ["1:2", "1:2"],
    ["NaN", "NaN"],
    ["Infinity", "Infinity"],
  ])("are read as a number only if none is lost: %s", (written, value) => {
    expect(decode(["count", written], fields)).toEqual({ count: value });
  });

  it("are read with their constant and their instant as the contract writes them, in each form", () => {
    const given = { kind: "ORDER", at: "2026-11-23 10:26:43", name: "Order" };
    const read = { kind: "order", at, name: "Order" };
    expect(decode(Object.entries(given).flat(), fields)).toEqual(read);
    expect(decode(["message_type", "t", "json", JSON.stringify(given)], fields)).toEqual(read);
    expect(decodePayload(JSON.stringify(given), fields, () => true)).toEqual(read);
    expect(decodePayload(JSON.stringify(given), fields, () => false)).toEqual(read);
    for (const other of [
      { kind: "orders", at: "now" },
      { kind: 5, at: 5 },
    ]) {
      expect(decode(["message_type", "t", "json", JSON.stringify(other)], fields)).toEqual(other);
    }
  });

  it("are read with a constant that is an instant as the contract writes it", () => {
    const constant = "2026-11-23T10:26:43Z";
    const instants = fieldsOf({ properties: { at: { const: constant, type: "string", format: "date-time" } } });
    for (const at of ["2026-11-23 10:26:43", "2026-11-23t10:26:43z"]) {
      expect(decode(["message_type", "t", "json", JSON.stringify({ at })], instants)).toEqual({ at: constant });
    }
  });

  it("are read without a constant that was not written", () => {
    const given = JSON.stringify({ name: "Order" });
    expect(decode(["message_type", "t", "json", given], fields)).toStrictEqual({ name: "Order" });
    expect(decodePayload(given, fields, () => true)).toStrictEqual({ name: "Order" });
  });

  it("are read from a payload as they stand if readers take them so", () => {
    const payload = { name: "", at: null, count: "1.5", data: "text", kind: "order" };
    expect(decodePayload(JSON.stringify(payload), fields, () => true)).toEqual(payload);
  });

  it("are otherwise read from a payload as text or as JSON, and are absent if they are empty or null", () => {
    const payload = { name: "", at: null, count: "1.5", data: '{"a":1}', stray: '{"a":1}', kind: "order" };
    expect(decodePayload(JSON.stringify(payload), fields, () => false)).toEqual({
      ...{ count: 1.5, data: { a: 1 }, stray: '{"a":1}', kind: "order" },
    });
    expect(decodePayload('{"count":2,"data":{"a":1},"name":0}', fields, () => false)).toEqual({
      ...{ count: 2, data: { a: 1 }, name: 0 },
    });
  });

  it.each([
    ["data is not valid JSON (2 characters)", () => decode(["data", "{b"], fields)],
    ["json is not valid JSON (2 characters)", () => decode(["message_type", "t", "json", "{b"], fields)],
    ["json must hold a JSON object, but holds a list", () => decode(["message_type", "t", "json", "[]"], fields)],
    ["json must hold a JSON object, but holds null", () => decode(["message_type", "t", "json", "null"], fields)],
    ["the payload must hold a JSON object, but holds a number", () => decodePayload("5", fields, () => true)],
    ["the payload is not valid JSON (0 characters)", () => decodePayload("", fields, () => true)],
  ])("are refused with the reason: %s", (reason, read) => {
    expect(read).toThrow(expect.objectContaining({ message: expect.stringContaining(reason) }));
    expect(read).toThrow(DecodeError);
  });
});
