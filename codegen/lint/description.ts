import type { Found } from "./finding.js";
import { ofSameValue, type Site } from "./site.js";
import type { Survey } from "./survey.js";

/** Finds properties and definitions that nothing describes. That a message must have a description is no advice: `message-text`. */
export function findMissingDescriptions(sites: readonly Site[], survey: Survey): readonly Found[] {
  return sites.flatMap((site): readonly Found[] => {
    const [keyword, name = ""] = site.via;
    const what = keyword === "properties" ? "property" : survey.isDefinition(site) ? "type" : undefined;
    // A constant in a form tells the form, and says all that there is to say.
    if (what === undefined || site.schema.const !== undefined) return [];
    if (isDescribed(site, survey) || (what === "property" && isDescribedAround(site, name, survey))) return [];
    const sentence = `the ${what} has no "description"; say in a sentence what it means`;
    return [{ site, sentence, ...(site.path.length > 0 && { at: "key" }) }];
  });
}

/** It may be described by what it refers to. */
function isDescribed(site: Site, survey: Survey): boolean {
  return survey.layersOf(site).some(({ schema: { description } }) => (description ?? "").trim() !== "");
}

/** A property that an envelope, or the schema around a form, has described. */
function isDescribedAround(site: Site, name: string, survey: Survey): boolean {
  const whole = site.parent === undefined ? [] : [...ofSameValue(site.parent)];
  return whole
    .flatMap((at) => survey.layersOf(at))
    .map((layer) => survey.propertyOf(layer, name))
    .some((other) => other !== undefined && other !== site && isDescribed(other, survey));
}
