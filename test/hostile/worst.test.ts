import fc from "fast-check";
import { expect, it } from "vitest";
import { patternOf } from "../../runtime/contract/pattern.js";
import { compileReader, compileWriter } from "../../runtime/contract/validation.js";
import { problemsOf, sound } from "../codegen/catalogue.js";
import { stepsOf } from "../codegen/growth/steps.js";
import { sourceOf, triesOf } from "../runtime/contract/backtracking-matcher.js";
import { runs } from "../support/runs.js";
import { type WorstCase, worstCases } from "./worst-case.js";

/** So many steps may each byte of a message take, to read it or to write it. */
const MOST_STEPS = 100;
const BYTES = 3000;

/** The texts that a check has the regular expression of a pattern decide. */
function decidedBy(source: string, check: () => void): readonly string[] {
  const texts: string[] = [];
  const { test } = RegExp.prototype;
  RegExp.prototype.test = function (this: RegExp, text) {
    if (this.source === source) texts.push(text);
    // It might take hours.
    return this.source !== source && test.call(this, text);
  };
  check();
  RegExp.prototype.test = test;
  return texts;
}

/** The steps of a regular expression are not seen from outside, so they are counted by a matcher that works alike. */
function triesFor({ matched, schema }: WorstCase, value: unknown, bytes: number): number {
  if (matched === undefined) return 0;
  const source = sourceOf(matched);
  patternOf(source).test("a text that is not short");
  const texts = decidedBy(source, () => compileReader({ ...schema })(value));
  return texts.reduce((sum, text) => sum + triesOf(matched, text, 2 * MOST_STEPS * bytes), 0);
}

it("a check takes few steps for each byte of a value, whatever an accepted schema and the value are", async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(worstCases(), async (one) => {
      if ((await problemsOf({ ...sound, "types/a.json": one.schema })).length > 0) return;
      accepted++;
      const stepsFor = async (bytes: number): Promise<number> => {
        const value = one.value(bytes);
        // Only what is compiled while steps are counted counts them all.
        const steps = await stepsOf(() => {
          for (const check of [compileReader(one.schema), compileWriter(one.schema)]) {
            // The first values are interpreted.
            for (let time = 0; time < 301; time++) check(one.value(0));
            check(value);
          }
        });
        return steps + triesFor(one, value, bytes);
      };
      // What is found out of a pattern is kept, and some work is done the first time, some the second.
      for (let time = 0; time < 2; time++) await stepsFor(BYTES);
      const [few, many, most] = [await stepsFor(BYTES), await stepsFor(2 * BYTES), await stepsFor(3 * BYTES)];
      expect([one.name, (most - many) / BYTES]).toEqual([one.name, expect.toSatisfy((each) => each < MOST_STEPS)]);
      // Nothing that is small now grows with the square.
      const isGrowing = most - many > 1.3 * (many - few) + BYTES;
      expect([one.name, isGrowing, few, many, most]).toEqual([one.name, false, few, many, most]);
    }),
    { ...runs(8), endOnFailure: true },
  );
  expect(accepted).toBeGreaterThan(3);
}, 600_000);
