import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSteady, patternOf } from "../../../runtime/contract/pattern.js";
import { takesFewSteps } from "../../../runtime/contract/pattern-steps.js";
import { TextAutomaton } from "../../../runtime/contract/text-automaton.js";
import { runs } from "../../support/runs.js";
import { type Node, nodes, sourceOf, triesOf } from "./backtracking-matcher.js";

const characters = ["a", "b", "-", " ", "é", "😀", "\u{1f650}", "ก", "\u2003", "\ud83d", "\n"];
const texts = fc.string({ unit: fc.constantFrom(...characters), maxLength: 14 });

describe("a pattern", () => {
  it("takes few steps by itself if a text can leave each repetition in one place", () => {
    const few = [
      "^[A-Z]{3}$",
      "^https?://",
      "^-?\\d+(\\.\\d+)?$",
      "^[^@\\s]+@[^@\\s]+$",
      "^[a-z0-9]+(-[a-z0-9]+)*$",
      "^\\S(.*\\S)?$",
      "^.*$",
      "foo",
      "foo.*",
      "\\.(jpg|png)$",
      "^.+\\.(jpg|png)$",
      "^[\\w.-]{1,64}@[\\w.-]{1,255}\\.[a-z]{2,10}$",
      "^(?=.*\\d)(?=.*[a-z]).{8,}$",
      "^(?:(?!--).)*$",
    ];
    expect(few.filter((pattern) => !takesFewSteps(pattern))).toEqual([]);
  });

  it("is told when it does not", () => {
    const many = [
      "^\\d+\\d+$",
      "(a|b)*c",
      "\\s+$",
      "a+b",
      ".*foo.*bar.*",
      "^.*,.*,.*$",
      "^\\S+@\\S+$",
      "^(a+)+$",
      "^(a|a)*$",
      "^(?:x.*y|x)*$",
      "a{40}",
      "a{1000}",
      `^${"a?".repeat(24)}${"a".repeat(24)}$`,
      "^(?!.*a.*b)",
      "(?<=a.*)b",
      "^(\\w+)\\1$",
      // However the characters are written that are in both.
      "^\\ud83d\\ude50+\\ud83d\\ude50+$",
      "^[\\ud83d\\ude50-\\ud83d\\ude60]+[\\u{1f655}]+$",
      "^\\p{Script=Thai}+\\p{L}+$",
      "^\\p{Co}*\\P{L}*$",
      "^[^\\u0000-\\u024f]+\\s+$",
    ];
    expect(many.filter((pattern) => takesFewSteps(pattern))).toEqual([]);
  });

  it("takes no more steps than that, whatever the text", () => {
    const parts = fc.tuple(texts, texts, fc.integer({ min: 1, max: 60 }), texts);
    fc.assert(
      fc.property(nodes(), parts, (node: Node, [before, unit, times, after]) => {
        const text = `${before}${unit.repeat(times)}${after}`;
        const most = 64 * (text.length + 1) + 600;
        if (takesFewSteps(sourceOf(node))) expect(triesOf(node, text, 10 * most)).toBeLessThanOrEqual(most);
      }),
      runs(1000),
    );
  });

  it("is matched by an automaton as by a regular expression", () => {
    let judged = 0;
    const tried = runs(1000);
    fc.assert(
      fc.property(nodes(), fc.array(texts, { minLength: 5, maxLength: 5 }), (node, given) => {
        const source = sourceOf(node);
        // Only of an empty text the beginning is behind the end.
        fc.pre(!/\$.*\^/.test(source));
        const [automaton, regex] = [new TextAutomaton(source), new RegExp(source, "u")];
        for (const text of given) {
          expect([source, text, automaton.test(text)]).toEqual([source, text, regex.test(text)]);
          expect(patternOf(source).test(text)).toBe(regex.test(text));
          judged++;
        }
      }),
      tried,
    );
    expect(judged).toBe(5 * tried.numRuns);
  });

  it.each([
    ["^(?=.*a.*b)(?!.*--).*-.*-$", true, ["aXbXXXXXX-X-", "aXbX--XXX-X-", "bXaXXXXXX-X-", "aXbXXXXXXX"]],
    ["^(?=\\S+@\\S+$)", true, ["somebody@somewhere", "nobody-nowhere"]],
    ["^(?![)]+$)[\\])]*[)\\]]*$", true, ["))))))))))))", "))))))))))]"]],
    ["^(?=\\(+(a|b)+\\)$)(?!.*\\|).*\\(.*b.*\\)$", true, ["((((((ab)", "((((((aa)", "((((((a|b)", "((((((abc)"]],
    // Alternatives beside a look-ahead are left to a regular expression.
    ["^(?=a)b|.*x.*y$", false, ["zzzzzzzzzxzzy", "bbbbbbbbbbbb"]],
    ["^(?=.*a)(?:.*b.*|.*c.*)$", true, ["aaaaaaaaab", "cccccccccb", "aaaaaaaaaa"]],
  ])("may begin with look-aheads: %s", (source, steady, given) => {
    expect(takesFewSteps(source)).toBe(false);
    expect(isSteady(source)).toBe(steady);
    const regex = new RegExp(source, "u");
    expect(given.map((text) => patternOf(source).test(text))).toEqual(given.map((text) => regex.test(text)));
  });

  it("of too many ways is no pattern for a catalogue", () => {
    expect(isSteady("(a|b)*a(a|b){20}")).toBe(false);
    expect(isSteady("^\\w+\\b.*x.*$")).toBe(false);
    expect(isSteady("^(?:x.*y|x)*(?=z)$")).toBe(false);
    expect(isSteady("^\\S+@\\S+$")).toBe(true);
  });

  it("decides a short text in few steps, too", () => {
    const source = `^${"a?".repeat(60)}$`;
    expect(isSteady(source)).toBe(true);
    // A regular expression would try each way to choose seven of sixty.
    expect(patternOf(source).test("aaaaaaa!")).toBe(false);
    expect(patternOf(source).test("aaaaaaaa")).toBe(true);
  });

  it("that is none is refused as JavaScript refuses it", () => {
    expect(() => patternOf("(")).toThrow(SyntaxError);
  });
});
