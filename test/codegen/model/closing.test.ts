import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { expect, it } from "vitest";
import { readConfig } from "../../../codegen/load/config.js";
import { sourcesOf } from "../../../codegen/load/load.js";
import { buildModel } from "../../../codegen/model/model.js";
import type { Schema } from "../../../codegen/schema/schema.js";
import { type Check, compileReader, compileWriter } from "../../../runtime/contract/validation.js";
import { runs } from "../../support/runs.js";
import { textsOf } from "../catalogue.js";
import { $defs, object, schema, value } from "./layered.js";

/** Every schema that speaks of the same value. */
function layersOf(schemas: readonly Schema[]): readonly Schema[] {
  const layers = new Set(schemas);
  for (const layer of layers) {
    if (layer.$ref !== undefined) layers.add($defs[layer.$ref.slice("#/$defs/".length)] ?? {});
    const { allOf = [], anyOf = [], oneOf = [], dependentSchemas = {}, if: test, then, else: otherwise } = layer;
    for (const one of [...allOf, ...anyOf, ...oneOf]) layers.add(one);
    for (const one of [test, then, otherwise]) if (one !== undefined) layers.add(one as Schema);
    for (const one of Object.values(dependentSchemas as Record<string, Schema>)) layers.add(one);
    for (const one of [layer.const, ...(layer.enum ?? [])]) if (typeof one === "object" && one) layers.add(of(one));
  }
  return [...layers];
}

function of(constant: object): Schema {
  return { properties: Object.fromEntries(Object.keys(constant).map((key) => [key, {}])) };
}

/** Returns whether a value has a name that no schema for its place declares, looking at one place after the other. */
function hasUndeclared(schemas: readonly Schema[], value: unknown): boolean {
  const layers = layersOf(schemas);
  if (Array.isArray(value)) {
    return value.some((item, at) =>
      hasUndeclared(
        layers.flatMap<Schema>(
          ({ prefixItems = [], items }) => prefixItems[at] ?? (typeof items === "object" ? [items] : []),
        ),
        item,
      ),
    );
  }
  if (typeof value !== "object" || value === null) return false;
  const isClosed = layers.some(
    ({ type, properties, patternProperties, ...layer }) =>
      !("const" in layer || "enum" in layer) &&
      ([type].flat().includes("object") || properties !== undefined || patternProperties !== undefined),
  );
  return Object.entries(value).some(([key, inner]) => {
    const matching = layers.flatMap(({ properties = {}, patternProperties = {}, additionalProperties }) => {
      const found = [
        ...(Object.hasOwn(properties, key) ? [properties[key] as Schema] : []),
        ...Object.entries(patternProperties).flatMap(([pattern, one]) => (new RegExp(pattern).test(key) ? [one] : [])),
      ];
      return found.length === 0 && typeof additionalProperties === "object" ? [additionalProperties] : found;
    });
    return matching.length === 0 ? isClosed : hasUndeclared(matching, inner);
  });
}

/** The checks of what is flattened of two layers; `undefined` if they contradict each other. */
function checksOf(base: Schema, child: Schema): { readonly writes: Check; readonly reads: Check } | undefined {
  const files = { "types/child.json": { allOf: [base, child], $defs } };
  const model = buildModel(sourcesOf(textsOf(files), "schemas"), readConfig(undefined).config);
  if (model.flattener.problems.length > 0) return undefined;
  const flat = Object.fromEntries(model.definitions.map((found) => [found.name, model.flattener.definition(found)]));
  const whole = { ...flat["Child"], $defs: flat };
  return { writes: compileWriter(whole), reads: compileReader(whole) };
}

it("is written with a name that another name would give a type, beside a choice that holds itself", () => {
  const whenA = { ...object, additionalProperties: { $ref: "#/$defs/Card" } };
  const child = { anyOf: [{ ...object, dependentSchemas: { a: whenA } }, {}] };
  const checks = checksOf({ $ref: "#/$defs/Shrub" }, child);
  expect(checks?.reads({ b: "card" })).toBeUndefined();
  expect(checks?.writes({ b: "card" })).toBeUndefined();
});

it("is written only if every reader accepts it, and refused only for what the schema or an undeclared name is", () => {
  const counts = { accepted: 0, undeclared: 0 };
  fc.assert(
    fc.property(schema, schema, fc.array(value, { minLength: 10, maxLength: 20 }), (base, child, values) => {
      const checks = checksOf(base, child);
      // What contradicts itself is a problem of the catalogue and never generated.
      fc.pre(checks !== undefined);
      const { writes, reads } = checks;
      const plain = new Ajv2020({ allErrors: true, strict: false, meta: false, validateSchema: false });
      plain.opts.unevaluated = false;
      const accepts = plain.compile({ allOf: [base, child], $defs });
      for (const one of values) {
        const isRead = accepts(one);
        const isDeclared = !hasUndeclared([base, child], one);
        expect([one, reads(one) === undefined]).toEqual([one, isRead]);
        expect([one, writes(one) === undefined]).toEqual([one, isRead && isDeclared]);
        if (isRead && isDeclared && typeof one === "object") counts.accepted++;
        if (isRead && !isDeclared) counts.undeclared++;
      }
    }),
    runs(120),
  );
  expect(counts.accepted).toBeGreaterThan(2);
  expect(counts.undeclared).toBeGreaterThan(2);
});
