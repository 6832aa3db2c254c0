import fc from "fast-check";
import { expect, it } from "vitest";
import type { JsonSchema } from "../../../runtime/contract/json-schema.js";
import { maskedValue } from "../../../runtime/contract/masked-value.js";
import { unmasked } from "../../../runtime/contract/unmasked.js";
import { runs } from "../../support/runs.js";

const secret = { type: "string", sensitive: true } as const;
const schema: JsonSchema = {
  type: "object",
  properties: {
    name: { type: "string" },
    email: secret,
    keys: { type: "array", items: { type: "object", properties: { label: { type: "string" }, key: secret } } },
    byMail: { type: "object", propertyNames: { sensitive: true }, additionalProperties: { type: "integer" } },
    card: { type: "object", sensitive: true, properties: { number: { type: "string" } } },
  },
};
const user = {
  name: "Ada",
  email: "ada@example.com",
  keys: [
    { label: "a", key: "one" },
    { label: "b", key: "two" },
  ],
  byMail: { "ada@example.com": 1 },
  card: { number: "4111" },
};
const shown = {
  name: "Ada",
  email: "…",
  keys: [
    { label: "a", key: "…" },
    { label: "b", key: "…" },
  ],
  byMail: "…",
  card: "…",
};

it("masks what is sensitive: values, whole objects, and maps whose names are", () => {
  expect(maskedValue(schema, user).value).toEqual(shown);
});

it("puts back what an edited copy leaves masked", () => {
  expect(unmasked({ ...shown, name: "Bea" }, user, schema)).toEqual({ value: { ...user, name: "Bea" }, issues: [] });
  expect(unmasked({ ...shown, email: "bea@example.com" }, user, schema).value).toMatchObject({
    email: "bea@example.com",
  });
});

it("puts back nothing for an item of a list that may be another one", () => {
  const [first, second] = shown.keys as [object, object];
  const why = "must be written out: it stands for no value of the original";
  for (const keys of [[first], [second], [first, { label: "c", key: "…" }], [second, first], [...shown.keys, first]]) {
    const { issues } = unmasked({ ...shown, keys }, user, schema);
    expect(issues.map(({ path }) => path.replace(/\d/, "#"))).toContain("keys[#].key");
    expect(issues.every(({ message }) => message === why)).toBe(true);
  }
  const written = [first, { label: "c", key: "three" }];
  expect(unmasked({ ...shown, keys: written }, user, schema)).toEqual({
    value: { ...user, keys: [user.keys[0], { label: "c", key: "three" }] },
    issues: [],
  });
});

it("puts back nothing where the original has nothing", () => {
  expect(unmasked({ email: "…" }, { name: "Ada" }, schema).issues).toMatchObject([{ path: "email" }]);
  expect(unmasked({ email: "…" }, undefined, schema).issues).toMatchObject([{ path: "email" }]);
  expect(unmasked({ keys: "…" }, {}, schema).issues).toMatchObject([{ path: "keys" }]);
});

it("leaves as it is what the original has otherwise, and what is nested too deeply", () => {
  for (const edited of [{ keys: { a: 1 } }, { name: null }, { name: { first: "Ada" } }]) {
    expect(unmasked(edited, { name: "Ada", keys: null }, schema)).toEqual({ value: edited, issues: [] });
  }
  const deep: unknown = JSON.parse(`${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`);
  expect(unmasked({ deep }, user, schema).value).toHaveProperty("deep.a.a.a");
});

it("gives any value back as it was, and shows no sensitive text", () => {
  const text = fc.constantFrom("S3CRET", "…", "", "__proto__");
  const value = fc.record(
    {
      name: fc.constantFrom("Ada", "…"),
      email: text,
      keys: fc.array(fc.record({ label: fc.constantFrom("a", "b"), key: text }, { requiredKeys: [] }), {
        maxLength: 3,
      }),
      byMail: fc.dictionary(fc.constantFrom("S3CRET", "x"), fc.integer()),
      card: fc.oneof(fc.record({ number: text }), fc.constant(null)),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(value, (original) => {
      const copy = maskedValue(schema, original).value;
      expect(JSON.stringify(copy)).not.toContain("S3CRET");
      expect(unmasked(copy, original, schema)).toEqual({ value: original, issues: [] });
    }),
    runs(300),
  );
});
