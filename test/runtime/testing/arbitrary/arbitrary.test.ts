import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { type CommandDescriptor, catalogue, defineEvent, type JsonSchema } from "../../../../generated/index.js";
import { contractOf } from "../../../../runtime/contract/contract.js";
import { arbitraryOf, invalidArbitraryOf, resultArbitraryOf } from "../../../../runtime/testing/arbitrary/index.js";
import { contractIssues } from "../../../../runtime/testing/index.js";
import { runs } from "../../../support/runs.js";

/** Every fourth message in npm test, since compiling the checks of all takes seconds; with `RUNS` all of them. */
const tried = catalogue.messages.filter((_, at) => process.env["RUNS"] !== undefined || at % 4 === 0);

describe.each(tried)("of $type", (descriptor) => {
  it("come valid messages, which are read as they were written", () => {
    const contract = contractOf(descriptor);
    return fc.assert(
      fc.property(arbitraryOf(descriptor), (message) => {
        expect(contractIssues(descriptor, message)).toEqual([]);
        expect(contract.read(contract.write(message as Record<string, unknown>, "fields"))).toEqual(message);
      }),
      runs(12),
    );
  });

  it("come invalid messages, each with an issue that the contract tells", () => {
    return fc.assert(
      fc.property(invalidArbitraryOf(descriptor), ({ message, issue }) => {
        expect(contractIssues(descriptor, message)).toContainEqual(issue);
      }),
      runs(12),
    );
  });
});

it.each(tried.filter(({ kind }) => kind === "command"))("of $type come valid answers", (descriptor) => {
  const command = descriptor as CommandDescriptor;
  return fc.assert(
    fc.property(resultArbitraryOf(command), (result) => {
      expect(contractOf(command).resultViolations(result)).toBeUndefined();
    }),
    runs(10),
  );
});

/** An event with such data. */
const eventOf = (data: JsonSchema, $defs: JsonSchema["$defs"] = {}): ReturnType<typeof defineEvent> =>
  defineEvent("order.placed", {
    $defs,
    type: "object",
    properties: { event_type: { const: "order.placed" }, after_data: data },
    required: ["event_type", "after_data"],
  });

const schemas: Readonly<Record<string, JsonSchema>> = {
  "bounds of numbers": {
    type: "object",
    properties: {
      far: { type: "integer", minimum: 1000, exclusiveMaximum: 1010 },
      even: { type: "integer", multipleOf: 2, minimum: 3 },
      negative: { type: "number", exclusiveMaximum: 0, minimum: -1 },
      narrow: { type: "number", minimum: 0.25, maximum: 0.5 },
    },
    required: ["far", "even", "narrow"],
  },
  "texts of every format": {
    type: "object",
    properties: Object.fromEntries(
      ["date-time", "date", "time", "email", "hostname", "ipv4", "ipv6", "uri", "uuid"].map((format) => [
        format.replace("-", "_"),
        { type: "string", format },
      ]),
    ),
    required: ["date", "time", "hostname"],
  },
  "lengths and patterns": {
    type: "object",
    properties: {
      code: { type: "string", pattern: "^[A-Z]{2}-[0-9]{4}$" },
      long: { type: "string", minLength: 60, maxLength: 61 },
    },
    required: ["code", "long"],
  },
  lists: {
    type: "object",
    properties: {
      pair: { type: "array", prefixItems: [{ type: "string" }, { type: "integer" }], minItems: 2, maxItems: 2 },
      tags: { type: "array", items: { enum: ["a", "b", "c"] }, uniqueItems: true, minItems: 2 },
    },
    required: ["pair", "tags"],
  },
  "names by pattern": {
    type: "object",
    patternProperties: { "^x_[a-z]+$": { type: "integer" } },
    additionalProperties: false,
    minProperties: 1,
  },
  "a choice beside shared properties": {
    type: "object",
    properties: { kind: { enum: ["card", "cash"] }, iban: { type: "string" }, coin: { type: "integer" } },
    required: ["kind"],
    anyOf: [{ required: ["iban"] }, { required: ["coin"] }],
  },
  "a condition": {
    type: "object",
    properties: { kind: { enum: ["card", "cash"] }, coin: { type: "integer" } },
    required: ["kind"],
    if: { properties: { kind: { const: "cash" } } },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { required: ["coin"] },
  },
};

describe.each(Object.entries(schemas))("of a schema with %s", (_, schema) => {
  it("come valid and invalid messages", () => {
    const descriptor = eventOf(schema);
    return fc.assert(
      fc.property(arbitraryOf(descriptor), invalidArbitraryOf(descriptor), (valid, { message, issue }) => {
        expect(contractIssues(descriptor, valid)).toEqual([]);
        expect(contractIssues(descriptor, message)).toContainEqual(issue);
      }),
      runs(15),
    );
  });
});

it("values of a recursive schema end", () => {
  const descriptor = eventOf(
    { $ref: "#/$defs/tree" },
    {
      tree: {
        type: "object",
        properties: {
          name: { type: "string" },
          left: { $ref: "#/$defs/tree" },
          leaves: { type: "array", items: { $ref: "#/$defs/tree" } },
        },
        required: ["name"],
      },
    },
  );
  return fc.assert(
    fc.property(arbitraryOf(descriptor), (message) => {
      expect(contractIssues(descriptor, message)).toEqual([]);
    }),
    runs(12),
  );
});

it("a schema that chance does not meet is told as one", () => {
  const never = eventOf({ type: "integer", not: { type: "integer" } });
  expect(() => fc.sample(arbitraryOf(never), 1)).toThrow(
    "a valid order.placed was not found in 5000 tries: chance does not meet what the schema demands",
  );
});
