import { isSmall, takesFewSteps } from "./pattern-steps.js";
import { TextAutomaton } from "./text-automaton.js";

/** Tells whether a text matches a pattern. */
export interface Pattern {
  test(text: string): boolean;
}

/** A text of so few characters is decided in few steps by any small pattern that a catalogue may have. */
const SHORT = 8;

const known = new Map<string, Pattern>();
/** More patterns than a catalogue has. */
const MOST_KNOWN = 10_000;

/**
 * A pattern of a schema. Its steps are in proportion to the text: where the regular expressions of JavaScript would go
 * through it again and again, as with `^\S+@\S+$`, a {@link TextAutomaton} goes through it once. A pattern for which neither
 * is possible is left to a regular expression; the generator refuses it.
 *
 * @throws {SyntaxError} if it is no regular expression
 *
 */
export function patternOf(source: string): Pattern {
  const found = known.get(source) ?? new SchemaPattern(source);
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(source, found);
  return found;
}

/** True if the steps of a pattern are in proportion to a text, whatever the text is. */
export function isSteady(source: string): boolean {
  return takesFewSteps(source) || automataOf(source)?.every(({ automaton, text }) => automaton.keepsAll(text)) === true;
}

class SchemaPattern implements Pattern {
  readonly #source: string;
  readonly #regex: RegExp;
  #isSmall: boolean | undefined;
  #steady: Pattern | undefined;

  constructor(source: string) {
    this.#source = source;
    this.#regex = new RegExp(source, "u");
  }

  test(text: string): boolean {
    if (text.length <= SHORT) {
      this.#isSmall ??= isSmall(this.#source);
      if (this.#isSmall) return this.#regex.test(text);
    }
    this.#steady ??= takesFewSteps(this.#source) ? this.#regex : (this.#automata() ?? this.#regex);
    return this.#steady.test(text);
  }

  #automata(): Pattern | undefined {
    const parts = automataOf(this.#source);
    return parts && { test: (text) => parts.every(({ automaton, isRefused }) => automaton.test(text) !== isRefused) };
  }

  /** Ajv tells patterns apart by their text. */
  toString(): string {
    return String(this.#regex);
  }
}

/** A pattern that a text has to match, or must not. */
interface Part {
  readonly text: string;
  readonly automaton: TextAutomaton;
  readonly isRefused: boolean;
}

/** What a text has to match, one by one: a pattern may begin with look-aheads. `undefined` if an automaton cannot tell. */
function automataOf(source: string): readonly Part[] | undefined {
  try {
    return partsOf(source).map(({ text, isRefused }) => ({ text, isRefused, automaton: new TextAutomaton(text) }));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function partsOf(source: string): readonly Pick<Part, "text" | "isRefused">[] {
  const parts: Pick<Part, "text" | "isRefused">[] = [];
  let rest = source;
  while (/^\^\(\?[=!]/.test(rest)) {
    const end = endOfGroup(rest, 1);
    parts.push({ text: `^(?:${rest.slice("^(?=".length, end)})`, isRefused: rest[3] === "!" });
    rest = `^${rest.slice(end + 1)}`;
  }
  return parts.length > 0 && hasAlternatives(rest)
    ? [{ text: source, isRefused: false }]
    : [...parts, { text: rest, isRefused: false }];
}

/** The place of the parenthesis that closes the one at a place. */
function endOfGroup(pattern: string, from: number): number {
  let depth = 0;
  for (const { token, at } of tokensOf(pattern)) {
    if (at < from) continue;
    depth += token === "(" ? 1 : token === ")" ? -1 : 0;
    if (depth === 0) return at;
  }
  return pattern.length;
}

function hasAlternatives(pattern: string): boolean {
  let depth = 0;
  for (const { token } of tokensOf(pattern)) {
    if (token === "|" && depth === 0) return true;
    depth += token === "(" ? 1 : token === ")" ? -1 : 0;
  }
  return false;
}

/** Characters, escaped ones and classes. */
function tokensOf(pattern: string): readonly { readonly token: string; readonly at: number }[] {
  const tokens = pattern.matchAll(/\\.|\[(?:\\.|[^\]\\])*\]|./gsu);
  return [...tokens].map(({ 0: token, index: at = 0 }) => ({ token, at }));
}
