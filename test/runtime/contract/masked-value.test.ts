import fc from "fast-check";
import { expect, it } from "vitest";
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
