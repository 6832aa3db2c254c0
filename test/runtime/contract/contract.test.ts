import { describe, expect, it } from "vitest";

import { type Catalogue, ContractError, type JsonSchema, userCreated } from "../../../generated/index.js";
import { exampleUserCreated } from "../../../generated/testing.js";
import { contractOf } from "../../../runtime/contract/contract.js";
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
  });
});
