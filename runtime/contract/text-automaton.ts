import { Alphabet } from "./alphabet.js";
import { Automaton, BEGINNING, END, reachedFrom } from "./automaton.js";

const MOST_STATES = 10_000;
/** So many sets of states are kept at a time. */
const MOST_SETS = 5_000;
/** Stands for the place before a match. */
const START = -1;

/** The states that a text may have reached, and where each symbol leads. */
interface StateSet {
  readonly states: readonly number[];
  /** What is decided, whatever follows. */
  readonly verdict: boolean | undefined;
  readonly next: (StateSet | undefined)[];
  verdictAtEnd: boolean | undefined;
}

/**
 * Decides whether a text matches a regular expression with the flag `u` in one step for each character: it follows all ways
 * at once. Where they have led before is known.
 *
 * @throws {RangeError} for a pattern that is too large, or has a look-around, a word boundary or a back reference
 */
export class TextAutomaton {
  readonly #automaton: Automaton;
  readonly #alphabet: Alphabet;
  readonly #last: ReadonlySet<number>;
  readonly #sets = new Map<string, StateSet>();
  #begin: StateSet | undefined;

  constructor(pattern: string) {
    this.#automaton = new Automaton(pattern, { mostStates: MOST_STATES });
    const { texts, next, last, isConditional } = this.#automaton;
    const endsFirst = texts.some(
      (text, state) => text === END && next[state]?.some((after) => texts[after] === BEGINNING),
    );
    if (isConditional || endsFirst) throw new RangeError("the pattern has conditions");
    this.#alphabet = new Alphabet(texts);
    this.#last = new Set(last);
  }

  test(text: string): boolean {
    if (this.#automaton.isNullable) return true;
    const alphabet = this.#alphabet;
    let set = this.#beginning();
    for (let at = 0; at < text.length; at++) {
      if (set.verdict !== undefined) return set.verdict;
      let code = text.charCodeAt(at);
      if (code >= 0xd800 && code < 0xdc00) {
        code = text.codePointAt(at) as number;
        if (code > 0xffff) at++;
      }
      const symbol = alphabet.symbolOf(code);
      set = set.next[symbol] ?? this.#follow(set, symbol);
    }
    set.verdictAtEnd ??= set.verdict ?? this.#isMatch(this.#through(END, this.#nextOf(set.states)));
    return set.verdictAtEnd;
  }

  /**
   * Whether a text can lead to so few sets only that all of them are kept. Otherwise each character may lead to one that has to
   * be made.
   */
  keepsAll(pattern: string): boolean {
    const symbols = this.#alphabet.symbolsOf(pattern);
    const reached = new Set([this.#beginning()]);
    // A set visits what is added to it on the way.
    for (const set of reached) {
      if (reached.size >= MOST_SETS) return false;
      if (set.verdict !== undefined) continue;
      for (const symbol of symbols) reached.add(set.next[symbol] ?? this.#follow(set, symbol));
    }
    return true;
  }

  #beginning(): StateSet {
    if (this.#begin !== undefined) return this.#begin;
    const begun = this.#through(BEGINNING, this.#automaton.first);
    this.#begin = this.#setOf(this.#automaton.isAnchored ? begun : [START, ...begun]);
    return this.#begin;
  }

  #follow(set: StateSet, symbol: number): StateSet {
    const { isAnchored } = this.#automaton;
    const reached = new Set(isAnchored ? [] : [START]);
    for (const state of this.#nextOf(set.states)) if (this.#alphabet.isMatched(symbol, state)) reached.add(state);
    const next = this.#setOf([...reached].sort((a, b) => a - b));
    set.next[symbol] = next;
    return next;
  }

  #setOf(states: readonly number[]): StateSet {
    const key = states.join();
    const known = this.#sets.get(key);
    if (known !== undefined) return known;
    if (this.#sets.size >= MOST_SETS) {
      this.#sets.clear();
      this.#begin = undefined;
    }
    const verdict = states.length === 0 ? false : this.#isMatch(states) || undefined;
    const set: StateSet = { states, verdict, next: [], verdictAtEnd: undefined };
    this.#sets.set(key, set);
    return set;
  }

  #isMatch(states: readonly number[]): boolean {
    return states.some((state) => this.#last.has(state));
  }

  /** The states that may follow these. */
  #nextOf(states: readonly number[]): ReadonlySet<number> {
    const { first, next } = this.#automaton;
    return new Set(states.flatMap((state) => (state === START ? first : (next[state] ?? []))));
  }

  /** The states for the beginning or the end of a text that these lead to, one after the other. */
  #through(place: typeof BEGINNING | typeof END, states: Iterable<number>): readonly number[] {
    const { texts, next } = this.#automaton;
    const among = (all: Iterable<number>): readonly number[] => [...all].filter((state) => texts[state] === place);
    return [...reachedFrom(among(states), (state) => among(next[state] ?? []))];
  }
}
