// lint/ finds what a sound catalogue should not do, and mends what is safe; it may import model/, load/, schema/ and
// the runtime's contract.

import type { CatalogueConfig } from "../load/config.js";
import { during } from "../load/failure.js";
import type { Sources } from "../load/load.js";
import type { LintRule } from "../schema/lint-rule.js";
import { findUnboundedLists, findUnboundedTexts } from "./bound.js";
import { findDefinitionNames, findPropertyNames } from "./casing.js";
import { findClosedEnums } from "./closed-enum.js";
import { findClosedObjects } from "./closed-object.js";
import { findMissingDescriptions } from "./description.js";
import { excuse } from "./exception.js";
import { compareFindings, type Found, type LintFinding, located } from "./finding.js";
import { findCommandMoods, findEventTenses } from "./grammar.js";
import { findTypeForms } from "./message-type.js";
import { findPersonalData } from "./personal-data.js";
import type { Site } from "./site.js";
import { Survey } from "./survey.js";
import { findUntaggedChoices } from "./untagged-choice.js";

/** Finds the places that break a rule, whether they are excused or not. */
type Finder = (sites: readonly Site[], survey: Survey) => readonly Found[];

const finders: Readonly<Record<Exclude<LintRule, "idle-exception">, Finder>> = {
  "missing-description": findMissingDescriptions,
  "property-casing": findPropertyNames,
  "definition-casing": findDefinitionNames,
  "message-type-form": findTypeForms,
  "event-tense": findEventTenses,
  "command-mood": findCommandMoods,
  "untagged-choice": findUntaggedChoices,
  "unbounded-text": findUnboundedTexts,
  "unbounded-list": findUnboundedLists,
  "personal-data": findPersonalData,
  "closed-enum": findClosedEnums,
  "closed-object": findClosedObjects,
};

/**
 * Finds what a catalogue without problems should not do, by the rules that its settings have not switched off. What an
 * exception excuses is left out.
 */
export function lint(sources: Sources, { lint: levels }: CatalogueConfig): readonly LintFinding[] {
  const survey = new Survey(sources.schemas);
  const on = Object.entries(finders).filter(([rule]) => levels[rule as LintRule] !== "off");
  const found = sources.schemas.flatMap((source) =>
    during("linting", source.shownPath, () => {
      const sites = survey.sitesOf(source);
      const all = on.flatMap(([rule, find]) =>
        find(sites, survey).map((place) => ({ ...place, rule: rule as LintRule })),
      );
      const { left, idle } = excuse(all, sites, new Set(on.map(([rule]) => rule)));
      const kept = levels["idle-exception"] === "off" ? left : [...left, ...idle];
      return kept.map((place) => located(place, levels[place.rule] === "error" ? "error" : "warn"));
    }),
  );
  return found.sort(compareFindings);
}
