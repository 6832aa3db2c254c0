import type { Sources } from "../load/load.js";
import type { Problem } from "../load/problem.js";
import { definitionsOf } from "../model/definition.js";
import { kindOfFolder } from "../model/kind.js";
import { suggest } from "../schema/suggest.js";
import { walk } from "../schema/walk.js";

/**
 * Tells of each part that is deprecated and still there on the day of its sunset, and of each message whose replacement does
 * not exist. Neither makes a catalogue unsound: a day comes without an edit.
 *
 * @param today the day of the run, as `2027-03-01`
 */
export function sunsetWarnings({ schemas }: Sources, today: string): readonly Problem[] {
  const deprecated = schemas.filter(({ text }) => text.includes('"deprecated"'));
  const types = deprecated.some(({ text }) => text.includes('"replacedBy"'))
    ? schemas.flatMap((source) => definitionsOf(source).flatMap(({ message }) => message?.type ?? []))
    : [];
  return deprecated.flatMap((source) =>
    walk(source.schema ?? {}).flatMap(([path, { deprecated, sunset, replacedBy }]): readonly Problem[] => {
      if (deprecated !== true) return [];
      const found: Problem[] = [];
      // Days in this form are in the order of their texts.
      if (sunset !== undefined && sunset <= today) {
        const what = replacedBy === undefined ? "what is deprecated here" : `what \`${replacedBy}\` replaces`;
        const sentence = `the sunset of ${what} was ${sunset}; remove it when nobody writes it, or set a later day`;
        found.push(source.problem([...path, "sunset"], sentence, { rule: "sunset" }));
      }
      const isMessage = path.length === 0 && kindOfFolder(source.folder) !== undefined;
      if (isMessage && replacedBy !== undefined && !types.includes(replacedBy)) {
        const suggestion = suggest(replacedBy, types);
        const sentence = `"${replacedBy}" is no message of this catalogue`;
        found.push(source.problem([...path, "replacedBy"], sentence, { rule: "sunset", suggestion }));
      }
      return found;
    }),
  );
}
