import { describe, expect, it } from "vitest";
import { charactersOf } from "../../../runtime/contract/characters.js";

/** Which of the classes match a character. */
function kindOf(code: number, classes: readonly RegExp[]): string {
  const character = String.fromCodePoint(code);
  return classes.map((regex) => (regex.test(character) ? "1" : "0")).join("");
}

describe("the characters of a pattern", () => {
  it.each([
    ["built-in classes", ["\\s", "\\w", "\\d", ".", "[^\\u0000-\\u024f]", "[^\\x00-\\x7f]"]],
    [
      "properties of Unicode",
      ["\\p{L}", "\\P{Lu}", "\\p{Script=Thai}", "[\\p{Nd}\\p{Co}]", "\\p{Noncharacter_Code_Point}", "\\s"],
    ],
    [
      "characters by number",
      [
        "[\\u{1F600}-\\u{1F610}]",
        "\\ud83d\\ude50",
        "[\\uD83D\\uDE4F-\\uD83D\\uDE60]",
        "[\\u3041-\\u3096]",
        "\\ud83d",
        "\\u{10FFFF}",
      ],
    ],
    ["characters as they are", ["[ก-ฮ]", "😀", "[^ก]", "[😀-😐]", "\\p{Default_Ignorable_Code_Point}", "\\p{Emoji}"]],
  ])("are of each kind that it tells apart: %s", (_, texts) => {
    const classes = texts.map((text) => new RegExp(`^${text}$`, "u"));
    const kinds = new Set<string>();
    for (let code = 0; code <= 0x10ffff; code++) kinds.add(kindOf(code, classes));
    const found = charactersOf(texts.join(""));
    expect(new Set(found.map((code) => kindOf(code, classes)))).toEqual(kinds);
    expect(new Set(found).size).toBe(found.length);
  });

  it("are named by no property where a backslash is escaped", () => {
    expect(charactersOf("\\\\p{3}")).toEqual(charactersOf("\\\\"));
    expect(charactersOf("\\\\u{999999}")).toEqual(charactersOf("\\\\"));
    expect(charactersOf("\\\\u4e00")).toEqual(charactersOf("\\\\"));
    expect(charactersOf("\\ก")).toContain(0xe01);
  });
});
