import { Alphabet } from "./alphabet.js";
import { Automaton, BEGINNING } from "./automaton.js";

/** So many steps at each character are few, and so many more at some of them. */
const MOST_STEPS = 64;
const MOST_MORE = 500;
/**
 * A part that may come more often counts as one without a limit, which makes no steps fewer, unless it may be empty. What is
 * few steps by the first number is found soon.
 */
const MOST_COPIES = [8, 300];
const MOST_STATES = 10_000;
/** A small pattern has so many states at most. */
const SMALL = 12;
/** So many sets of ways are looked at. */
const MOST_SETS = 5_000;
/** So many ways are followed in all, which takes some 20 ms. */
const MOST_FOLLOWED = 500_000;

/** The number of ways that lead to each state. */
type Ways = ReadonlyMap<number, number>;

/**
 * Whether the regular expressions of JavaScript (with the flag `u`) decide a pattern in a few steps for each character,
 * whatever the text is. They try one way after the other, so the steps are the ways in which the beginnings of a text can be
 * matched. In `^\s*\s*$` there are as many as there are places at which a text can leave the first repetition for the
 * second. A pattern that is not bound to the beginning is tried from each character, so that `\s+$` has as many ways. A text
 * leaves the first repetition of `^[^@]+@[^@]+$` at its first `@`, so that there are few; in `^\S+@\S+$` the second one may begin
 * anywhere in `@@@@`.
 *
 * @returns `false` also for a pattern that is too large to be judged
 */
export function takesFewSteps(pattern: string): boolean {
  return MOST_COPIES.some((mostCopies) => {
    try {
      const automaton = new Automaton(pattern, { mostCopies, mostStates: MOST_STATES });
      return !automaton.looksBack && !automaton.isUnderstated && new Search(automaton, pattern).isBounded();
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
  });
}

/** Whether a pattern has so few states that a text of eight characters has few ways, unless they double with each character. */
export function isSmall(pattern: string): boolean {
  try {
    return !new Automaton(pattern, { mostCopies: SMALL, mostStates: SMALL }).isUnderstated;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** Follows all ways of a pattern at once, by each symbol that leads on. */
class Search {
  readonly #automaton: Automaton;
  readonly #alphabet: Alphabet;
  readonly #symbols: readonly number[];
  readonly #ends: ReadonlySet<number>;
  /** The states with which a match may begin at any character. */
  readonly #anywhere: readonly number[];
  #followed = 0;

  constructor(automaton: Automaton, pattern: string) {
    const { texts, first, last, isConditional, isNullable, isRounded } = automaton;
    this.#automaton = automaton;
    this.#alphabet = new Alphabet(texts);
    this.#symbols = this.#alphabet.symbolsOf(pattern);
    // The first way that comes there is the last one: whatever follows, the text matches.
    this.#ends = new Set(isConditional || isRounded ? [] : last);
    const matchesAtOnce = isNullable && !isConditional && !isRounded;
    this.#anywhere = matchesAtOnce ? [] : first.filter((state) => texts[state] !== BEGINNING);
  }

  isBounded(): boolean {
    const begin = this.#beginning();
    const sets: Ways[] = [begin];
    /** How many more steps a text may have taken that leads to each set. */
    const more = new Map([[keyOf(begin), 0]]);
    for (let ways = sets.pop(); ways !== undefined; ways = sets.pop()) {
      const before = more.get(keyOf(ways)) ?? 0;
      for (const symbol of this.#symbols) {
        const after = this.#after(ways, symbol);
        const key = keyOf(after);
        const taken = Math.max(0, before + this.#stepsOf(after) - MOST_STEPS);
        if (taken <= (more.get(key) ?? -1)) continue;
        more.set(key, taken);
        if (taken > MOST_MORE || more.size > MOST_SETS || this.#followed > MOST_FOLLOWED) return false;
        sets.push(after);
      }
    }
    return true;
  }

  /** The ways to the first character. That which has matched nothing yet is at -1. */
  #beginning(): Ways {
    const ways = new Map([[-1, 1]]);
    const { texts, first, next } = this.#automaton;
    const waiting = first.filter((state) => texts[state] === BEGINNING);
    for (const state of waiting) {
      ways.set(state, (ways.get(state) ?? 0) + 1);
      if (waiting.length > MOST_STATES) throw new RangeError("the beginning is repeated");
      waiting.push(...(next[state] ?? []).filter((each) => texts[each] === BEGINNING));
    }
    return ways;
  }

  /** The ways after one more character. */
  #after(ways: Ways, symbol: number): Ways {
    const after = new Map<number, number>();
    const follow = (states: readonly number[], count: number): void => {
      this.#followed += states.length;
      for (const state of states) {
        if (!this.#alphabet.isMatched(symbol, state)) continue;
        after.set(state, this.#ends.has(state) ? 1 : (after.get(state) ?? 0) + count);
      }
    };
    for (const [state, count] of ways) if (state >= 0) follow(this.#automaton.next[state] ?? [], count);
    follow(ways.has(-1) ? this.#automaton.first : this.#anywhere, 1);
    return after;
  }

  #stepsOf(ways: Ways): number {
    let steps = this.#anywhere.length;
    for (const [state, count] of ways) steps += count * (1 + (this.#automaton.next[state]?.length ?? 0));
    return steps;
  }
}

function keyOf(ways: Ways): string {
  return [...ways]
    .sort(([a], [b]) => a - b)
    .map(([state, count]) => `${state}x${count}`)
    .join();
}
