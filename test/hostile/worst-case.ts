import fc from "fast-check";
import type { JsonSchema } from "../../runtime/contract/json-schema.js";
import { type Node, nodes, sourceOf } from "../runtime/contract/backtracking-matcher.js";

/** A schema, and values of any size that are to take it as many steps as possible. */
export interface WorstCase {
  readonly name: string;
  readonly schema: JsonSchema;
  /** A value of about so many bytes as JSON. */
  readonly value: (bytes: number) => unknown;
  /** The pattern of the schema, if it has one. */
  readonly matched?: Node;
}

const list = <Item>(length: number, item: (at: number) => Item): Item[] => Array.from({ length }, (_, at) => item(at));

/** Texts that repeat a part, which lets a pattern begin again and again. */
function texts(): fc.Arbitrary<(length: number) => string> {
  const part = fc.string({ unit: fc.constantFrom("a", "b", "-", " ", "é"), maxLength: 4 });
  return fc.tuple(part, part, part).map(([before, unit, after]) => (length) => {
    const times = Math.max(0, Math.floor((length - before.length - after.length) / Math.max(1, unit.length)));
    return `${before}${unit.repeat(times)}${after}`;
  });
}

/** Repetitions after repetitions of the same characters, and a text of these that is refused at its end. */
function repetitions(): fc.Arbitrary<WorstCase> {
  const one = fc.constantFrom("a", "[ab]", ".", "\\w").map((source): Node => ({ kind: "one", source }));
  const many = fc
    .tuple(one, fc.constantFrom(0, 1))
    .map(([part, min]): Node => ({ kind: "repeat", part, min, max: Number.POSITIVE_INFINITY, lazy: false }));
  const parts = fc.array(fc.oneof(many, one), { minLength: 1, maxLength: 3 });
  return fc.tuple(fc.boolean(), many, parts).map(([isBound, first, others]): WorstCase => {
    const beginning: readonly Node[] = isBound ? [{ kind: "begin" }] : [];
    const node: Node = { kind: "all", parts: [...beginning, first, ...others, { kind: "end" }] };
    const pattern = sourceOf(node);
    const value = (bytes: number): string => `${"a".repeat(bytes)}\n`;
    return { name: `pattern ${pattern}`, matched: node, schema: { type: "string", pattern }, value };
  });
}

function patterns(): fc.Arbitrary<WorstCase> {
  const place = fc.constantFrom("one text", "many texts", "a name", "many names", "names that match");
  return fc
    .tuple(nodes(), texts(), place, fc.integer({ min: 0, max: 60 }))
    .map(([node, text, where, length]): WorstCase => {
      const pattern = sourceOf(node);
      const isOne = where === "one text" || where === "a name";
      const given = (bytes: number): readonly string[] => {
        if (isOne) return [text(bytes)];
        // Beside its text, each has quotes and a comma; a name has a number, so that all differ, and a value.
        if (where === "many texts") return list(Math.ceil(bytes / (length + 3)), () => text(length));
        const digits = Math.ceil(bytes / (length + 5)).toString(36).length;
        const number = (at: number): string => at.toString(36).padStart(digits, "0");
        return list(Math.ceil(bytes / (length + digits + 5)), (at) => text(length) + number(at));
      };
      const matched = node;
      const named = (bytes: number): object => Object.fromEntries(given(bytes).map((name) => [name, 1]));
      const name = `pattern ${pattern}, ${where}`;
      if (where === "one text") return { name, matched, schema: { type: "string", pattern }, value: text };
      if (where === "many texts") {
        return { name, matched, schema: { type: "array", items: { type: "string", pattern } }, value: given };
      }
      const schema: JsonSchema =
        where === "names that match"
          ? { type: "object", patternProperties: { [pattern]: { type: "integer" } } }
          : { type: "object", propertyNames: { pattern }, additionalProperties: { type: "integer" } };
      return { name, matched, schema, value: named };
    });
}

const formats = ["date-time", "date", "time", "uuid", "ipv4", "ipv6", "hostname", "email", "uri"];
const beginnings = ["", "a@", "a:", "::", "a.", "2026-11-23T10:30:00.", "10:30:00.", "%"];
const units = ["a", "1", ".", "-", ":", "a.", "a-", "1:", "%20", "@", "a@", "::", "é"];

function formatted(): fc.Arbitrary<WorstCase> {
  const ends = fc.constantFrom("", "!", "Z", "@", ".");
  return fc
    .tuple(fc.constantFrom(...formats), fc.constantFrom(...beginnings), fc.constantFrom(...units), ends)
    .map(([format, before, unit, after]) => ({
      name: `format ${format}, ${JSON.stringify(`${before}${unit}…${after}`)}`,
      schema: { type: "string", format },
      value: (bytes) => `${before}${unit.repeat(Math.ceil(bytes / unit.length))}${after}`,
    }));
}

/** What describes each item of a list, and items of few bytes. */
function items(): fc.Arbitrary<readonly [name: string, item: JsonSchema, values: readonly unknown[]]> {
  const size = fc.constantFrom(3, 15, 16, 40, 120);
  const form = (at: number): JsonSchema => ({
    type: "object",
    properties: { k: { const: at }, a: { type: "integer" } },
    required: ["k"],
  });
  return fc.oneof(
    size.map((n) => [`enum of ${n} numbers`, { enum: list(n, (at) => at) }, [n - 1, 0, n, {}]] as const),
    size.map(
      (n) => [`enum of ${n} objects`, { enum: list(n, (at) => ({ a: at })) }, [{ a: n - 1 }, { a: n }, {}]] as const,
    ),
    size.map((n) => [`one of ${n} forms`, { oneOf: list(n, form) }, [{ k: n - 1 }, { k: n }, {}, 1]] as const),
    size.map((n) => [`any of ${n} forms`, { anyOf: list(n, form) }, [{ k: n - 1, a: 1 }, { k: n }, {}, 1]] as const),
    size.map((n) => {
      const properties = Object.fromEntries(list(n, (at) => [`p${at}`, { type: "integer", minimum: 0 }]));
      return [`${n} properties`, { type: "object", properties }, [{}, { [`p${n - 1}`]: 1 }, { p0: -1 }]] as const;
    }),
    size.map((n) => {
      const properties = Object.fromEntries(list(n, (at) => [`p${at}`, { type: "integer" }]));
      return [
        `${n} required`,
        { type: "object", properties, required: Object.keys(properties) },
        [{}, { p0: 1 }],
      ] as const;
    }),
    fc.constant([
      "unique items",
      { type: "array", uniqueItems: true, items: { type: "integer" } },
      [[], [1], [1, 2]],
    ] as const),
    fc.constant([
      "a constant object",
      { const: { a: { b: [1, 2, 3] }, c: "x" } },
      [{ a: { b: [1, 2, 3] }, c: "x" }, { a: {}, c: 1 }, {}],
    ] as const),
    fc.constant(["masked texts", { type: "string", maxLength: 3, sensitive: true }, ["abcd", "a"]] as const),
    fc.constant([
      "contained items",
      { type: "array", items: { type: "integer" }, contains: { const: 7 }, minContains: 1, maxContains: 2 },
      [[7], [], [7, 7, 7], [1]],
    ] as const),
  );
}

function lists(): fc.Arbitrary<WorstCase> {
  const more = fc.constantFrom<readonly [string, JsonSchema]>(["", {}], ["unique ", { uniqueItems: true }]);
  return fc.tuple(items(), more, fc.nat()).map(([[name, item, values], [also, keywords], seed]) => {
    const value = values[seed % values.length];
    const each = JSON.stringify(value).length + 1;
    return {
      name: `${also}list of ${name}, each ${JSON.stringify(value)}`,
      schema: { type: "array", items: item, ...keywords },
      value: (bytes) => list(Math.ceil(bytes / each), () => value),
    };
  });
}

/** Schemas that say much of the same value, and values that are many and small. */
export function wideCases(): fc.Arbitrary<WorstCase> {
  const named = <Value>(
    n: number,
    entry: (at: number) => readonly [name: string, value: Value],
  ): Record<string, Value> => Object.fromEntries(list(n, entry));
  const open = { type: "object", additionalProperties: true } as const;
  const items = (name: string, item: JsonSchema, value: unknown): WorstCase => ({
    name: `list of ${name}, each ${JSON.stringify(value)}`,
    schema: { type: "array", items: item },
    value: (bytes) => list(Math.ceil(bytes / (JSON.stringify(value).length + 1)), () => value),
  });
  const form = (at: number): JsonSchema => ({
    type: "object",
    properties: { [`a${at}`]: { type: "integer" }, b: { type: "string" } },
    required: [`a${at}`],
  });
  const shapes: readonly ((n: number) => WorstCase)[] = [
    (n) => items(`${n} forms that nothing tells apart`, { anyOf: list(n, form) }, { [`a${n - 1}`]: 1 }),
    (n) => items(`one of ${n} forms that nothing tells apart`, { oneOf: list(n, form) }, { [`a${n - 1}`]: 1 }),
    (n) =>
      items(
        `${n} forms of one property`,
        { anyOf: list(n, (at) => ({ type: "object", properties: { a: { minimum: n - at } }, required: ["a"] })) },
        { a: 1 },
      ),
    (n) => items(`${n} forms of numbers`, { anyOf: list(n, (at) => ({ type: "integer", minimum: n - at })) }, 1),
    (n) => items(`${n} divisors`, { anyOf: list(n, (at) => ({ type: "integer", multipleOf: at + 2 })) }, 1),
    (n) => items(`${n} values that it must not be`, { allOf: list(n, (at) => ({ not: { const: at + 2 } })) }, 1),
    (n) =>
      items(
        `${n} conditions`,
        {
          ...open,
          allOf: list(n, (at) => ({
            if: { properties: { a: { const: at } }, required: ["a"] },
            // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
            then: { required: ["b"] },
          })),
        },
        {},
      ),
    (n) => items(`${n} dependents`, { ...open, dependentRequired: named(n, (at) => [`a${at}`, ["b"]]) }, {}),
    (n) =>
      items(
        `${n} dependent schemas`,
        { ...open, dependentSchemas: named(n, (at) => [`a${at}`, { required: ["b"] }]) },
        {},
      ),
    (n) => ({
      name: `${n} patterns of many names`,
      schema: { ...open, patternProperties: named(n, (at) => [`^x${at}-.*$`, { type: "integer" }]) },
      value: (bytes) => named(Math.ceil(bytes / 12), (at) => [`k${at}`, 1]),
    }),
    (n) => ({
      name: `${n} patterns that match the same names`,
      schema: { ...open, patternProperties: named(n, (at) => [`^k.{${at}}`, { type: "integer" }]) },
      value: (bytes) => named(Math.ceil(bytes / (12 + n)), (at) => [`k${at}`.padEnd(6 + n, "x"), 1]),
    }),
  ];
  const size = fc.constantFrom(2, 5, 10, 15, 30, 100);
  return fc.tuple(fc.constantFrom(...shapes), size).map(([shape, n]) => shape(n));
}

/** Values of a long name: the place of each error is as long. */
function longNames(): fc.Arbitrary<WorstCase> {
  return fc.tuple(fc.constantFrom(0.1, 0.5, 0.9), fc.constantFrom<unknown>("x", {}, [])).map(([share, wrong]) => ({
    name: `a name of ${100 * share} % of the message, and many ${JSON.stringify(wrong)} that are no numbers`,
    schema: { type: "object", additionalProperties: { type: "array", items: { type: "integer" } } },
    value: (bytes) => {
      const count = Math.ceil(((1 - share) * bytes) / (JSON.stringify(wrong).length + 1));
      return { ["n".repeat(share * bytes)]: list(count, () => wrong) };
    },
  }));
}

/** Numbers of which JavaScript does not hold each whole one, and that are held exactly. */
function largeNumbers(): fc.Arbitrary<WorstCase> {
  const number = fc.constantFrom(1e16, 1e300, 2 ** 63, 1.2345678901234567e300, Number.MAX_VALUE);
  return fc.tuple(number, fc.constantFrom("", "and one of them large")).map(([large, isOne]) => ({
    name: `list of numbers, ${isOne || "all"} ${large}`,
    schema: { type: "array", items: { type: "number" } },
    value: (bytes) => {
      const count = Math.ceil(bytes / (isOne === "" ? String(large).length + 1 : 2));
      return isOne === "" ? list(count, () => large) : [large, ...list(count, () => 1)];
    },
  }));
}

/** What is wrong with the last item is explained after all others have been judged. */
function withLastWrong(one: WorstCase): WorstCase {
  const value = (bytes: number): unknown => {
    const given = one.value(bytes);
    return Array.isArray(given) && given.length > 0 ? [...given, null] : given;
  };
  return { ...one, name: `${one.name}, the last one wrong`, value };
}

/** Schemas that the generator may accept or refuse, with values for them. */
export function worstCases(): fc.Arbitrary<WorstCase> {
  const manyItems = fc
    .tuple(fc.oneof(lists(), wideCases()), fc.boolean())
    .map(([one, isLastWrong]) => (isLastWrong ? withLastWrong(one) : one));
  return fc.oneof(
    { weight: 3, arbitrary: patterns() },
    { weight: 2, arbitrary: repetitions() },
    { weight: 1, arbitrary: formatted() },
    { weight: 6, arbitrary: manyItems },
    { weight: 1, arbitrary: longNames() },
    { weight: 1, arbitrary: largeNumbers() },
  );
}
