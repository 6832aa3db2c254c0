import { describe, expect, it } from "vitest";
import { type PatternChoice, patternText } from "../../../codegen/schema/pattern-text.js";

/** What a choice was asked, and the text for a pattern: a class stands in it as it is written. */
function textFor(
  pattern: string,
  chosen: Partial<PatternChoice>,
): { text: string; bounds: string[]; regexes: RegExp[] } {
  const bounds: string[] = [];
  const regexes: RegExp[] = [];
  const choice: PatternChoice = {
    alternative: () => 0,
    isVaried: false,
    ...chosen,
    times: (min, max) => {
      bounds.push(`${min} to ${max}`);
      return chosen.times?.(min, max) ?? min;
    },
    character: (regex, source) => {
      regexes.push(regex);
      return chosen.character?.(regex, source) ?? source;
    },
  };
  return { text: patternText(pattern, choice), bounds, regexes };
}

const last = (count: number): number => count - 1;
const oneMore = (min: number, max: number): number => Math.min(min + 1, max);

describe("a text for a pattern", () => {
  it.each([
    ["a|b|c", "a", "c"],
    ["a(b|c)d", "abd", "acd"],
    ["(?:a)(?<name>b)", "ab", "ab"],
    ["(|a)b()", "b", "ab"],
    ["", "", ""],
  ])("has one of each alternatives: %s", (pattern, first, other) => {
    expect(textFor(pattern, {}).text).toBe(first);
    expect(textFor(pattern, { alternative: last }).text).toBe(other);
  });

  it.each([
    ["ab*c", "ac", "abc", ["0 to Infinity"]],
    ["ab+", "ab", "abb", ["1 to Infinity"]],
    ["ab?", "a", "ab", ["0 to 1"]],
    ["b{2}a", "bba", "bba", ["2 to 2"]],
    ["b{12,}", "b".repeat(12), "b".repeat(13), ["12 to Infinity"]],
    ["b{2,13}", "bb", "bbb", ["2 to 13"]],
    ["b{0}", "", "", ["0 to 0"]],
    ["a*?b+?c??d{2}?", "bdd", "abbcdd", ["0 to Infinity", "1 to Infinity", "0 to 1", "2 to 2"]],
    ["(ab)+", "ab", "abab", ["1 to Infinity"]],
  ])("repeats a part within its bounds: %s", (pattern, least, more, bounds) => {
    expect(textFor(pattern, {})).toMatchObject({ text: least, bounds });
    expect(textFor(pattern, { times: oneMore })).toMatchObject({ text: more, bounds });
    expect(textFor(pattern, { times: oneMore, isVaried: true })).toMatchObject({ text: more, bounds });
  });

  it("asks anew for each turn of a repetition where it may vary, and else once", () => {
    let turn = 0;
    const alternative = (count: number): number => turn++ % count;
    expect(textFor("(a|b){3}c", { alternative, isVaried: true }).text).toBe("abac");
    turn = 0;
    expect(textFor("(a|b){3}c", { alternative }).text).toBe("aaac");
  });

  it.each([
    ["^a$", "a"],
    ["\\ba\\B", "a"],
    ["(a)\\1\\10b\\k<name>", "ab"],
    ["(?=a)b(?!c)", "b"],
    ["(?<=a)b(?<!c)(?<name>d)", "bd"],
  ])("has nothing for what only tests: %s", (pattern, text) => {
    expect(textFor(pattern, {}).text).toBe(text);
  });

  it.each([
    "[ab\\]c|)]",
    "[^\\\\]",
    "\\p{L}",
    "\\P{Lu}",
    "\\u{1F600}",
    "\\u00e9",
    "\\x41",
    "\\cA",
    "\\d",
    "\\.",
    ".",
    "😀",
    "\n",
  ])("has a character for each class and escape as a whole: %j", (source) => {
    const { text, regexes } = textFor(`a${source}|b`, {});
    expect(text).toBe(`a${source}`);
    expect(regexes[1]).toEqual(new RegExp(`^${source}$`, "u"));
  });
});
