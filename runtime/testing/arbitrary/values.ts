import * as fc from "fast-check";

import type { JsonSchema } from "../../contract/json-schema.js";
import { withoutTolerated } from "../../contract/tolerated.js";
import { fitting } from "./fitting.js";
import { limit } from "./limit.js";
import { hasExactText, integerOf, numberOf } from "./number.js";
import { anyText, textOf } from "./text.js";

type Values = fc.Arbitrary<unknown>;

/**
 * Values that may be written by a flat schema, as fast-check makes them up. Conditions (`if`, `not`, `dependentSchemas`,
 * `contains`) are not regarded: filter by a check.
 */
export function valuesOf(schema: JsonSchema): Values {
  const written = withoutTolerated(schema);
  const names = Object.entries(written.$defs ?? {});
  const depth = fc.createDepthIdentifier();
  const tied = fc.letrec((tie) => {
    const maker = new Maker(tie, depth);
    return {
      "": maker.values(written),
      ...Object.fromEntries(names.map(([name, each]) => [`#${name}`, maker.values(each)])),
    };
  });
  return tied[""] as Values;
}

/** Stands for a property that is left out. */
const ABSENT = Symbol("absent");

class Maker {
  readonly #tie: (name: string) => Values;
  readonly #depth: fc.DepthIdentifier;

  /** @param depth - shared by all of them, so that values of a recursive schema end */
  constructor(tie: (name: string) => Values, depth: fc.DepthIdentifier) {
    this.#tie = tie;
    this.#depth = depth;
  }

  values(schema: JsonSchema | boolean): Values {
    if (typeof schema === "boolean") return anyJson;
    if (schema.$ref !== undefined) return this.#tie(`#${schema.$ref.slice("#/$defs/".length)}`);
    if ("const" in schema) return fc.constant(schema.const);
    if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
    const { anyOf, oneOf, allOf, ...own } = schema as JsonSchema & { readonly allOf?: readonly JsonSchema[] };
    const parts = [anyOf, oneOf].flatMap((forms) => (forms === undefined ? [] : [this.#oneOf(forms)]));
    parts.push(...(allOf ?? []).map((each) => this.values(each)));
    if (parts.length === 0) return this.#typed(own);
    const isTyped = own.type !== undefined || own.properties !== undefined;
    const [first = anyJson, ...others] = isTyped ? [this.#typed(own), ...parts] : parts;
    return others.reduce((values, each) => fc.tuple(values, each).map(([one, other]) => merged(one, other)), first);
  }

  #oneOf(forms: readonly JsonSchema[]): Values {
    return fc.oneof({ depthIdentifier: this.#depth }, ...forms.map((form) => this.values(form)));
  }

  #typed(schema: JsonSchema): Values {
    const types = [schema.type ?? (schema.properties === undefined ? [] : "object")].flat();
    if (types.length === 0) return anyJson;
    return fc.oneof(...types.map((type) => this.#ofType(type, schema)));
  }

  #ofType(type: string, schema: JsonSchema): Values {
    switch (type) {
      case "string":
        return textOf(schema);
      case "integer":
        return integerOf(schema);
      case "number":
        return numberOf(schema);
      case "boolean":
        return fc.boolean();
      case "null":
        return fc.constant(null);
      case "array":
        return this.#list(schema);
      default:
        return this.#object(schema);
    }
  }

  #list(schema: JsonSchema): Values {
    const first = ((schema["prefixItems"] as readonly JsonSchema[] | undefined) ?? []).map((each) => this.values(each));
    const rest = this.values(schema.items ?? true);
    const minLength = Math.max(0, limit(schema, "minItems", 0) - first.length);
    const most = Math.max(0, limit(schema, "maxItems", first.length + minLength + 4) - first.length);
    const size = { minLength, maxLength: Math.min(most, minLength + 4), depthIdentifier: this.#depth };
    const comparator = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
    const more = schema["uniqueItems"] === true ? fc.uniqueArray(rest, { ...size, comparator }) : fc.array(rest, size);
    return first.length === 0 ? more : fc.tuple(fc.tuple(...first), more).map(([some, others]) => [...some, ...others]);
  }

  #object(schema: JsonSchema): Values {
    const { properties = {}, required = [] } = schema;
    const declared = Object.entries(properties).map(([name, property]): fc.Arbitrary<readonly [string, unknown]> => {
      const values = this.values(property);
      const isOptional = !required.includes(name);
      const given = isOptional ? fc.option(values, { nil: ABSENT, depthIdentifier: this.#depth }) : values;
      return given.map((value) => [name, value] as const);
    });
    const own = fc.tuple(...declared).map((entries) => entries.filter(([, value]) => value !== ABSENT));
    return fc.tuple(this.#open(schema), own).map(([more, some]) => ({ ...more, ...Object.fromEntries(some) }));
  }

  /** Properties that no name declares. */
  #open(schema: JsonSchema): fc.Arbitrary<object> {
    const { properties = {}, additionalProperties: others } = schema;
    const patterns = Object.entries((schema["patternProperties"] as Record<string, JsonSchema> | undefined) ?? {});
    const named = (names: fc.Arbitrary<string>, values: Values): fc.Arbitrary<object> =>
      fc.dictionary(
        fitting(names, (name) => !Object.hasOwn(properties, name), "a name beside those of properties"),
        values,
        {
          minKeys: Math.max(0, limit(schema, "minProperties", 0) - Object.keys(properties).length),
          maxKeys: Math.max(4, limit(schema, "minProperties", 0)),
          depthIdentifier: this.#depth,
        },
      );
    const matching = patterns.map(([pattern, values]) =>
      named(fc.stringMatching(new RegExp(pattern, "u")), this.values(values)),
    );
    const free = others === undefined || others === false ? [] : [named(anyText, this.values(others))];
    return fc.tuple(...matching, ...free).map((parts) => Object.assign({}, ...parts) as object);
  }
}

function merged(one: unknown, other: unknown): unknown {
  return isObject(one) && isObject(other) ? { ...one, ...other } : other;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON as it comes back from its text. */
const anyJson: Values = fc
  .jsonValue({ maxDepth: 2, stringUnit: "binary" })
  .map((value) =>
    JSON.parse(
      JSON.stringify(value, (_, inner) => (typeof inner === "number" && !hasExactText(inner) ? inner / 1e30 : inner)),
    ),
  );
