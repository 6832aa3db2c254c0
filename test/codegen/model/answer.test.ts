import fc from "fast-check";
import { expect, it } from "vitest";
import { Answers } from "../../../codegen/model/answer.js";
import { runs } from "../../support/runs.js";

/** Each question is `true` if it is so by itself, or if all questions of one of its groups are. */
interface Question {
  readonly isTrue: boolean;
  readonly groups: readonly (readonly number[])[];
}

const SIZE = 7;
const group = fc.array(fc.nat({ max: SIZE - 1 }), { minLength: 1, maxLength: 3 });
const question: fc.Arbitrary<Question> = fc.record({
  isTrue: fc.nat({ max: 4 }).map((dice) => dice === 0),
  groups: fc.array(group, { maxLength: 3 }),
});

function smallestSetOf(questions: readonly Question[]): readonly boolean[] {
  let found = questions.map(() => false);
  for (;;) {
    const next = questions.map(({ isTrue, groups }) => isTrue || groups.some((all) => all.every((at) => found[at])));
    if (next.every((answer, at) => answer === found[at])) return found;
    found = next;
  }
}

it("gives the smallest set of what follows, in whatever order the questions are asked", () => {
  const order = fc.array(fc.nat({ max: SIZE - 1 }), { maxLength: 2 * SIZE });
  fc.assert(
    fc.property(fc.array(question, { minLength: SIZE, maxLength: SIZE }), order, (questions, asked) => {
      const answers = new Answers();
      const ask = (at: number): boolean =>
        answers.answer(`${at}`, () => {
          const { isTrue = false, groups = [] } = questions[at] ?? {};
          return isTrue || groups.some((all) => all.every(ask));
        });
      const expected = smallestSetOf(questions);
      expect(asked.map(ask)).toEqual(asked.map((at) => expected[at]));
      expect(questions.map((_, at) => ask(at))).toEqual(expected);
    }),
    runs(2000),
  );
});

it("finds an answer that rests on no open question once", () => {
  const answers = new Answers();
  let found = 0;
  const leaf = (): boolean => answers.answer("leaf", () => ++found === 0);
  expect([answers.answer("root", () => leaf() || leaf()), leaf(), found]).toEqual([false, false, 1]);
});

it("asks again what rested on an answer that has become true, and keeps what is true in any case", () => {
  const answers = new Answers();
  const first = (): boolean => answers.answer("first", () => second() || true);
  const second = (): boolean => answers.answer("second", first);
  expect([first(), second()]).toEqual([true, true]);

  const outer = (): boolean => answers.answer("outer", () => inner() && inner());
  const inner = (): boolean => answers.answer("inner", () => outer() || true);
  expect([outer(), inner()]).toEqual([true, true]);
});

it("knows the outermost question that an answer rests on, through others", () => {
  const answers = new Answers();
  const outer = (): boolean => answers.answer("outer", () => middle() || true);
  const middle = (): boolean => answers.answer("middle", () => inner());
  const inner = (): boolean => answers.answer("inner", () => middle() || outer());
  expect([outer(), middle(), inner()]).toEqual([true, true, true]);
});

it("keeps what rested on an answer that stayed false, and finds it once", () => {
  const answers = new Answers();
  const found: string[] = [];
  const note = (name: string, find: () => boolean) => (): boolean => {
    found.push(name);
    return find();
  };
  const outer = (): boolean => answers.answer("outer", note("outer", inner));
  const inner = (): boolean => answers.answer("inner", note("inner", outer));
  expect([outer(), inner(), outer()]).toEqual([false, false, false]);
  // It rests on nothing that is open any more, so what asks it does not either.
  const root = (): boolean =>
    answers.answer(
      "root",
      note("root", () => leaf() || leaf() || true),
    );
  const leaf = (): boolean =>
    answers.answer(
      "leaf",
      note("leaf", () => inner() || root()),
    );
  expect([root(), leaf(), found]).toEqual([true, true, ["outer", "inner", "root", "leaf", "leaf"]]);
});
