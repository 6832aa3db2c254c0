import { Automaton, reachedFrom } from "../../runtime/contract/automaton.js";
import { overlapIn } from "./character-overlap.js";

/** A part that may come more often than this counts as one without a limit. */
const MOST_COPIES = 8;
/** Of more characters within repetitions it takes too long to compare each two. */
const MOST_LOOPING = 200;
const MOST_STATES = 20_000;

/**
 * Whether a regular expression of JavaScript (with the flag `u`) may take a time that doubles with each character of a text
 * that it refuses: within a repetition the same characters can be matched in more than one way, as in `^(a+)+$` and
 * `^(a|aa)+$`. `undefined` if it is too large to be judged. A text that is never refused is not told apart.
 */
export function backtracksExponentially(pattern: string): boolean | undefined {
  try {
    const automaton = new Automaton(pattern, { mostCopies: MOST_COPIES, mostStates: MOST_STATES });
    // Each turn of `(?:a?){40}` may be the empty one.
    if (automaton.isUnderstated) return true;
    const looping = automaton.looping();
    return looping.length > MOST_LOOPING ? undefined : isAmbiguousIn(looping, automaton, pattern);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Whether two ways lead from one of the states to itself for the same text. */
function isAmbiguousIn(looping: readonly number[], automaton: Automaton, pattern: string): boolean {
  const { texts } = automaton;
  const overlap = overlapIn(pattern);
  const overlaps = (one: number, other: number): boolean => overlap(texts[one] as string, texts[other] as string);
  const within = new Set(looping);
  const next = automaton.next.map((states) => states.filter((state) => within.has(state)));
  const reach = new Map(looping.map((state) => [state, automaton.reachable(state)]));
  const isDouble = looping.some((state) =>
    (next[state] ?? []).some((one, at, all) => all.indexOf(one) !== at && reach.get(one)?.has(state)),
  );
  if (isDouble) return true;
  const size = texts.length;
  const following = (pair: number): number[] =>
    (next[Math.floor(pair / size)] ?? []).flatMap((one) =>
      (next[pair % size] ?? []).filter((other) => overlaps(one, other)).map((other) => one * size + other),
    );
  const onward = new Map<number, readonly number[]>();
  const backward = new Map<number, number[]>();
  for (const pair of reachedFrom(
    looping.map((state) => state * size + state),
    following,
  )) {
    const after = following(pair);
    onward.set(pair, after);
    for (const each of after) backward.set(each, [...(backward.get(each) ?? []), pair]);
  }
  return looping.some((state) => {
    const both = state * size + state;
    const from = reachedFrom([both], (pair) => onward.get(pair) ?? []);
    const to = reachedFrom([both], (pair) => backward.get(pair) ?? []);
    return [...from].some((pair) => Math.floor(pair / size) !== pair % size && to.has(pair));
  });
}
