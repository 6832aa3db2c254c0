/** A part of a pattern: the characters with which it may begin and end, by their numbers. */
interface Part {
  readonly isNullable: boolean;
  readonly first: readonly number[];
  readonly last: readonly number[];
}

const NOTHING: Part = { isNullable: true, first: [], last: [] };
/** A part that may come more often than this counts as one without a limit. */
const MOST_COPIES = 8;
/** Of more characters within repetitions it takes too long to compare each two. */
const MOST_LOOPING = 200;
/** Characters for which two classes are compared, besides those in the pattern: Latin ones, and a few others. */
const SAMPLES = [...Array.from({ length: 0x250 }, (_, code) => String.fromCodePoint(code)), ..."ʰ٣Ωя€数😀"];

/**
 * Whether a regular expression of JavaScript (with the flag `u`) may take a time that doubles with each character of a text
 * that it refuses: within a repetition the same characters can be matched in more than one way, as in `^(a+)+$` and
 * `^(a|aa)+$`. `undefined` if it is too large to be judged. A text that is never refused is not told apart.
 */
export function backtracksExponentially(pattern: string): boolean | undefined {
  const automaton = new Automaton(pattern);
  const looping = automaton.looping();
  if (looping.length > MOST_LOOPING) return undefined;
  return automaton.isAmbiguousIn(looping);
}

/** The automaton of a pattern: each character or class of it is a state, which is reached when it has matched. */
class Automaton {
  readonly #pattern: string;
  readonly #characters: string[] = [];
  /** The states that may follow each state, one as often as there are ways to it. */
  readonly #next: number[][] = [];
  #at = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
    this.#alternatives();
  }

  /** The states that can be reached again from themselves. */
  looping(): readonly number[] {
    return this.#next.map((_, state) => state).filter((state) => this.#reachable(state).has(state));
  }

  /** Whether two ways lead from one of the states to itself for the same text. */
  isAmbiguousIn(looping: readonly number[]): boolean {
    const { overlaps } = overlapsOf(this.#pattern, this.#characters, looping);
    const within = new Set(looping);
    const next = this.#next.map((states) => states.filter((state) => within.has(state)));
    const reach = new Map(looping.map((state) => [state, this.#reachable(state)]));
    const isDouble = looping.some((state) =>
      (next[state] ?? []).some((one, at, all) => all.indexOf(one) !== at && reach.get(one)?.has(state)),
    );
    if (isDouble) return true;
    const size = this.#characters.length;
    const following = (pair: number): number[] =>
      (next[Math.floor(pair / size)] ?? []).flatMap((one) =>
        (next[pair % size] ?? []).filter((other) => overlaps(one, other)).map((other) => one * size + other),
      );
    const onward = new Map<number, readonly number[]>();
    const backward = new Map<number, number[]>();
    for (const pair of reachedFrom(
      looping.map((state) => state * size + state),
      (each) => following(each),
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

  #reachable(state: number): ReadonlySet<number> {
    return reachedFrom(this.#next[state] ?? [], (each) => this.#next[each] ?? []);
  }

  /** Parts separated by `|`, up to the end or a closing parenthesis. The pattern is known to be valid. */
  #alternatives(): Part {
    let whole = this.#sequence();
    while (this.#pattern[this.#at] === "|") {
      this.#at++;
      const other = this.#sequence();
      whole = {
        isNullable: whole.isNullable || other.isNullable,
        first: [...whole.first, ...other.first],
        last: [...whole.last, ...other.last],
      };
    }
    return whole;
  }

  #sequence(): Part {
    let whole = NOTHING;
    while (this.#at < this.#pattern.length && !"|)".includes(this.#pattern[this.#at] as string)) {
      whole = this.#followed(whole, this.#repeated());
    }
    return whole;
  }

  #followed(one: Part, other: Part): Part {
    this.#connect(one, other);
    return {
      isNullable: one.isNullable && other.isNullable,
      first: one.isNullable ? [...one.first, ...other.first] : one.first,
      last: other.isNullable ? [...one.last, ...other.last] : other.last,
    };
  }

  #connect({ last }: Part, { first }: Part): void {
    for (const state of last) this.#next[state]?.push(...first);
  }

  /** A part with its quantifier. A part that comes several times is read as often. */
  #repeated(): Part {
    const from = this.#at;
    let part = this.#single();
    const behind = this.#at;
    const [quantifier = "", sign, least = "0", comma, most] =
      /^(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/.exec(this.#pattern.slice(behind)) ?? [];
    if (quantifier === "") return part;
    const min = sign === undefined ? Number(least) : sign === "+" ? 1 : 0;
    const max =
      sign === "?" ? 1 : sign !== undefined || (comma && !most) ? Number.POSITIVE_INFINITY : Number(most || least);
    if (max > MOST_COPIES) this.#connect(part, part);
    else part = this.#copied(part, from, { min, max });
    this.#at = behind + quantifier.length;
    return max === 0 ? NOTHING : { ...part, isNullable: part.isNullable || min === 0 };
  }

  /** A part followed by copies of it, each of which may come only after the one before it. */
  #copied(part: Part, from: number, { min, max }: { readonly min: number; readonly max: number }): Part {
    let whole = part;
    let ends = min <= 1 ? part.last : [];
    for (let copy = 2, before = part; copy <= max; copy++) {
      this.#at = from;
      const again = this.#single();
      if (part.isNullable) whole = this.#followed(whole, again);
      else this.#connect(before, again);
      if (copy >= min) ends = [...ends, ...again.last];
      before = again;
    }
    return part.isNullable ? whole : { ...whole, last: ends };
  }

  #single(): Part {
    const rest = this.#pattern.slice(this.#at);
    const [assertion] = /^(?:[\^$]|\\[bB]|\\[1-9]\d*|\\k<[^>]*>)/.exec(rest) ?? [];
    if (assertion !== undefined) {
      this.#at += assertion.length;
      return NOTHING;
    }
    const [group] = /^\((?:\?(?:<?[=!]|:|<[^>]*>))?/.exec(rest) ?? [];
    if (group === undefined) return this.#character(rest);
    this.#at += group.length;
    const part = this.#alternatives();
    this.#at++;
    return /[=!]$/.test(group) ? NOTHING : part;
  }

  #character(rest: string): Part {
    const [text = ""] =
      /^(?:\[(?:\\.|[^\]\\])*\]|\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|u[\da-fA-F]{4}|x..|c.|.)|.)/su.exec(rest) ?? [];
    this.#at += text.length;
    const state = this.#characters.push(text) - 1;
    this.#next.push([]);
    return { isNullable: false, first: [state], last: [state] };
  }
}

function reachedFrom(from: readonly number[], following: (state: number) => readonly number[]): ReadonlySet<number> {
  const reached = new Set(from);
  // A set visits what is added to it on the way.
  for (const state of reached) for (const next of following(state)) reached.add(next);
  return reached;
}

/** Tells of two states whether there is a character that both match, as far as samples show. */
function overlapsOf(pattern: string, characters: readonly string[], states: readonly number[]) {
  const escaped = [...pattern.matchAll(/\\(?:u\{([\da-f]+)\}|u([\da-f]{4})|x([\da-f]{2}))/gi)];
  const codes = [
    ...Array.from(pattern, (character) => character.codePointAt(0) as number),
    ...escaped.map(([, ...digits]) => Number.parseInt(digits.find((each) => each !== undefined) ?? "0", 16)),
  ];
  const near = codes.flatMap((code) => [code - 1, code, code + 1]).filter((code) => code >= 0 && code <= 0x10ffff);
  const samples = [...new Set([...SAMPLES, ...near.map((code) => String.fromCodePoint(code))])];
  const matched = new Map<string, ReadonlySet<string>>();
  for (const state of states) {
    const text = characters[state] as string;
    const regex = new RegExp(`^${text}$`, "u");
    if (!matched.has(text)) matched.set(text, new Set(samples.filter((sample) => regex.test(sample))));
  }
  const known = new Map<string, boolean>();
  const overlaps = (one: number, other: number): boolean => {
    const [a, b] = [characters[one] as string, characters[other] as string];
    if (a === b) return true;
    const key = `${a}\0${b}`;
    if (!known.has(key))
      known.set(
        key,
        [...(matched.get(a) ?? [])].some((sample) => matched.get(b)?.has(sample)),
      );
    return known.get(key) as boolean;
  };
  return { overlaps };
}
