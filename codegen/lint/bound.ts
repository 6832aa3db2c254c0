import type { Schema } from "../schema/schema.js";
import { isObject } from "../schema/walk.js";
import type { Found } from "./finding.js";
import { isTolerated, ofSameValue, type Site, typesIn } from "./site.js";
import type { Survey } from "./survey.js";

const TEXT_BOUNDS = ["maxLength", "format", "pattern", "enum", "const"];
const LIST_BOUNDS = ["maxItems", "enum", "const"];

/** Finds texts of any length. */
export function findUnboundedTexts(sites: readonly Site[], survey: Survey): readonly Found[] {
  const sentence = 'the text may be of any length; give it a "maxLength", a "pattern" or a "format"';
  return unbounded(sites, survey, { type: "string", isBound: hasAny(TEXT_BOUNDS) }, sentence);
}

/** Finds lists of any length. */
export function findUnboundedLists(sites: readonly Site[], survey: Survey): readonly Found[] {
  const isBound = (schema: Schema): boolean => hasAny(LIST_BOUNDS)(schema) || isNever(schema.items);
  const sentence = 'the list may have any number of items; give it "maxItems"';
  return unbounded(sites, survey, { type: "array", isBound }, sentence);
}

function unbounded(
  sites: readonly Site[],
  survey: Survey,
  { type, isBound }: { readonly type: string; readonly isBound: (schema: Schema) => boolean },
  sentence: string,
): readonly Found[] {
  /** Whether the site, what it refers to, or each of its forms that may be of the type has a bound. */
  const bounds = (site: Site): boolean => {
    const layers = survey.layersOf(site).map(({ schema }) => schema);
    return layers.some((schema) => isBound(schema) || everyForm(schema, type, isBound));
  };
  return sites
    .filter(({ schema }) => typesIn(schema).includes(type))
    .filter((site) => !isTolerated(site) && ![...ofSameValue(site)].some(bounds))
    .map((site) => ({ site, way: ["type"], at: "key", sentence }));
}

function everyForm({ anyOf, oneOf }: Schema, type: string, isBound: (schema: Schema) => boolean): boolean {
  const forms = (anyOf ?? oneOf)?.filter((form) => form.tolerated !== true) ?? [];
  const concerned = forms.filter((form) => typesIn(form).length === 0 || typesIn(form).includes(type));
  return concerned.length > 0 && concerned.every(isBound);
}

function hasAny(keywords: readonly string[]): (schema: Schema) => boolean {
  return (schema) => keywords.some((keyword) => schema[keyword] !== undefined);
}

/** `items: false`, or what says the same: there is nothing but what `prefixItems` lists. */
function isNever(schema: unknown): boolean {
  return schema === false || (isObject(schema) && isObject(schema["not"]) && Object.keys(schema["not"]).length === 0);
}
