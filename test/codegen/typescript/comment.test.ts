import { describe, expect, it } from "vitest";
import { deprecationOf, docComment, docOf } from "../../../codegen/typescript/doc-comment.js";
import { commentText, lineCommentText, stringLiteral } from "../../../codegen/typescript/escape.js";

describe("a text in a comment", () => {
  it.each([
    ["its end", "a */ b */", "a *\\/ b *\\/"],
    ["a directive", "@ts-ignore @TS-nocheck @ts", "\\@ts-ignore \\@TS-nocheck @ts"],
    ["breaks of lines", "a\r\nb\rc\nd", "a\nb\nc\nd"],
    ["a tab", "a\tb", "a\tb"],
    ["what nobody sees", "a\u2028\u0007\ud800\u202e", "a\\u2028\\u0007\\ud800\\u202e"],
  ])("cannot be more than a text, even if it holds %s", (_, text, escaped) => {
    expect(commentText(text)).toBe(escaped);
  });

  it.each([
    ['plain "text"', '"plain \\"text\\""'],
    ["a\\b", '"a\\\\b"'],
    ["~ !#[]", '"~ !#[]"'],
    ["é", '"é"'],
    ["tab\t", '"tab\\t"'],
    ["\ud83d\ude00", '"\ud83d\ude00"'],
    ["\ud83d", '"\\ud83d"'],
  ])("is a literal that means the same: %j", (text, literal) => {
    expect(stringLiteral(text)).toBe(literal);
  });

  it("stays on its line, where the line ends the comment", () => {
    expect(lineCommentText("a\nb\tc\u2029")).toBe("a\\u000ab\\u0009c\\u2029");
  });

  it("is not changed in a literal, but for what nobody sees", () => {
    expect(stringLiteral('a "b" */ \u202e')).toBe('"a \\"b\\" */ \\u202e"');
  });
});

describe("a doc comment", () => {
  const word = "word ".repeat(30).trim();

  it("is on one line if it fits, and absent without a text", () => {
    expect(docComment(" An order. ", 2)).toBe("  /** An order. */\n");
    expect(docComment(" \n ")).toBe("");
    expect(docComment("x".repeat(113))).toBe(`/** ${"x".repeat(113)} */\n`);
    expect(docComment("x".repeat(114))).toBe(`/**\n * ${"x".repeat(114)}\n */\n`);
    expect(docComment("x".repeat(112), 2)).toBe(`  /**\n   * ${"x".repeat(112)}\n   */\n`);
  });

  it("is wrapped to the width of a line, and keeps its paragraphs", () => {
    expect(docComment(`First. \n\n${word}`, 2).split("\n")).toEqual([
      "  /**",
      "   * First.",
      "   *",
      `   * ${"word ".repeat(23).trim()}`,
      `   * ${"word ".repeat(7).trim()}`,
      "   */",
      "",
    ]);
  });

  it("fills a line to the last character, and not beyond", () => {
    const lines = (last: string): readonly string[] => docComment(`${"x".repeat(100)} ${last} y`).split("\n");
    expect(lines("z".repeat(16))[1]).toBe(` * ${"x".repeat(100)} ${"z".repeat(16)}`);
    expect(lines("z".repeat(17))[1]).toBe(` * ${"x".repeat(100)}`);
  });

  it.each([
    ["- ", "  "],
    ["* ", "  "],
    ["12. ", "    "],
    ["  - ", "    "],
  ])("indents what follows in an item of a list to its text: %s", (mark, margin) => {
    const [, , first, second] = docComment(`List:\n${mark}${word}`).split("\n");
    expect(first).toMatch(` * ${mark}word word`);
    expect(second).toMatch(new RegExp(`^ \\* ${margin}word`));
  });

  it("wraps no code, which lasts until the next tag", () => {
    const [, code, more, tag] = docComment(`@example\n${word}  \n${word}\n@deprecated ${word}`).split("\n").slice(1);
    expect([code, more]).toEqual([` * ${word}`, ` * ${word}`]);
    expect(tag).toBe(` * @deprecated ${"word ".repeat(21).trim()}`);
  });

  it("says when a value is encrypted, and of what is deprecated what replaces it and until when", () => {
    expect(docOf({ description: "A note.", sensitive: true, encrypt: true })).toBe(
      "A note. Encrypted on the wire; masked in logs and on screens.",
    );
    expect(docOf({ description: "" })).toBe("");
    expect(deprecationOf({ deprecated: true, replacedBy: "b", sunset: "2027-03-01" })).toBe(
      "@deprecated Use `b` instead. Its sunset is 2027-03-01.",
    );
    expect(deprecationOf({ deprecated: true, sunset: "2027-03-01" })).toBe("@deprecated Its sunset is 2027-03-01.");
    expect(deprecationOf({ replacedBy: "b" })).toBeUndefined();
  });

  it("says what a schema says about itself", () => {
    expect(docOf({})).toBe("");
    expect(docOf({ description: "A note.", deprecated: false, sensitive: false })).toBe("A note.");
    expect(docOf({ sensitive: true })).toBe("Sensitive: masked in logs and on screens.");
    expect(docOf({ description: "A note.", sensitive: true, default: { a: null }, deprecated: true })).toBe(
      'A note. Sensitive: masked in logs and on screens.\n@defaultValue {"a":null}\n@deprecated',
    );
  });
});
