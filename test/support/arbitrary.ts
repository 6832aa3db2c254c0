import * as fc from "fast-check";

import { withoutTolerated } from "../../runtime/contract/tolerated.js";
import type { JsonSchema } from "../../runtime/index.js";

type Definitions = NonNullable<JsonSchema["$defs"]>;

/** Every kind of value that may be written by a schema of a catalogue, as fast-check makes them up. */
export function arbitraryOf(schema: JsonSchema): fc.Arbitrary<unknown> {
  const written = withoutTolerated(schema);
  return valuesOf(written, written.$defs ?? {});
}

function valuesOf(schema: JsonSchema, definitions: Definitions): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) {
    const target = definitions[schema.$ref.slice("#/$defs/".length)];
    if (target === undefined) throw new Error(`no definition ${schema.$ref}`);
    return valuesOf(target, definitions);
  }
  if ("const" in schema) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches !== undefined) return fc.oneof(...branches.map((branch) => valuesOf(branch, definitions)));
  const types = [schema.type ?? "object"].flat();
  return fc.oneof(...types.map((type) => valuesOfType(type, schema, definitions)));
}

function valuesOfType(type: string, schema: JsonSchema, definitions: Definitions): fc.Arbitrary<unknown> {
  switch (type) {
    case "string":
      return textOf(schema);
    case "integer":
      return fc.oneof(
        fc.integer({ min: limit(schema, "minimum", -9), max: limit(schema, "maximum", 99) }),
        fc.maxSafeInteger().filter((value) => withinBounds(value, schema)),
      );
    case "number":
      return numberOf(schema);
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return listOf(schema, definitions);
    case "object":
      return objectOf(schema, definitions);
    default:
      throw new Error(`no values of type ${type}`);
  }
}

/** Any characters, control ones too, but whole: a lone surrogate is no Unicode. */
const anyText = fc.string({ unit: "binary", maxLength: 20 });

function textOf(schema: JsonSchema): fc.Arbitrary<string> {
  const pattern = schema["pattern"] as string | undefined;
  const [minLength, maxLength] = [limit(schema, "minLength", 0), limit(schema, "maxLength", 40)];
  const fits = (text: string): boolean => [...text].length >= minLength && [...text].length <= maxLength;
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern, "u")).filter(fits);
  if (schema.format !== undefined) return formatted(schema.format);
  return anyText.filter(fits);
}

function formatted(format: string): fc.Arbitrary<string> {
  switch (format) {
    case "uuid":
      return fc.uuid();
    case "email":
      return fc.emailAddress();
    case "ipv4":
      return fc.ipV4();
    case "ipv6":
      return fc.ipV6();
    case "uri":
      return fc.webUrl();
    case "date-time":
      return instant;
    default:
      throw new Error(`no values of format ${format}`);
  }
}

/** As services write them: more or fewer digits, and other zones than UTC. */
const instant = fc
  .tuple(
    fc.date({ min: new Date("0001-01-01T00:00:00Z"), max: new Date("9999-12-31T00:00:00Z"), noInvalidDate: true }),
    fc.constantFrom("", ".7", ".123456", ".123456789"),
    fc.constantFrom("Z", "+00:00", "-05:30", "+14:00"),
  )
  .map(([date, fraction, zone]) => `${date.toISOString().slice(0, 19)}${fraction}${zone}`);

function numberOf(schema: JsonSchema): fc.Arbitrary<number> {
  const any = fc.double({ noDefaultInfinity: true, noNaN: true }).map((value) => (value === 0 ? 0 : Math.abs(value)));
  const common = fc.constantFrom(1, 0.1, 1.5, 1e20, 1e21, 1e-7, 5e-324, Number.MAX_VALUE, 2 ** 53);
  return fc.oneof(any, common).filter((value) => withinBounds(value, schema) && hasExactText(value));
}

function withinBounds(value: number, schema: JsonSchema): boolean {
  return (
    value >= limit(schema, "minimum", -Infinity) &&
    value <= limit(schema, "maximum", Infinity) &&
    value > limit(schema, "exclusiveMinimum", -Infinity) &&
    value < limit(schema, "exclusiveMaximum", Infinity)
  );
}

function listOf(schema: JsonSchema, definitions: Definitions): fc.Arbitrary<unknown[]> {
  const items = schema.items === undefined ? anyJson : valuesOf(schema.items, definitions);
  const size = { minLength: limit(schema, "minItems", 0), maxLength: limit(schema, "maxItems", 4) };
  return schema["uniqueItems"] === true
    ? fc.uniqueArray(items, { ...size, comparator: (one, other) => JSON.stringify(one) === JSON.stringify(other) })
    : fc.array(items, size);
}

function objectOf(schema: JsonSchema, definitions: Definitions): fc.Arbitrary<object> {
  const properties = schema.properties ?? {};
  const declared = fc.record(
    Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, valuesOf(property, definitions)])),
    { requiredKeys: [...(schema.required ?? [])] },
  );
  const others = schema.additionalProperties;
  if (others === undefined || others === false) return declared.map(plain);
  const values = others === true ? anyJson : valuesOf(others, definitions);
  const names = anyText.filter((name) => !Object.hasOwn(properties, name));
  return fc
    .tuple(fc.dictionary(names, values, { maxKeys: 4 }), declared)
    .map(([more, own]) => plain({ ...more, ...own }));
}

/** Not so some whole numbers beyond 2^53: of 2^60 JavaScript writes 1152921504606847000. They may not be written. */
function hasExactText(number: number): boolean {
  return !Number.isInteger(number) || Math.abs(number) >= 1e21 || String(BigInt(number)) === String(number);
}

/** JSON as it comes back from its text: JSON has no -0. */
const anyJson = fc
  .jsonValue({ maxDepth: 2, stringUnit: "binary" })
  .map((value) =>
    JSON.parse(
      JSON.stringify(value, (_, inner) => (typeof inner === "number" && !hasExactText(inner) ? inner / 1e30 : inner)),
    ),
  );

/** fast-check's objects may lack a prototype, which a decoded message has. */
function plain(value: object): object {
  return { ...value };
}

function limit(schema: JsonSchema, keyword: string, otherwise: number): number {
  return (schema[keyword] as number | undefined) ?? otherwise;
}
