import { type PatternChoice, patternText } from "../schema/pattern-text.js";

/** Characters that stand for a class, the plainest first. */
const CHARACTERS = [..."a1A-_. /:@0Z9é €", "\n", "\t"];
/** So many forms of a text are tried. */
const VARIANTS = 6;

/**
 * A text that a pattern matches; `undefined` if none is found. Patterns say more than can be followed, so each text is
 * tested.
 */
export function textFor(pattern: string, least: number, most: number): string | undefined {
  let regex: RegExp;
  try {
    regex = new RegExp(pattern, "u");
  } catch {
    return undefined;
  }
  for (let copies = 0; copies < VARIANTS; copies++) {
    for (let choice = 0; choice < VARIANTS; choice++) {
      const text = patternText(pattern, choiceOf(choice, copies));
      for (const padded of [text, text.padEnd(least, "a"), text.padEnd(least, "1")]) {
        const { length } = [...padded];
        if (length >= least && length <= most && regex.test(padded)) return padded;
      }
    }
  }
  return undefined;
}

function choiceOf(choice: number, copies: number): PatternChoice {
  return {
    alternative: (count) => choice % count,
    times: (min, max) => Math.min(max, min + copies, 10_000),
    character(regex, source) {
      const named = [...source].filter((character) => /[^\\[\]^]/.test(character));
      return [...named, ...CHARACTERS].find((character) => regex.test(character)) ?? "";
    },
    isVaried: false,
  };
}
