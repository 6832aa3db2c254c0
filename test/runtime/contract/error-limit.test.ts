import { describe, expect, it, vi } from "vitest";
import type { JsonSchema } from "../../../runtime/contract/json-schema.js";
import { compileReader, compileWriter } from "../../../runtime/contract/validation.js";
import { ContractError } from "../../../runtime/index.js";

const list = <Item>(length: number, item: (at: number) => Item): Item[] => Array.from({ length }, (_, at) => item(at));
const refTo = (name: string): JsonSchema => ({ $ref: `#/$defs/${name}` });

describe("what is said of a message", () => {
  it("is bounded, whatever is wrong with it", () => {
    const long = "x".repeat(100_000);
    const schema: JsonSchema = { enum: list(1000, (at) => `${at}`) };
    const value = Object.fromEntries(list(200, (at) => [`${at}${long.slice(0, 1000)}`, long]));
    const issues = compileWriter({ type: "object", additionalProperties: schema })(value) ?? [];
    expect(issues).toHaveLength(101);
    expect(issues.at(-1)).toEqual({ path: "", message: "has more issues than these 100" });
    for (const { path, message } of issues) expect(path.length + message.length).toBeLessThan(1000);
    expect(new ContractError("stored", issues).message.length).toBeLessThan(20_000);
    expect(new ContractError("stored", issues).message).toMatch(/; 81 more$/);
  });

  it("names few places below a very long name", () => {
    const check = compileWriter({ type: "object", additionalProperties: { type: "array", items: { type: "number" } } });
    const name = "x".repeat(1_000_000);
    expect(check({ [name]: [1, 2] })).toBeUndefined();
    const escaping = vi.spyOn(String.prototype, "replace");
    const issues = check({ [name]: list(10_000, () => ({})) });
    const escaped = escaping.mock.contexts.filter((text) => String(text).length >= name.length).length;
    escaping.mockRestore();
    expect(escaped).toBeLessThan(50);
    expect(issues?.map(({ message }) => message)).toEqual(["must be a number", "has more issues than these"]);
  });

  it("leaves no list refused that holds what it has to, however much of it is wrong", () => {
    const contains: JsonSchema = { type: "array", contains: { type: "array", items: { const: 1 } }, minContains: 2 };
    const check = compileWriter({
      type: "array",
      items: { anyOf: [{ const: 0 }, { type: "array", items: { const: 1 } }] },
      allOf: [contains],
    });
    const wrong = list(7000, () => 2);
    expect(check([...list(7000, () => 0), [1], [1]])).toBeUndefined();
    expect(
      check([wrong, ...list(7000, () => 0), [1], wrong, [1]])?.some(({ message }) => /contains/.test(message)),
    ).toBe(false);
    expect(check([wrong, ...list(7000, () => 0), [1], wrong])?.some(({ message }) => /contains/.test(message))).toBe(
      true,
    );
  });

  it("is at least one thing, where a type refuses a value by a second way only", () => {
    const $defs = { Node: { type: "object", properties: { a: refTo("Node"), n: { type: "integer" } } } } as const;
    const schema: JsonSchema = { if: refTo("Node"), else: { allOf: [refTo("Node")] }, $defs };
    for (const compile of [compileWriter, compileReader]) {
      expect(compile(schema)({ a: { n: "x" } })).toHaveLength(1);
      expect(compile(schema)({ a: { n: 1 } })).toBeUndefined();
    }
  });
});
