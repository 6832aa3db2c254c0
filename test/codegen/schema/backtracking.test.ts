import { describe, expect, it } from "vitest";
import { backtracksExponentially } from "../../../codegen/schema/backtracking.js";
import { overlapIn } from "../../../codegen/schema/character-overlap.js";

describe("a pattern whose time may double with each character", () => {
  it.each([
    ["a repetition in a repetition", "^(a+)+$"],
    ["an empty turn", "^(a*)*$"],
    ["forms of which one begins another", "^(a|aa)+$"],
    ["a form that is there twice", "^(?:a|a)+$"],
    ["parts that may be absent", "^(?:a?b?)+$"],
    ["a part of one to eight turns", "^(?:a{1,8})*$"],
    ["a part of more than eight turns, which counts as one without a limit", "^(?:a{9})*$"],
    ["a repetition before the end", "(x+x+)+y"],
    ["many turns that may be empty", "^(?:a?){28}$"],
    ["many turns that may be empty, and more", "^(?:a|){24,}$"],
    ["forms with a character of a script in both", "^(?:\\p{Script=Thai}|\\p{L})+$"],
    ["forms with a character in both, once as a surrogate pair", "^(?:\\ud83d\\ude50|[\\u{1f640}-\\u{1f660}])+$"],
  ])("has %s: %s", (_, pattern) => {
    expect(backtracksExponentially(pattern)).toBe(true);
  });

  it.each([
    ["forms that begin apart", "^(a|b)+$"],
    ["forms that end apart", "^(?:ab|a)+$"],
    ["repetitions one after the other", "^a*a*$"],
    ["a part of eight turns", "^(?:a{8})*$"],
    ["few turns of few", "^(?:a{1,2}){1,2}$"],
  ])("has not %s: %s", (_, pattern) => {
    expect(backtracksExponentially(pattern)).toBe(false);
  });

  it("is not judged if it repeats more than 200 characters, or has too many parts", () => {
    const pairs = "ab".repeat(100);
    expect(backtracksExponentially(`^(?:${pairs})*$`)).toBe(false);
    expect(backtracksExponentially(`^(?:${pairs}a)*$`)).toBeUndefined();
    expect(backtracksExponentially(`^${"(?:abc){8}".repeat(900)}$`)).toBeUndefined();
  });
});

describe("two characters of a pattern", () => {
  it.each([
    ["a", "a", true],
    ["a", "b", false],
    ["\\x61", "a", true],
    ["\\x61", "\\x62", false],
    ["\\u0061", "a", true],
    ["\\u{61}", "a", true],
    ["\\w", "[^a-z]", true],
    ["\\w", "\\W", false],
    ["\\p{L}", "é", true],
    ["\\p{Script=Thai}", "\\p{L}", true],
    ["\\p{Script=Thai}", "\\P{L}", true],
    ["\\p{Script=Thai}", "\\p{Lu}", false],
    ["\\s", "[^\\u0000-\\u024f]", true],
    ["\\ud83d\\ude50", "[\\u{1f640}-\\u{1f660}]", true],
    ["\\ud83d\\ude50", "\\ud83d", false],
    ["[a-c]", "[c-e]", true],
    ["[a-c]", "[d-e]", false],
    ["[\\u4e00-\\u4e10]", "[\\u4e10-\\u4e20]", true],
    ["[\\u4e00-\\u4e10]", "[\\u4e11-\\u4e20]", false],
    ["[\\u{1f600}-\\u{1F610}]", "[\\u{1F60f}-\\u{1F620}]", true],
    ["[一-丐]", "[丏-丠]", true],
    ["[^\\u4e00]", "\\u4e00", false],
    ["[^\\u4e00]", "\\u4e01", true],
    ["[^😁]", "😁", false],
    // Only the character behind the range, and the one before it, are in both.
    ["[\\u4e00-\\u4e10]", "[^\\u4e00-\\u4e0f]", true],
    ["[\\u4e00-\\u4e10]", "[^\\u4e01-\\u4e10]", true],
    ["[^\\0-\\u4e00\\u4e02-\\u{10ffff}]", "\\u{4e01}", true],
    ["[^\\0-\\u4e00\\u4e02-\\u{10ffff}]", "[\\u4dff-\\u4e03]", true],
    ["[^\\u{4e03}-\\u{10ffff}\\0-\\u{4e01}]", "[\\u{4e00}-\\u{4e05}]", true],
  ])("overlap if some character is both: %s and %s", (one, other, verdict) => {
    const overlap = overlapIn(`${one}${other}`);
    expect([overlap(one, other), overlap(other, one), overlap(one, other)]).toEqual([verdict, verdict, verdict]);
    expect(overlap(one, one)).toBe(true);
  });
});
