import { describe, expect, it } from "vitest";
import { type Files, problemsOf, sound } from "../catalogue.js";

const EVENT = "events/order.placed.json";
const event = sound[EVENT];
const [example] = event.examples;

/** The problems of the sound catalogue with some files changed. */
const lint = (changes: Files): Promise<readonly string[]> => problemsOf({ ...sound, ...changes });
const lintType = (schema: unknown): Promise<readonly string[]> => lint({ "types/a.json": schema });
const lintEvent = (changes: object): Promise<readonly string[]> => lint({ [EVENT]: { ...event, ...changes } });
const lintFields = (name: string, schema: object): Promise<readonly string[]> =>
  lint({
    "catalogue.json": { encoding: "fields" },
    "envelopes/event.json": undefined,
    [EVENT]: {
      description: "An event of its own.",
      type: "object",
      properties: { event_type: { const: "order.placed" }, [name]: schema },
      required: ["event_type"],
      examples: [{ event_type: "order.placed" }],
    },
  });

describe("a catalogue without a problem", () => {
  it("has none", async () => {
    expect(await lint({})).toEqual([]);
  });
});

describe("a file that is not JSON", () => {
  it.each([
    ["a comma too many", '{\n  "type": "string",\n}', "3:1: invalid JSON: property name expected"],
    ["a comment", '{ // why\n  "type": "string" }', "1:3: invalid JSON: invalid comment token"],
    ["nothing at all", "", "1:1: invalid JSON: value expected"],
    ["text behind the end", '{ "type": "string" } x', "1:22: invalid JSON: invalid symbol"],
    ["a key twice", '{ "type": "string", "type": "number" }', '1:21 /type: duplicate key "type"'],
  ])("is reported where it ends to be: %s", async (_, text, problem) => {
    expect(await lintType(text)).toEqual([`schemas/types/a.json:${problem}`]);
  });
});

describe("a schema by itself", () => {
  it.each([
    [
      "an unknown keyword",
      { type: "string", minLenght: 2 },
      '3:3 /minLenght: "minLenght" is not a keyword of JSON Schema (did you mean "minLength"?)',
    ],
    ["an unknown type", { type: "strin" }, '2:11 /type: "strin" is not a type of JSON Schema (did you mean "string"?)'],
    [
      "a type of another language",
      { type: "int" },
      '2:11 /type: "int" is not a type of JSON Schema (did you mean "integer"?)',
    ],
    [
      "an unknown format",
      { type: "string", format: "datetime" },
      '3:13 /format: "datetime" is not a supported format; supported are date-time, date, time, email, hostname, ipv4, ipv6, uri, uuid (did you mean "date-time"?)',
    ],
    [
      "an invalid regular expression",
      { type: "string", pattern: "(" },
      "3:14 /pattern: is not a valid regular expression: /(/u: Unterminated group",
    ],
    ["a negative bound", { type: "string", minLength: -1 }, "3:16 /minLength: must be an integer of at least 0"],
    [
      "a property that is not a schema",
      { type: "object", properties: { a: "string" } },
      "4:10 /properties/a: must be a schema object, true or false",
    ],
    [
      "another draft",
      { $schema: "http://json-schema.org/draft-07/schema#", type: "string" },
      '2:14 /$schema: must be JSON Schema 2020-12 (did you mean "https://json-schema.org/draft/2020-12/schema"?)',
    ],
    [
      "$id",
      { $id: "a", type: "string" },
      '2:3 /$id: "$id" is not allowed: a file is identified by its path; an `$id` would change how its relative `$ref`s resolve',
    ],
    [
      "unevaluatedProperties",
      { type: "object", unevaluatedProperties: false },
      '3:3 /unevaluatedProperties: "unevaluatedProperties" is not allowed: the publisher already rejects undeclared properties; use `additionalProperties`',
    ],
    [
      "a required property that is not declared",
      { type: "object", properties: { name: { type: "string" } }, required: ["nmae"] },
      '9:5 /required/0: "nmae" is required but not declared (did you mean "name"?)',
    ],
    [
      "a default that its schema rejects",
      { type: "object", properties: { a: { type: "string", default: 3 } } },
      "6:18 /properties/a/default: the default violates its schema: it must be text, got 3",
    ],
    [
      "a keyword without effect",
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      { type: "object", then: {} },
      '3:3 /then: "then" has no effect without "if"',
    ],
    ["a document that is not a schema", [], "1:1: must be a schema object"],
  ])("is reported: %s", async (_, schema, problem) => {
    expect(await lintType(schema)).toEqual([`schemas/types/a.json:${problem}`]);
  });

  it.each(["$anchor", "$dynamicRef", "$dynamicAnchor", "unevaluatedItems", "definitions"])(
    "is told why %s is not allowed",
    async (keyword) => {
      const problem = `schemas/types/a.json:3:3 /${keyword}: "${keyword}" is not allowed: `;
      expect(await lintType({ type: "string", [keyword]: "x" })).toEqual([expect.stringContaining(problem)]);
    },
  );
});

describe("a required property that is not declared", () => {
  it.each([
    ["other properties are allowed", { additionalProperties: { type: "string" } }],
    ["other properties match a pattern", { patternProperties: { "^[a-z]+$": { type: "string" } } }],
  ])("is no problem where %s", async (_, keywords) => {
    expect(await lintType({ type: "object", ...keywords, required: ["name"] })).toEqual([]);
  });
});

const INEXACT = "is no number that JavaScript holds exactly; leave it out, or describe the value as a text";

describe("a text", () => {
  it.each([
    ["half of a surrogate pair", '{ "const": "\\ud800" }', "1:12 /const: must be well-formed Unicode"],
    [
      "half of a surrogate pair as a name",
      '{ "type": "object", "properties": { "\\ud800": {} } }',
      "1:37 /properties/\\ud800: its name must be well-formed Unicode",
    ],
    ["a number that no program can hold", '{ "const": 1e400 }', `1:12 /const: ${INEXACT}`],
    ["a number that would be another one", '{ "enum": [1, 9007199254740993] }', `1:15 /enum/1: ${INEXACT}`],
  ])("is refused: %s", async (_, text, problem) => {
    expect(await lintType(text)).toContain(`schemas/types/a.json:${problem}`);
  });

  it("does not act on the terminal", async () => {
    const [problem = ""] = await lintType({ type: "\u001b[2J\u202e\nschemas/a.json:1:1: nothing" });
    expect(problem).toContain('/type: "\\u001b[2J\\u202e\\u000aschemas/a.json:1:1: nothing" is not a type');
  });
});

describe("a pattern", () => {
  // Published ones that have stopped servers, and small ones of each kind.
  it.each([
    "^(a+)+$",
    "^(a|a)*$",
    "^(?:a|aa)+$",
    "^(?:a{2,3})*$",
    "^(a*)*$",
    "^(a{1,100})+$",
    "(x+x+)+y",
    "^(\\w+\\s?)*$",
    "^(?:\\s*x\\s*)*$",
    "^(\\p{L}|\u00e9)+$",
    "^(?=(\\d+)+$)",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
    "^([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}(([a-z]{2,3})|([a-z]{2,3}[.]{1}[a-z]{2,3}))$",
  ])("is refused if it can take exponential time: %s", async (pattern) => {
    const place = "schemas/types/a.json";
    const sentence = "can match the same characters of a repetition in several ways";
    expect(await lintType({ type: "string", pattern })).toEqual([
      expect.stringContaining(`${place}:3:14 /pattern: ${sentence}`),
    ]);
    const named = { type: "object", patternProperties: { [pattern]: { type: "string" } } };
    expect(await lintType(named)).toEqual([expect.stringContaining(sentence)]);
  });

  it.each([
    "^-?(0|[1-9][0-9]{0,38})$",
    "^[a-z0-9]+(?:[._-][a-z0-9]+)*$",
    "^\\p{L}+(?:[ '-]\\p{L}+)*$",
    "^(?<year>\\d{4})-\\d\\d(T[\\d:]+)?$",
    "^(AED|AFN|ALL)(,(AED|AFN|ALL))*$",
    "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
    "^(?:(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)(?:\\.(?!$)|$)){4}$",
    "^(?:a|b|[^ab])*$",
    "^(?:\\d1{1,3}b)+$",
    "^(?:\\u{61}b)+[\\]\\\\]*\\k<c>(?<c>.)$",
    // A text is read once, though a regular expression would read it again and again.
    "\\s+$",
    "^\\S+@\\S+\\.\\S+$",
    "^(?=.*\\d)(?!.*--.*--).*-.*$",
  ])("is accepted if each text is matched in one way, or can be read at once: %s", async (pattern) => {
    expect(await lintType({ type: "string", pattern })).toEqual([]);
  });

  it.each(["^\\w+\\b.*x.*$", "^(\\w+)\\1$", "(?<=a.*)b", "(a|b)*a(a|b){20}", "^.{1,255}@.{1,255}$"])(
    "is refused if a text can be read again and again, and nothing can be done: %s",
    async (pattern) => {
      const sentence = "can take a time that grows with the square of a text's length";
      expect(await lintType({ type: "string", pattern })).toEqual([expect.stringContaining(sentence)]);
      const named = { type: "object", patternProperties: { [pattern]: { type: "string" } } };
      expect(await lintType(named)).toEqual([expect.stringContaining(sentence)]);
    },
  );

  it("of names may stand beside others, so that look-aheads that need time are refused", async () => {
    const pattern = "^(?=.*\\d)(?!.*--.*--).*-.*-.*$";
    const named = (name: string): object => ({ type: "object", patternProperties: { [name]: { type: "string" } } });
    expect(await lintType({ type: "string", pattern })).toEqual([]);
    expect(await lintType(named("^(?=.*\\d)x"))).toEqual([]);
    expect(await lintType(named("\\s+$"))).toEqual([]);
    expect(await lintType(named(pattern))).toEqual([expect.stringContaining("grows with the square")]);
  });
});

describe("a $ref", () => {
  it.each([
    ["to no file", "ordr.json", 'the file "types/ordr.json" does not exist (did you mean "order.json"?)'],
    [
      "to nothing in a file",
      "order.json#/$defs/OrdrId",
      '"types/order.json" contains no "#/$defs/OrdrId" (did you mean "order.json#/$defs/OrderId"?)',
    ],
    [
      "to a place without a name",
      "order.json#/properties/total",
      '"#/properties/total" has no name; move it to "#/$defs/…" so that its type gets one',
    ],
    [
      "to another site",
      "https://example.com/a.json",
      '"https://example.com/a.json" is not a relative path; a $ref may only name files of the same catalogue',
    ],
    ["out of the folder", "../../a.json", '"../../a.json" is outside the schemas folder'],
    ["by an anchor", "order.json#total", '"#total" is not a JSON pointer; a JSON pointer starts with "#/"'],
    [
      "to a whole message",
      "../events/order.placed.json",
      'refers to the message "OrderPlaced"; move the shared definition to types/',
    ],
  ])("is reported where it stands: %s", async (_, ref, sentence) => {
    expect(await lintType({ type: "object", properties: { a: { $ref: ref } } })).toEqual([
      `schemas/types/a.json:5:15 /properties/a/$ref: ${sentence}`,
    ]);
  });

  it("may be circular alone, but not beside other keywords", async () => {
    expect(await lintType({ type: "object", properties: { next: { $ref: "#" } } })).toEqual([]);
    expect(await lintType({ type: "object", properties: { next: { $ref: "#", minProperties: 1 } } })).toEqual([
      'schemas/types/a.json:5:15 /properties/next/$ref: "A" refers to itself; a circular "$ref" must not have other keywords beside it',
    ]);
  });

  it("must lead somewhere in the end", async () => {
    expect(await lint({ "types/a.json": { $ref: "b.json" }, "types/b.json": { $ref: "a.json" } })).toEqual([
      'schemas/types/a.json:2:11 /$ref: "A" refers only to itself and defines no schema',
      'schemas/types/b.json:2:11 /$ref: "B" refers only to itself and defines no schema',
    ]);
  });

  it("cannot contradict what stands beside it", async () => {
    expect(await lintEvent({ properties: { ...event.properties, id: { type: "integer" } } })).toEqual([
      `schemas/${EVENT}:15:15 /properties/id/type: conflicts with the type of the base schema, "string"`,
    ]);
  });
});

describe("a generated file", () => {
  it.each([
    ["handlers.json", '"handlers.ts" is generated for every catalogue; rename the schema file'],
    ["Index.json", '"Index.ts" is generated for every catalogue; rename the schema file'],
    ["testing.json", '"testing.ts" is generated for every catalogue; rename the schema file'],
    ["catalogue.JSON.json", undefined],
    ["schemas/a.json", 'the folder "schemas" is generated for every catalogue; move the schema file to another'],
    ["Examples/a.json", 'the folder "examples" is generated for every catalogue; move the schema file to another'],
    ["types/a.d.json", '"types/a.d.ts" would be a declaration file of TypeScript; rename the schema file'],
    ["types/oRDER.json", "has the same generated file as schemas/types/", "Order2"],
  ])("never has the path of another: %s", async (path, sentence, title = "Thing") => {
    const problems = sentence === undefined ? [] : [expect.stringContaining(`json:1:1: ${sentence}`)];
    expect(await lint({ [path]: { title, type: "string" } })).toEqual(problems);
  });

  it("never has the path of checks that are written", async () => {
    const files = { "checks/a.json": { title: "Thing", type: "string" } };
    expect(await lint(files)).toEqual([]);
    expect(await lint({ ...files, "catalogue.json": { name: "shop", checks: "standalone" } })).toEqual([
      'schemas/checks/a.json:1:1: the folder "checks" is generated for every catalogue with standalone checks; move the schema file to another',
    ]);
  });
});

describe("a name", () => {
  it.each([
    [
      "another file makes it too",
      "Order",
      '"Order" is also generated from schemas/types/a.json; choose another "title" for one of them',
    ],
    [
      "a definition makes it too",
      "OrderId",
      '"OrderId" is also generated from schemas/types/a.json; choose another "title" for one of them',
    ],
    [
      "a helper has it",
      "publishOrderPlaced",
      '"publishOrderPlaced" is also generated from schemas/events/order.placed.json; choose another "title" for one of them',
    ],
    ["the runtime has it", "Published", '"Published" is exported by the runtime; choose another "title"'],
    ["TypeScript has it", "Promise", '"Promise" is a built-in type of TypeScript; choose another "title"'],
    ["generated code needs it", "EventMap", '"EventMap" is used by the generated code; choose another "title"'],
    [
      "is none",
      "my order",
      '"my order" is not a valid name in TypeScript; choose another "title" (did you mean "MyOrder"?)',
    ],
  ])("is reported: %s", async (_, title, sentence) => {
    expect(await lintType({ title, type: "string" })).toEqual([expect.stringContaining(`: ${sentence}`)]);
  });

  it("is reported when it is that of the interface of an event's handlers", async () => {
    expect(await lintType({ title: "OrderEventHandlers", type: "string" })).toEqual([
      expect.stringContaining('"OrderEventHandlers" is also generated from schemas/types/a.json; choose another'),
    ]);
  });

  it("is reported when it becomes a reserved word", async () => {
    const properties = { ...event.properties, event_type: { const: "delete" } };
    expect(await lintEvent({ properties, examples: [{ ...example, event_type: "delete" }] })).toEqual([
      `schemas/${EVENT}:6:16 /properties/event_type/const: "delete" is a reserved word in TypeScript; choose another "title"`,
    ]);
  });

  it("is reported when two types become the same after casing", async () => {
    const other = { ...event, properties: { ...event.properties, event_type: { const: "order_placed" } } };
    const examples = [{ ...example, event_type: "order_placed" }];
    expect(await lint({ "events/b.json": { ...other, examples } })).toEqual([
      'schemas/events/b.json:6:16 /properties/event_type/const: "OrderPlaced" is also generated from schemas/events/order.placed.json; choose another "title" for one of them',
    ]);
  });
});

describe("a message", () => {
  it("states its type", async () => {
    const { event_type: _, ...properties } = event.properties;
    expect(await lintEvent({ properties })).toEqual([
      `schemas/${EVENT}:4:17 /properties/event_type: a message in events/ must declare its type: "event_type": { "const": "…" }`,
    ]);
  });

  it("stands in the folder of its kind", async () => {
    const properties = { command_type: { const: "place_order" } };
    expect(
      await lint({ "events/a.json": { description: "Misplaced.", type: "object", properties, examples: [{}] } }),
    ).toEqual([
      'schemas/events/a.json:4:17 /properties/event_type: a message in events/ must declare its type: "event_type": { "const": "…" } (did you mean the folder commands/, since it has a "command_type"?)',
    ]);
  });

  it("has a type of its own", async () => {
    expect(await lint({ "events/b.json": { ...event, title: "Other" } })).toEqual([
      `schemas/${EVENT}:6:16 /properties/event_type/const: the type "order.placed" is already declared in schemas/events/b.json`,
    ]);
  });

  it("has a description and an example", async () => {
    expect(await lintEvent({ description: undefined, examples: undefined })).toEqual([
      `schemas/${EVENT}:1:1: a message must have "examples", with at least one complete message`,
      `schemas/${EVENT}:1:1: a message must have a "description"`,
    ]);
  });

  it("that is a command has a payload and a result", async () => {
    const properties = { command_type: { const: "place" } };
    expect(
      await lint({
        "commands/place.json": {
          description: "Places.",
          type: "object",
          properties,
          examples: [{ command_type: "place" }],
        },
      }),
    ).toEqual([
      'schemas/commands/place.json:1:1 /$defs: a command must declare "$defs": { "result": … }: the data that its handler returns',
      'schemas/commands/place.json:4:17 /properties: a command must declare a "payload": the data that its sender passes',
    ]);
  });

  it("has examples that a publisher could publish", async () => {
    const examples = [
      { ...example, after_data: { totl: 1, total: "x" } },
      { ...example, id: "nope" },
    ];
    expect(await lintEvent({ examples })).toEqual([
      `schemas/${EVENT}:24:17 /examples/0/after_data/totl: the example violates its schema: after_data.totl is not in the contract (did you mean "total"?)`,
      `schemas/${EVENT}:25:18 /examples/0/after_data/total: the example violates its schema: after_data.total must be a number, got "x"`,
      `schemas/${EVENT}:29:13 /examples/1/id: the example violates its schema: id must be a UUID, got "nope"`,
    ]);
  });
});

describe('a catalogue of the encoding "fields"', () => {
  it.each([
    ["null", { type: ["integer", "null"] }, "allows null"],
    ["a boolean", { type: "boolean" }, "is a boolean"],
    ["text or numbers", { type: ["string", "integer"], minLength: 1 }, "mixes strings with numbers"],
    [
      "text or numbers by anyOf",
      { anyOf: [{ type: "integer" }, { type: "string", minLength: 1 }] },
      "mixes strings with numbers",
    ],
    ["text that may be empty", { type: "string" }, "allows an empty string"],
    ["anything", {}, "has no type"],
  ])("has nothing at the top level that would not come back: %s", async (_, schema, sentence) => {
    expect(await lintFields("value", schema)).toEqual([
      expect.stringMatching(`^schemas/${EVENT}:8:14 /properties/value: "value" ${sentence}`),
    ]);
  });

  it.each([
    ["text that is not empty", { type: "string", minLength: 1 }],
    ["an enum", { enum: ["a", "b"] }],
    ["a UUID", { type: "string", format: "uuid" }],
    ["an instant", { type: "string", format: "date-time" }],
    ["a whole number", { type: "integer" }],
    [
      "an object that holds all of these",
      { type: "object", properties: { a: { type: ["boolean", "null", "string"] } } },
    ],
  ])("may have %s", async (_, schema) => {
    expect(await lintFields("value", schema)).toEqual([]);
  });
});

describe("catalogue.json", () => {
  it("is checked like a schema", async () => {
    expect(
      await lint({ "catalogue.json": { name: "Shop", encodng: "json", encoding: "field", output: "/tmp" } }),
    ).toEqual([
      "schemas/catalogue.json:2:11 /name: must be a lower-case letter, then lower-case letters, digits, - or _",
      'schemas/catalogue.json:3:3 /encodng: "encodng" is not a setting of catalogue.json (did you mean "encoding"?)',
      'schemas/catalogue.json:4:15 /encoding: must be "fields" or "json" (did you mean "fields"?)',
      "schemas/catalogue.json:5:13 /output: must be a path relative to the schemas folder",
    ]);
  });
});

describe("problems in several files", () => {
  it("are all reported in one run, by file and line, each once", async () => {
    const problems = await lint({
      "types/a.json": { type: "strin", minLenght: 1 },
      "types/b.json": "{",
      "types/c.json": { $ref: "nowhere.json" },
      [EVENT]: { ...event, descripton: "x", examples: [{ ...example, entity_id: "a" }] },
    });
    expect(problems.map((problem) => problem.replace(/: .*/, ""))).toEqual([
      "schemas/events/order.placed.json:22:20 /examples/0/entity_id",
      "schemas/events/order.placed.json:28:3 /descripton",
      "schemas/types/a.json:2:11 /type",
      "schemas/types/a.json:3:3 /minLenght",
      "schemas/types/b.json:1:2",
      "schemas/types/c.json:2:11 /$ref",
    ]);
  });

  it("of an envelope are reported once, not for every message", async () => {
    const envelope = { ...sound["envelopes/event.json"], required: ["idd"] };
    expect(await lint({ "envelopes/event.json": envelope })).toEqual([
      'schemas/envelopes/event.json:24:5 /required/0: "idd" is required but not declared (did you mean "id"?)',
    ]);
  });
});
