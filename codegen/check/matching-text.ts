import { charactersOf } from "../../runtime/contract/characters.js";
import { type PatternChoice, patternText } from "../schema/pattern-text.js";

/** So many texts are made for a pattern. */
const MOST = 4;
/** The characters that are tried for a class, the usual ones first. */
const SAMPLES = [..."a0A_ -.:/@,;!?#$%&()*+<=>[]^{|}~\"'\\\n\tzZ95éß€数😀"];

/** The first character that matches a class; nothing if there is none. */
function character(regex: RegExp, source: string): string {
  const usual = [...SAMPLES, ...source].find((sample) => regex.test(sample));
  if (usual !== undefined) return usual;
  return (
    charactersOf(source)
      .map((code) => String.fromCodePoint(code))
      .find((each) => regex.test(each)) ?? ""
  );
}

/** Each of the first alternatives, with parts that are repeated more and more often. */
const choices: readonly PatternChoice[] = [0, 1, 2, 3].flatMap((alternative) =>
  [0, 1, 2, 4, 8, 16, 32, 64].map((extra) => ({
    alternative: (count: number) => alternative % count,
    times: (min: number, max: number) => Math.min(min + extra, max, Math.max(min, 1000)),
    character,
    isVaried: false,
  })),
);

/**
 * Some short texts that a regular expression (with the flag `u`) matches, of different alternatives and lengths. None if
 * it has a part that is not understood, such as an assertion about what follows; it need not be anchored.
 *
 * @param fits whether a text is wanted, besides
 */
export function textsMatching(pattern: string, fits: (text: string) => boolean): readonly string[] {
  const regex = new RegExp(pattern, "u");
  const texts = new Set<string>();
  for (const choice of choices) {
    const text = patternText(pattern, choice);
    if (regex.test(text) && fits(text)) texts.add(text);
    if (texts.size === MOST) break;
  }
  return [...texts];
}
