import { formatNouns } from "../../../runtime/contract/format.js";
import { type Content, html, joined } from "../../../runtime/contract/html.js";
import type { Schema } from "../../schema/schema.js";
import { isObject } from "../../schema/walk.js";
import { printOnOneLine } from "../../typescript/literal.js";

/** A link to the type that a `$ref` of a flat schema names. */
export type LinkOf = (ref: string) => Content;

/** A JSON value as code. */
export function literal(value: unknown): Content {
  return html`<code>${printOnOneLine(value)}</code>`;
}

/** What kind of value a schema describes: `list of string or null`. */
export function typeWords(schema: Schema, linkOf: LinkOf): Content {
  if (schema.$ref !== undefined) return linkOf(schema.$ref);
  if (schema.const !== undefined) return literal(schema.const);
  const forms = schema.anyOf ?? schema.oneOf;
  const { type, enum: values } = schema as {
    readonly type?: string | readonly string[];
    readonly enum?: readonly unknown[];
  };
  const types = type === undefined ? [] : [type].flat();
  if (forms !== undefined && (types.length === 0 || (types.length === 1 && types[0] !== "object"))) {
    const isPlain = forms.length <= 4 && !forms.some((form) => form.properties !== undefined);
    const words = forms.map((form) => typeWords(form, linkOf));
    return isPlain ? joined(words, ", ", " or ") : `one of ${forms.length} forms`;
  }
  if (types.length === 0) {
    if (schema.properties !== undefined) return "object";
    const typesOfValues = [...new Set((values ?? []).map((value) => (value === null ? "null" : typeof value)))];
    return values === undefined ? "any value" : joined(typesOfValues, ", ", " or ");
  }
  return joined(
    types.map((name) => ofType(name, schema, linkOf)),
    ", ",
    " or ",
  );
}

function ofType(name: string, schema: Schema, linkOf: LinkOf): Content {
  if (name === "array") {
    if (schema.prefixItems !== undefined) return `tuple of ${schema.prefixItems.length}`;
    return isObject(schema.items) ? ["list of ", typeWords(schema.items as Schema, linkOf)] : "list";
  }
  if (name === "object" && schema.properties === undefined) {
    const [only, ...more] = [...Object.values(schema.patternProperties ?? {}), schema.additionalProperties].filter(
      isObject,
    );
    if (only !== undefined && more.length === 0) return ["map of ", typeWords(only as Schema, linkOf)];
  }
  return name;
}

/** So many values of a list are shown at once. */
const SHOWN = 40;

/** What limits the values of a schema, a phrase each. Conditions, forms and properties have places of their own. */
export function limitsOf(schema: Schema): readonly Content[] {
  const numbers = schema as Readonly<Record<string, number | undefined>>;
  const found: Content[] = [];
  const bound = (keyword: string, words: string, unit = ""): void => {
    const value = numbers[keyword];
    if (value === undefined) return;
    found.push([words, " ", html`<code>${value}</code>`, unit !== "" && ` ${value === 1 ? unit : pluralOf(unit)}`]);
  };
  const {
    enum: values,
    format,
    pattern,
    uniqueItems,
    additionalProperties,
    propertyNames,
    patternProperties,
  } = schema as Schema & Readonly<Record<string, unknown>>;
  if (Array.isArray(values)) {
    const shown = values.slice(0, SHOWN).map(literal);
    const more = values.length - shown.length;
    found.push(["one of ", joined(shown, ", "), more > 0 && ` and ${more} more`]);
  }
  if (typeof format === "string") found.push(formatNouns[format] ?? format);
  if (pattern !== undefined) found.push(["matches ", html`<code>${pattern}</code>`]);
  bound("minLength", "at least", "character");
  bound("maxLength", "at most", "character");
  bound("minimum", "at least");
  bound("exclusiveMinimum", "more than");
  bound("maximum", "at most");
  bound("exclusiveMaximum", "less than");
  bound("multipleOf", "a multiple of");
  bound("minItems", "at least", "item");
  bound("maxItems", "at most", "item");
  if (uniqueItems === true) found.push("no item twice");
  bound("minProperties", "at least", "property");
  bound("maxProperties", "at most", "property");
  if (isObject(propertyNames)) found.push(phraseOf(propertyNames as Schema, plainLink, "each name"));
  for (const name of Object.keys(patternProperties ?? {}))
    found.push(["names that match ", html`<code>${name}</code>`]);
  if (additionalProperties === true) found.push("open: any other property may be there");
  if (additionalProperties === false) found.push("closed: a reader refuses any other property, too");
  for (const keyword of ["contentEncoding", "contentMediaType"]) {
    const value = (schema as Readonly<Record<string, unknown>>)[keyword];
    if (typeof value === "string") found.push(["holds ", html`<code>${value}</code>`]);
  }
  return found;
}

function pluralOf(unit: string): string {
  return unit.endsWith("y") ? `${unit.slice(0, -1)}ies` : `${unit}s`;
}

const plainLink: LinkOf = (ref) => html`<code>${ref.split("/").at(-1)}</code>`;

/** What a schema demands of a value, as a clause: `it has total`, `state is "paid" and total is a number`. */
export function phraseOf(schema: Schema, linkOf: LinkOf = plainLink, subject: Content = "it"): Content {
  const {
    const: value,
    required = [],
    properties = {},
    not,
    anyOf,
    oneOf,
    allOf,
    $ref,
  } = schema as Schema & {
    readonly not?: Schema;
    readonly required?: readonly string[];
  };
  const { type } = schema as { readonly type?: string | readonly string[] };
  const clauses: Content[] = [];
  if ($ref !== undefined) clauses.push([subject, " is ", linkOf($ref)]);
  if (value !== undefined) clauses.push([subject, " is ", literal(value)]);
  else if (type !== undefined && !(type === "object" && required.length + Object.keys(properties).length > 0)) {
    const { anyOf: _anyOf, oneOf: _oneOf, ...plain } = schema;
    clauses.push([subject, " is ", typeWords(plain, linkOf)]);
  }
  const limits = limitsOf(schema);
  if (limits.length > 0) clauses.push([subject, " is limited (", joined(limits, ", "), ")"]);
  for (const [name, inner] of Object.entries(properties)) {
    const code = html`<code>${name}</code>`;
    clauses.push(phraseOf(inner, linkOf, required.includes(name) ? code : [code, ", if it is there,"]));
  }
  const bare = required.filter((name) => !Object.hasOwn(properties, name)).map((name) => html`<code>${name}</code>`);
  if (bare.length > 0) clauses.push([subject, " has ", joined(bare, ", ", " and ")]);
  if (not !== undefined) clauses.push(["not (", phraseOf(not, linkOf, subject), ")"]);
  for (const [forms, word] of [
    [anyOf, " or "],
    [oneOf, " or else "],
    [allOf, " and "],
  ] as const) {
    const each = forms?.map((form) => phraseOf(form, linkOf, subject));
    if (each !== undefined) clauses.push(["(", joined(each, word), ")"]);
  }
  return clauses.length === 0 ? [subject, " is any value"] : joined(clauses, " and ");
}

/** The constant that tells a form from the others. */
export function toldApart({ properties = {} }: Schema): Content {
  const [told] = Object.entries(properties).filter(([, property]) => property.const !== undefined);
  return told !== undefined && html` whose <code>${told[0]}</code> is ${literal(told[1].const)}`;
}

/** What is inside of a value, counted. */
export function insideWords({
  properties = {},
  anyOf,
  oneOf,
  prefixItems,
  items,
  additionalProperties,
}: Schema): string {
  const count = Object.keys(properties).length;
  if (count > 0) return count === 1 ? "1 property" : `${count} properties`;
  const forms = anyOf ?? oneOf;
  if (forms !== undefined) return forms.length === 1 ? "1 form" : `${forms.length} forms`;
  if (prefixItems !== undefined) return `${prefixItems.length} items`;
  if (isObject(items)) return "each item";
  return isObject(additionalProperties) ? "each value" : "what is inside";
}
