import type { Schema } from "../schema/schema.js";
import type { Found } from "./finding.js";
import { isTolerated, ofSameValue, type Site } from "./site.js";
import type { Survey } from "./survey.js";

/** Finds lists of values that readers could not read if one were added. */
export function findClosedEnums(sites: readonly Site[], survey: Survey): readonly Found[] {
  const sentence =
    'readers refuse a value that a later version adds; put it into "anyOf", beside a form such as { "type": "string", "tolerated": true }';
  return sites
    .filter(({ schema }) => (schema.enum?.filter((value) => value !== null).length ?? 0) > 1)
    .filter((site) => !isOfCommand(site) && !isTolerated(site) && isMetUnprepared(site, survey, new Set()))
    .map((site) => ({ site, way: ["enum"], at: "key", sentence }));
}

/** A service that is asked for what it does not know has to refuse. Its answer is read as an event is. */
function isOfCommand({ source, path }: Site): boolean {
  return source.folder === "commands" && path[1] !== "result";
}

/** Whether a value of the schema stands anywhere without a form for other values. A definition is judged by its uses. */
function isMetUnprepared(site: Site, survey: Survey, seen: Set<Site>): boolean {
  if (seen.has(site)) return false;
  seen.add(site);
  const same = [...ofSameValue(site)];
  if (same.some(({ schema }) => hasTolerated(schema))) return false;
  const whole = same.at(-1) ?? site;
  const isShared = survey.isDefinition(whole) && whole.source.folder !== "commands";
  return !isShared || survey.usesOf(whole).some((use) => !isOfCommand(use) && isMetUnprepared(use, survey, seen));
}

function hasTolerated({ anyOf = [] }: Schema): boolean {
  return anyOf.some(({ tolerated }) => tolerated === true);
}
