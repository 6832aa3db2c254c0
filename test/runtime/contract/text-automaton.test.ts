import { describe, expect, it } from "vitest";
import { TextAutomaton } from "../../../runtime/contract/text-automaton.js";

/** All texts of so many of these characters at most. */
function textsOf(characters: readonly string[], length: number): string[] {
  const all = [""];
  for (let from = 0; length > 0; length--) {
    const longest = all.slice(from);
    from = all.length;
    for (const text of longest) all.push(...characters.map((character) => text + character));
  }
  return all;
}

const AB = textsOf(["a", "b"], 6);

describe("an automaton of a pattern", () => {
  it.each([
    ["characters that follow each other", ["", "a", "ab", "^ab$", "ba"]],
    [
      "alternatives, also empty ones",
      ["^(?:a|b)$", "^(?:a|)b$", "^(?:|a)$", "^a|b$", "^(?:ab|a)(?:b|bb)$", "a|", "^(?:a|b|ab)+$"],
    ],
    ["quantifiers", ["^a*$", "^a+$", "^a?$", "^a?b$", "^(?:ab)*$", "^(?:ab)+a$", "^a*b*$", "^a+?b??$", "^a*?b+?$"]],
    [
      "counted parts",
      [
        "^a{2}$",
        "^a{2,}$",
        "^a{2,3}$",
        "^a{0}$",
        "^a{0}b$",
        "^a{0,}b$",
        "^a{0,2}b$",
        "^a{1}$",
        "^a{1,}b{2}?$",
        "^(?:ab){2,}$",
        "^(?:a|b){3}$",
        "^(?:a|bb){2,3}$",
      ],
    ],
    [
      "counted parts that may be empty",
      [
        "^(?:a?){2}$",
        "^(?:a?){2}b$",
        "^(?:a?b?){2,3}$",
        "^(?:a*){3}$",
        "^(?:a*){2,}b$",
        "^(?:a?){0}b$",
        "^(?:a*b?){1,2}a$",
        "b(?:a?){3}b",
      ],
    ],
    [
      "parts within parts",
      [
        "^((a)b)+$",
        "^(?:a(?:b(?:a)?)?)?$",
        "^(?:(?:a|b){2}){2}$",
        "^(?:(?:ab)*a)*$",
        "^(?<first>a)(?<second>b)$",
        "^(?:(?:a+)+b)+$",
      ],
    ],
    [
      "the beginning and the end of a text",
      [
        "^",
        "$",
        "^$",
        "a$",
        "^a",
        "(?:^|b)a",
        "a(?:$|b)",
        "^^a",
        "a$$",
        "(?:^a|b)b",
        "a(?:b|a$)",
        "(?:^)*a",
        "a(?:$)?b",
        "^(?:$|a)",
        "b$|^a",
      ],
    ],
    ["classes", ["^[ab]$", "^[^a]$", "[a-b]b", "^[]$", "^[^]$", "^.$", "^.{2}$", "^\\w{3}$", "^\\W*$", "^[\\w]b$"]],
  ])("decides as a regular expression does: %s", (_, patterns) => {
    for (const pattern of patterns) {
      const [automaton, regex] = [new TextAutomaton(pattern), new RegExp(pattern, "u")];
      const wrong = AB.filter((text) => automaton.test(text) !== regex.test(text));
      expect([pattern, wrong]).toEqual([pattern, []]);
    }
  });

  it("tells characters apart as a regular expression does, however they are written", () => {
    const patterns = [
      ...["^.$", "^[^]$", "^[\\s\\S]$", "^\\p{Lu}+$", "^\\P{Lu}$", "^[\\p{L}\\d]$", "^\\u{1F600}$", "^\\ud83d\\ude00$"],
      ...[
        "^\\ud83d$",
        "^\\u0061$",
        "^\\x61$",
        "^\\cJ$",
        "^\\n$",
        "^[\\]a]$",
        "^[a\\-z]$",
        "^\\$$",
        "^\\^$",
        "^\\.$",
        "^\\/$",
      ],
      ...[
        "^\\{$",
        "^\\($",
        "^[(|)]$",
        "^[*+?]$",
        "^a\\|b$",
        "^[\\u{1F600}-\\u{1F610}]$",
        "^[😀-😐]{2}$",
        "^😀*$",
        "^\\0$",
      ],
      ...["^[\\b]$", "^\\p{Script=Greek}$", "^\\d$", "^\\D$", "^[^\\W_]$", "^\\t|\\v|\\f$"],
    ];
    const characters = [
      ...[
        "a",
        "A",
        "z",
        "-",
        "]",
        "[",
        "\n",
        "\r",
        "\u2028",
        "\b",
        "\0",
        "\t",
        "\v",
        "\f",
        "0",
        "٣",
        "_",
        "Ω",
        "é",
        "😀",
        "😅",
        "😑",
      ],
      ...[
        "\ud83d",
        "\ude00",
        "$",
        "^",
        ".",
        "/",
        "{",
        "(",
        "|",
        ")",
        "*",
        "\u{10ffff}",
        "\x7f",
        "\x80",
        "\uffff",
        "a|b",
        "😀😀",
      ],
    ];
    const texts = [
      "",
      ...characters,
      ...characters.map((character) => `a${character}`),
      ...characters.map((each) => `😀${each}`),
    ];
    for (const pattern of patterns) {
      const [automaton, regex] = [new TextAutomaton(pattern), new RegExp(pattern, "u")];
      const wrong = texts.filter((text) => automaton.test(text) !== regex.test(text));
      expect([pattern, wrong]).toEqual([pattern, []]);
    }
  });

  it.each([
    ["a look-ahead", ["(?=a)", "(?!a)b", "a(?:b(?=a))"]],
    ["a look-behind", ["(?<=a)b", "(?<!a)b"]],
    ["a word boundary", ["\\ba", "a\\B", "^(?:a\\b)*$"]],
    ["a reference to a group", ["(a)\\1", "(?<x>a)\\k<x>", "^(a|b)(a)\\2$"]],
    ["an end before a beginning", ["$^", "^$^a", "(?:a|$)^b"]],
    ["too many characters", ["a{10001}", "(?:ab){5001}"]],
  ])("has no place for %s", (_, patterns) => {
    for (const pattern of patterns) expect(() => new TextAutomaton(pattern)).toThrow(RangeError);
  });

  it("takes as many characters as it has states for, and more ways than it keeps", () => {
    expect(new TextAutomaton("^a{9998}$").test("a".repeat(9998))).toBe(true);
    // Each text of 13 characters leads to another set.
    const automaton = new TextAutomaton("a(?:a|b){13}$");
    const regex = /a(?:a|b){13}$/u;
    for (let number = 0; number < 2 ** 14; number++) {
      const text = number.toString(2).padStart(14, "0").replaceAll("0", "a").replaceAll("1", "b");
      if (automaton.test(text) !== regex.test(text)) throw new Error(text);
    }
  });

  it("knows whether it keeps all sets to which a text may lead", () => {
    for (const kept of ["^a*$", "(?:a|b)*a(?:a|b){5}$", "^[\\d٣]+$"]) {
      expect([kept, new TextAutomaton(kept).keepsAll(kept)]).toEqual([kept, true]);
    }
    for (const lost of ["a(?:a|b){20}$", "\\u0061(?:\\x61|\\u{62}){20}$"]) {
      expect([lost, new TextAutomaton(lost).keepsAll(lost)]).toEqual([lost, false]);
    }
  });
});
