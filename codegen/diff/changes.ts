import { isDeepStrictEqual } from "node:util";
import { derivedFrom } from "../load/origin.js";
import { annotations, type KeywordValue, keywords as keywordsOfSchemas } from "../schema/keyword.js";
import type { Path } from "../schema/pointer.js";
import type { Schema } from "../schema/schema.js";
import type { Change, ChangeRule } from "./change.js";
import type { Comparison, Place } from "./comparison.js";
import { type Document, isNever } from "./document.js";
import { pairForms } from "./form-pairs.js";
import { describe, isLimit, limitRule, type Make, requiredChanges, typeRule, valueChanges } from "./keyword-changes.js";
import { propertyChanges } from "./property-changes.js";
import type { Sameness } from "./sameness.js";

const RULES: Readonly<Record<string, ChangeRule>> = {
  multipleOf: "limit-changed",
  uniqueItems: "limit-changed",
  format: "format-changed",
  pattern: "pattern-changed",
  propertyNames: "names-changed",
  dependentRequired: "condition-changed",
  not: "condition-changed",
  if: "condition-changed",
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: "condition-changed",
  else: "condition-changed",
  contains: "items-changed",
};

const HOLDS_SCHEMAS: ReadonlySet<KeywordValue> = new Set<KeywordValue>([
  "schema",
  "schema or boolean",
  "schemas",
  "named schemas",
]);

/** Finds every difference between two versions of a message or of a result, down to the places where they differ. */
export class Changes implements Comparison {
  readonly old: Document;
  readonly new: Document;
  readonly sameness: Sameness;
  /** Pairs of definitions on the way: they hold themselves. */
  readonly #open = new Set<string>();

  constructor(before: Document, after: Document, sameness: Sameness) {
    this.old = before;
    this.new = after;
    this.sameness = sameness;
  }

  all(): readonly Change[] {
    return this.compare(this.old.root, this.new.root, []);
  }

  compare(before: Schema, after: Schema, at: Path): readonly Change[] {
    const isNamed = before.$ref !== undefined && after.$ref !== undefined;
    const key = `${before.$ref} ${after.$ref}`;
    if (isNamed && this.#open.has(key)) return [];
    if (isNamed) this.#open.add(key);
    const one = expand(this.old, before);
    const other = expand(this.new, after);
    const found = [...this.#renamed(before, after, at), ...this.#keywords(one, other, at)];
    if (isNamed) this.#open.delete(key);
    return found;
  }

  #renamed(before: Schema, after: Schema, at: Path): readonly Change[] {
    if (before.$ref === after.$ref) return [];
    const [from, to] = [before, after].map(({ $ref }) => $ref?.slice("#/$defs/".length));
    if (from === undefined && to !== undefined) return [];
    const sentence = to === undefined ? `the type ${from} has no name any more` : `the type ${from} is called ${to}`;
    return [{ rule: "type-renamed", at, keyword: "$ref", sentence, before, after }];
  }

  #keywords(before: Schema, after: Schema, at: Path): readonly Change[] {
    const keywords = new Set([...Object.keys(before), ...Object.keys(after)]);
    keywords.delete("$defs");
    return [...keywords].flatMap((keyword) => {
      // Of what holds schemas the definitions that these refer to may differ all the same.
      const isWhole = !HOLDS_SCHEMAS.has(keywordsOfSchemas.get(keyword) ?? "anything");
      if (isWhole && isDeepStrictEqual(before[keyword], after[keyword])) return [];
      return this.#keyword(keyword, { before, after, at });
    });
  }

  #keyword(keyword: string, place: Place): readonly Change[] {
    const { before, after, at } = place;
    const [was, is] = [before[keyword], after[keyword]];
    const change = (rule: ChangeRule, sentence = describe(keyword, was, is)): readonly Change[] => [
      { rule, at, keyword, sentence, before, after },
    ];
    switch (keyword) {
      case "properties":
      case "patternProperties":
        return propertyChanges(this, keyword, place);
      case "required":
        return requiredChanges(place);
      case "type":
        return change(typeRule(before, after));
      case "const":
      case "enum":
        return valueChanges(keyword, place, change);
      case "additionalProperties":
        return this.#others(place, change);
      case "items":
      case "prefixItems":
        return this.#items(keyword, place, change);
      case "anyOf":
      case "oneOf":
      case "allOf":
        return this.#forms(keyword, place, change);
      case "dependentSchemas":
        return this.sameness.keyword(keyword, was, is) ? [] : change("condition-changed");
      case "sensitive":
        return change("sensitive-changed");
      case "encrypt":
        return change("encrypt-changed");
      case "subject":
        return change("subject-changed");
      case "default":
        return change("default-changed");
      case "tolerated":
        return change(is === true ? "tolerated-added" : "tolerated-removed", "");
    }
    if (annotations.has(keyword)) return change("documentation-changed", `${keyword} differs`);
    if (this.sameness.keyword(keyword, was, is)) return [];
    return change(isLimit(keyword) ? limitRule(keyword, was, is) : (RULES[keyword] ?? "documentation-changed"));
  }

  #others({ before, after, at }: Place, change: Make): readonly Change[] {
    const [was, is] = [before.additionalProperties, after.additionalProperties];
    if (typeof was === "object" && typeof is === "object") return this.compare(was, is, [...at, "*"]);
    // What is not said is open for readers and closed for writers, so to close it is to say `false`.
    const order = (value: unknown): number =>
      isNever(value) ? 0 : value === undefined ? 1 : typeof value === "object" ? 2 : 3;
    return order(was) === order(is) ? [] : change(order(is) > order(was) ? "object-opened" : "object-closed");
  }

  #items(keyword: "items" | "prefixItems", { before, after, at }: Place, change: Make): readonly Change[] {
    const [was, is] = [before[keyword], after[keyword]] as unknown[];
    if (keyword === "items") {
      if (typeof was === "object" && typeof is === "object" && !isNever(was) && !isNever(is)) {
        return this.compare(was as Schema, is as Schema, [...at, "*"]);
      }
      return this.sameness.schemas(was, is) ? [] : change("items-changed");
    }
    const [one = [], other = []] = [before.prefixItems, after.prefixItems];
    const inner = one.flatMap((item, index) => {
      const now = other[index];
      return now === undefined ? [] : this.compare(item, now, [...at, `${index}`]);
    });
    return [...inner, ...(one.length === other.length ? [] : change("items-changed"))];
  }

  #forms(keyword: "anyOf" | "oneOf" | "allOf", { before, after, at }: Place, change: Make): readonly Change[] {
    const [was, is] = [before[keyword], after[keyword]];
    if (was === undefined || is === undefined)
      return change("choice-changed", is === undefined ? `${keyword} was removed` : `${keyword} was added`);
    const { pairs, removed, added } = pairForms(this, was, is);
    const inner = pairs.flatMap(([one, other]) => [
      ...toleratedChange(one, other, at),
      ...this.compare(one, other, at),
    ]);
    return [
      ...inner,
      ...removed.map(
        (form): Change => ({
          rule: "form-removed",
          at,
          keyword,
          sentence: `a form of ${keyword} was removed`,
          before: form,
          after,
        }),
      ),
      ...added.map(
        (form): Change => ({
          rule: "form-added",
          at,
          keyword,
          sentence: `a form of ${keyword} was added`,
          before,
          after: form,
        }),
      ),
    ];
  }
}

/** A schema with its `$ref` resolved. What stands beside it describes the value here. */
function expand(document: Document, schema: Schema): Schema {
  const definition = document.definition(schema);
  if (definition === undefined) return schema;
  const { $ref: _, ...notes } = schema;
  const whole = expand(document, definition);
  return Object.keys(notes).length === 0 ? whole : derivedFrom({ ...whole, ...notes }, schema, whole);
}

function toleratedChange(before: Schema, after: Schema, at: Path): readonly Change[] {
  if ((before.tolerated === true) === (after.tolerated === true)) return [];
  const rule = after.tolerated === true ? "tolerated-added" : "tolerated-removed";
  const sentence =
    after.tolerated === true
      ? "a form is only read now, and no longer written"
      : "a form that was only read may be written";
  return [{ rule, at, keyword: "tolerated", sentence, before, after }];
}
