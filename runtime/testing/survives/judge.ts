import { isDeepStrictEqual } from "node:util";

import { ABSENT, differences } from "../difference.js";
import type { EffectCall } from "./effects.js";
import type { Run } from "./run.js";
import { shown, shownCall, shownError } from "./shown.js";

/** A text tells no more places than these. */
const MOST_TOLD = 5;

/** How the end of a schedule differs from the end of a clean run, in sentences. Empty if it does not. */
export function judge(clean: Run, run: Run): readonly string[] {
  const dead =
    run.deadLetter === undefined
      ? []
      : [
          `${capitalised(run.deadLetter.name)} becomes a dead letter: the handler throws at every attempt: ${shownError(run.deadLetter.error)}.`,
        ];
  const { effects, state } = clean;
  const places = [
    ...placeDifferences(state, run.state, "state"),
    ...clean.answers.flatMap((answer, at) => placeDifferences(answer, run.answers[at], answerTo(at, clean.answers))),
  ];
  return [...dead, ...effectDifferences(effects, run.effects), ...places];
}

function answerTo(at: number, { length }: readonly unknown[]): string {
  return length === 1 ? "the answer" : `the answer to message ${at + 1}`;
}

function capitalised(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

function effectDifferences(expected: readonly EffectCall[], actual: readonly EffectCall[]): readonly string[] {
  const told: EffectCall[] = [];
  return [...expected, ...actual].flatMap((call) => {
    if (told.some((known) => isSame(known, call))) return [];
    told.push(call);
    const times = (calls: readonly EffectCall[]): number => calls.filter((one) => isSame(one, call)).length;
    const [wanted, got] = [times(expected), times(actual)];
    return wanted === got
      ? []
      : [`${shownCall(`effects.${call.name}`, call.args)} ${inWords(got)}; in a clean run it ${inWords(wanted)}.`];
  });
}

function isSame(one: EffectCall, other: EffectCall): boolean {
  return one.name === other.name && isDeepStrictEqual(one.args, other.args);
}

function inWords(times: number): string {
  return ["never took effect", "took effect once", "took effect twice"][times] ?? `took effect ${times} times`;
}

function placeDifferences(expected: unknown, actual: unknown, path: string): readonly string[] {
  const found = differences(expected, actual, path);
  const told = found.slice(0, MOST_TOLD).map(({ path, expected: before, actual: after }) => {
    if (before === ABSENT) return `${path} is ${shown(after)}, and absent after a clean run.`;
    if (after === ABSENT) return `${path} is absent, and ${shown(before)} after a clean run.`;
    return `${path} is ${shown(after)}, and ${shown(before)} after a clean run.`;
  });
  return found.length > MOST_TOLD ? [...told, `${found.length - MOST_TOLD} more places of ${path} differ.`] : told;
}
