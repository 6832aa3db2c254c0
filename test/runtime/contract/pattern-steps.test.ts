import { describe, expect, it } from "vitest";
import { isSmall, takesFewSteps } from "../../../runtime/contract/pattern-steps.js";

/** So many alternatives that no text has in common. */
const forms = (count: number): string =>
  Array.from({ length: count }, (_, at) => String.fromCodePoint(0x4e00 + at)).join("|");

describe("the steps of a pattern", () => {
  it("are 64 at each character, and in all 500 more", () => {
    expect(takesFewSteps(`^x(?:${forms(563)})`)).toBe(true);
    expect(takesFewSteps(`^x(?:${forms(564)})`)).toBe(false);
    // What a character takes less than 64 counts for the next ones.
    expect(takesFewSteps(`^x(?:${forms(344)})y(?:${forms(344)})`)).toBe(true);
    expect(takesFewSteps(`^x(?:${forms(345)})y(?:${forms(345)})`)).toBe(false);
  });

  it("begin where the text begins, and where a character may be the first", () => {
    expect(takesFewSteps("^^a+b$")).toBe(true);
    expect(takesFewSteps("^^a+a+$")).toBe(false);
    expect(takesFewSteps("(?:^|^)a$")).toBe(true);
    expect(takesFewSteps(`(?:${"^|".repeat(600)}^)a$`)).toBe(false);
    expect(takesFewSteps("(?:^|b)a+$")).toBe(true);
    expect(takesFewSteps("(?:^|a)a+$")).toBe(false);
  });

  it("end with the first match, where no condition can refuse it", () => {
    expect(takesFewSteps("^a*a*")).toBe(true);
    expect(takesFewSteps("^a*a*$")).toBe(false);
    expect(takesFewSteps("^(?=x)a*a*")).toBe(false);
    expect(takesFewSteps(`(?:${"^|".repeat(600)}^)a`)).toBe(true);
    // What matches nowhere as well is tried once, from the beginning.
    expect(takesFewSteps("(?:a+b)?")).toBe(true);
    expect(takesFewSteps("(?:a+a+b)?")).toBe(false);
    expect(takesFewSteps("(?=b)(?:a+b)?")).toBe(false);
  });

  it("are judged by few and by many copies of a part", () => {
    expect(takesFewSteps("^(?:a|b)*a(?:a|b){8}$")).toBe(true);
    expect(takesFewSteps("^(?:a|b)*a(?:a|b){11}$")).toBe(true);
    expect(takesFewSteps("^(?:a{9}b){2}$")).toBe(true);
    expect(takesFewSteps("^[ab]{300}a{9}$")).toBe(true);
    expect(takesFewSteps("^(?:a?){6}$")).toBe(true);
    expect(takesFewSteps("^(?:a?){24}$")).toBe(false);
    expect(takesFewSteps("^(?:a?){24,}$")).toBe(false);
    expect(takesFewSteps("^(?:a?){400}$")).toBe(false);
    expect(takesFewSteps("^(?:a?){0,400}$")).toBe(true);
  });

  it("are few for eight characters, if the pattern is small", () => {
    for (const small of ["^[A-Z]{3}$", "^(?:a{300}|b)+$", `${"a?".repeat(11)}$`]) expect(isSmall(small)).toBe(true);
    const large = ["a?".repeat(13), "(?:a?){13}", "(?:a?){13,}", "(?:a?){400,}"];
    expect(large.filter(isSmall)).toEqual([]);
  });

  it("are many where it would take long to say how many", () => {
    // More sets of ways, more ways, more states, and a beginning that is repeated without end.
    expect(takesFewSteps("^(?:a|b)*a(?:a|b){13}$")).toBe(false);
    expect(takesFewSteps(`^${`x(?:${forms(62)})`.repeat(20)}`)).toBe(true);
    expect(takesFewSteps(`^${`x(?:${forms(62)})`.repeat(120)}`)).toBe(false);
    expect(takesFewSteps(`^${"ab".repeat(5001)}`)).toBe(false);
    expect(takesFewSteps("^(?:^)+a")).toBe(false);
  });
});
