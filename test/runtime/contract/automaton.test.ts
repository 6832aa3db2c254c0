import { describe, expect, it } from "vitest";
import { Automaton } from "../../../runtime/contract/automaton.js";

describe("the states of a pattern", () => {
  it("are its characters and classes, as it has them", () => {
    const pattern =
      "a[bc]\\](?:[\\]d]|e)\\p{Lu}\\P{Script=Greek}\\u{1F600}\\ud83d\\ude00\\uD83D\\uDE00\\ud83d\\u0061\\x61\\cJ\\n.(?<name>f)g{2}^$😀";
    expect(new Automaton(pattern).texts).toEqual([
      ...[
        "a",
        "[bc]",
        "\\]",
        "[\\]d]",
        "e",
        "\\p{Lu}",
        "\\P{Script=Greek}",
        "\\u{1F600}",
        "\\ud83d\\ude00",
        "\\uD83D\\uDE00",
      ],
      ...["\\ud83d", "\\u0061", "\\x61", "\\cJ", "\\n", ".", "f", "g", "g", "^", "$", "😀"],
    ]);
    const long = `[${"ab".repeat(200)}]`;
    expect(new Automaton(`${long}c`).texts).toEqual([long, "c"]);
  });

  it("that come again and again are told", () => {
    const looping = (pattern: string): readonly number[] => new Automaton(pattern).looping();
    expect(looping("abc")).toEqual([]);
    expect(looping("ab*c")).toEqual([1]);
    expect(looping("(?:ab)+c{2,}d?")).toEqual([0, 1, 3]);
    expect(looping("a{3}(?:b|c{0,2})*")).toEqual([3, 4, 5]);
  });

  it("are reached in the order of the pattern", () => {
    const automaton = new Automaton("ab?(?:c|d)*e");
    expect([...automaton.reachable(0)].toSorted()).toEqual([1, 2, 3, 4]);
    expect([...automaton.reachable(3)].toSorted()).toEqual([2, 3, 4]);
    expect([...automaton.reachable(4)]).toEqual([]);
  });

  it("are not reached from what a look-ahead describes", () => {
    const automaton = new Automaton("a(?=bc)d");
    expect([...automaton.reachable(0)].toSorted()).toEqual([1, 2, 3]);
    expect([...automaton.reachable(1)]).toEqual([2]);
    expect(automaton.last).toEqual([3]);
  });

  it.each([
    [["^a", "^a|^b", "(?:^a)+", "^^", "(?:^|^b)c"], true],
    [["a", "a^", "^a|b", "(?:^a)?", "^*a", "(?:^|b)c", ""], false],
  ])("%j begin where the text begins: %j", (patterns, isAnchored) => {
    expect(patterns.filter((pattern) => new Automaton(pattern).isAnchored !== isAnchored)).toEqual([]);
  });

  it.each([
    [["", "a*", "a?b*", "a|b?", "a{0}", "a{0,2}", "(?:a?){3}", "(?:)", "\\b", "(?=a)", "(?:a|)+"], true],
    [["a", "a+", "a|b", "a?b", "ab?", "a{1,}", "(?:a?b){2}", "^", "$"], false],
  ])("%j match where no character is: %j", (patterns, isNullable) => {
    expect(patterns.filter((pattern) => new Automaton(pattern).isNullable !== isNullable)).toEqual([]);
  });

  it.each([
    [
      [
        "\\ba",
        "a\\B",
        "(?=a)b",
        "(?!a)b",
        "(?<=a)b",
        "(?<!a)b",
        "(a)\\1",
        "(?<x>a)\\k<x>",
        "(?i:a)",
        "(?-i:a)b",
        "(?i-s:a)",
      ],
      true,
    ],
    [["a", "(a)b", "(?:a)", "(?<x>a)", "\\0", "[\\b]", "(?:=)", "(?:a=)b", "\\\\b", "^$"], false],
  ])("of %j stand for all that decides, or not: %j", (patterns, isConditional) => {
    expect(patterns.filter((pattern) => new Automaton(pattern).isConditional !== isConditional)).toEqual([]);
  });

  it.each([
    [
      [
        "(?<=a)b",
        "(?<!a)b",
        "(a+)\\1",
        "(a|(?:b*))\\1",
        "(?<x>a*)\\k<x>",
        "\\1(a*)",
        "(?i:a)",
        "(a+)(b)\\2",
        "(?<=a)",
        "(a{2,})\\1",
        "(a)\\12(b+)",
      ],
      true,
    ],
    [
      [
        "(?=a)b",
        "(?!a)b",
        "(a)\\1",
        "(?<x>ab?)\\k<x>",
        "(a+)b",
        "a+(b)\\1",
        "(a+)\\b",
        "(?:<)",
        "(a{2,3})\\1",
        "\\b(a*)",
      ],
      false,
    ],
  ])("%j look back, or not: %j", (patterns, looksBack) => {
    expect(patterns.filter((pattern) => new Automaton(pattern).looksBack !== looksBack)).toEqual([]);
  });

  it("of a part that comes often are as many, up to a number of copies", () => {
    const states = (pattern: string, mostCopies?: number): [number, boolean] => {
      const { texts, isRounded } = new Automaton(pattern, mostCopies === undefined ? {} : { mostCopies });
      return [texts.length, isRounded];
    };
    expect(states("a{9}")).toEqual([9, false]);
    expect(states("a{9,}")).toEqual([9, false]);
    expect(states("(?:ab?){2,4}")).toEqual([8, false]);
    expect(states("a{8}", 8)).toEqual([8, false]);
    expect(states("a{0,8}", 8)).toEqual([8, false]);
    expect(states("a{9}", 8)).toEqual([1, true]);
    expect(states("a{0,9}", 8)).toEqual([1, false]);
    expect(states("a{1,9}", 8)).toEqual([1, false]);
    expect(states("a{2,}", 8)).toEqual([1, true]);
    expect(states("a{1,}", 8)).toEqual([1, false]);
    // What may be empty may also come that often.
    expect(states("(?:a?){5,}")).toEqual([1, true]);
    expect(states("(?:a?){0,}")).toEqual([1, false]);
    // Each turn that may be empty is a way of its own.
    expect(states("(?:a?){5,}", 8)).toEqual([5, false]);
    expect(states("(?:a?){0,9}", 8)).toEqual([1, false]);
    expect(states("(?:a?){9,}", 8)).toEqual([1, true]);
    const isUnderstated = (pattern: string): boolean => new Automaton(pattern, { mostCopies: 8 }).isUnderstated;
    expect(["(?:a?){9,}", "(?:a?){9}", "(?:a|){9,12}"].map(isUnderstated)).toEqual([true, true, true]);
    expect(["(?:a?){8}", "(?:a?){8,}", "a{9}", "(?:a?){0,9}"].map(isUnderstated)).toEqual([false, false, false, false]);
  });

  it("are at most so many", () => {
    expect(new Automaton("a{10}", { mostStates: 10 }).texts).toHaveLength(10);
    expect(() => new Automaton("a{11}", { mostStates: 10 })).toThrow(new RangeError("too many states"));
  });
});
