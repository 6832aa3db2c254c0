import { pascalCase } from "../model/casing.js";
import type { Found } from "./finding.js";
import type { Site } from "./site.js";
import type { Survey } from "./survey.js";
import { wordsOf } from "./words.js";

/** Finds names of properties that are not in snake_case. */
export function findPropertyNames(sites: readonly Site[]): readonly Found[] {
  return sites.flatMap((site): readonly Found[] => {
    const [keyword, name = ""] = site.via;
    if (keyword !== "properties" || /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name)) return [];
    const sentence = "the name of a property is lower-case words with _ between them";
    return [{ site, at: "key", sentence, suggestion: quoted(wordsOf(name).join("_"), name) }];
  });
}

/** Finds names of definitions that are not in PascalCase. `result` of a command is named so by the generator. */
export function findDefinitionNames(sites: readonly Site[], survey: Survey): readonly Found[] {
  return sites.flatMap((site): readonly Found[] => {
    const [keyword, name = ""] = site.via;
    const isResult = name === "result" && site.source.folder === "commands";
    if (keyword !== "$defs" || !survey.isDefinition(site) || isResult || /^[A-Z][A-Za-z0-9]*$/.test(name)) return [];
    const sentence = "the name of a definition is capitalized words without anything between them";
    return [{ site, at: "key", sentence, suggestion: quoted(pascalCase(wordsOf(name).join(" ")), name) }];
  });
}

function quoted(name: string, given: string): string | undefined {
  return name === "" || name === given || !/^[A-Za-z]\w*$/.test(name) ? undefined : `"${name}"`;
}
