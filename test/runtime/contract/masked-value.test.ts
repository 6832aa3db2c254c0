import fc from "fast-check";
import { expect, it } from "vitest";
import type { JsonSchema } from "../../../runtime/contract/json-schema.js";
import { maskedValue } from "../../../runtime/contract/masked-value.js";

const secret = { type: "string", sensitive: true } as const;

it("masks what a schema marks as sensitive, wherever it applies, and lists the paths", () => {
  const schema = {
    type: "object",
    properties: {
      open: { type: "string" },
      secret,
      list: { type: "array", items: { properties: { a: secret, b: { type: "number" } } } },
      chosen: { anyOf: [{ type: "number" }, { $ref: "#/$defs/Hidden" }] },
      all: { properties: { x: {} }, sensitive: true },
      names: { propertyNames: secret, additionalProperties: { type: "number" } },
      // A text may be the JSON of what is expected.
      object: { properties: { inner: secret } },
    },
    $defs: { Hidden: secret },
  } as const;
  const value = {
    ...{ open: "shown", secret: "no", list: [{ a: "no", b: 1 }, { a: null }], chosen: 7, all: { x: "no" } },
    ...{ names: { "no-1": 1, "no-2": 2 }, object: '{"inner":"no"}' },
  };
  const shown = maskedValue(schema, value);
  expect(JSON.stringify(shown)).not.toContain("no");
  expect(shown.value).toEqual({
    ...{ open: "shown", secret: "…", list: [{ a: "…", b: 1 }, { a: "…" }], chosen: "…", all: "…" },
    ...{ names: "…", object: "…" },
  });
  expect(shown.masked).toEqual(
    expect.arrayContaining(["secret", "list[0].a", "list[1].a", "chosen", "all", "names", "object"]),
  );
});

it("masks what a schema does not describe, but not what it leaves open", () => {
  const schema = {
    properties: {
      metadata: { type: "object", additionalProperties: true },
      bare: { type: "object" },
      point: { properties: { x: {} } },
    },
  };
  const value = { metadata: { a: { b: 1 } }, bare: { c: 2 }, point: { x: 3, newer: "iban" }, newer: "iban" };
  const { value: shown, masked } = maskedValue(schema, value);
  expect(shown).toEqual({ ...value, point: { x: 3, newer: "…" }, newer: "…" });
  expect(masked).toEqual(["point.newer", "newer"]);
});

it("shows what a reference describes as open, and null where something with a sensitive part may be", () => {
  const schema = {
    properties: { open: { $ref: "#/$defs/Open" }, account: { properties: { password: secret } } },
    $defs: { Open: { type: "string" } },
  } as const;
  const value = { open: "shown", account: null };
  expect(maskedValue(schema, value)).toEqual({ value, masked: [] });
});

it.each<[string, JsonSchema, unknown, unknown]>([
  ["properties of fixed names", { properties: { a: {} }, additionalProperties: false }, { b: 1 }, { b: "…" }],
  ["no properties", { additionalProperties: false }, { b: 1 }, { b: "…" }],
  ["properties by patterns", { patternProperties: { "^a": {} } }, { a1: 1, b: 2 }, { a1: 1, b: "…" }],
  ["a list", { items: {} }, { b: 1 }, { b: "…" }],
  ["a tuple", { prefixItems: [{}] }, [1, 2], [1, "…"]],
])("masks what is beside what a schema describes: %s", (_, schema, value, shown) => {
  expect(maskedValue(schema, value).value).toEqual(shown);
});

it("shows 64 levels of a value", () => {
  const nested = (levels: number): unknown => (levels === 0 ? "bottom" : { inner: nested(levels - 1) });
  expect(maskedValue({}, nested(64))).toEqual({ value: nested(64), masked: [] });
  expect(JSON.stringify(maskedValue({}, nested(65)).value)).not.toContain("bottom");
});

it("bears any value: deep ones, many paths, names that objects inherit", () => {
  let deep: unknown = "bottom";
  for (let n = 0; n < 5000; n++) deep = { deep };
  expect(JSON.stringify(maskedValue({}, deep))).not.toContain("bottom");
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`n${n}`, "no"]));
  expect(maskedValue({ additionalProperties: secret }, many).masked).toHaveLength(100);
  const proto = JSON.parse('{"__proto__":{"constructor":"x"}}') as object;
  expect(JSON.stringify(maskedValue({}, proto).value)).toBe('{"__proto__":{"constructor":"x"}}');
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(maskedValue({}, value)).toEqual({ value, masked: [] });
    }),
    { numRuns: 100, seed: 7 },
  );
});

it("finds out once what a schema says of the items of a list, and of the names of a map", () => {
  let asked = 0;
  const schema = new Proxy({ type: "integer" } as JsonSchema, {
    get: (target, name) => {
      asked++;
      return Reflect.get(target, name);
    },
  });
  const askedFor = (root: JsonSchema, value: unknown): number => {
    asked = 0;
    expect(maskedValue(root, value)).toEqual({ value, masked: [] });
    return asked;
  };
  const list = { type: "array", items: schema };
  expect(askedFor(list, Array(1000).fill(1))).toBe(askedFor(list, [1]));
  const map = { type: "object", additionalProperties: schema };
  const names = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`a${at}`, at]));
  expect(askedFor(map, names)).toBe(askedFor(map, { a: 1 }));
});

it("does not mistake a name or an item that is described by itself for the others", () => {
  const schema = {
    properties: {
      tuple: { prefixItems: [secret, {}], items: { type: "number" } },
      map: { properties: { a: secret, item: secret }, patternProperties: { "^s": secret }, additionalProperties: true },
    },
  } as const;
  const value = { tuple: ["no", 1, 2, 3], map: { b: 1, a: "no", item: "no", s1: "no", c: 2, "7": 3, s2: "no" } };
  const shown = maskedValue(schema, value).value;
  expect(shown).toEqual({
    tuple: ["…", 1, 2, 3],
    map: { b: 1, a: "…", item: "…", s1: "…", c: 2, "7": 3, s2: "…" },
  });
});
