/** A part of a pattern: the states with which it may begin and end. */
interface Part {
  readonly isNullable: boolean;
  readonly first: readonly number[];
  readonly last: readonly number[];
}

const NOTHING: Part = { isNullable: true, first: [], last: [] };
const NO_STATES: readonly number[] = [];

/** The text of the states that match no character, but where a text begins and where it ends. */
export const BEGINNING = "^";
export const END = "$";

/** How a pattern is read. */
export interface Reading {
  /** A part that may come more often than this counts as one without a limit. */
  readonly mostCopies: number;
  /** @throws {RangeError} when a pattern has more states */
  readonly mostStates: number;
}

/**
 * The automaton of a valid regular expression with the flag `u`: each character or class of it is a state, which is reached
 * when it has matched. What a look-ahead describes branches off from the states before it and leads nowhere.
 *
 */
export class Automaton {
  /** The character, class, `^` or `$` of each state, as the pattern has it. */
  readonly texts: string[] = [];
  /** The states that may follow each state, one as often as there are ways to it. */
  readonly next: number[][] = [];
  readonly first: readonly number[];
  /** The states with which a match may end. */
  readonly last: readonly number[];
  /** True if the pattern matches where no character is. */
  readonly isNullable: boolean;
  /** True if a condition that no state stands for decides too: a look-around, `\b`, or what a group matched. */
  isConditional = false;
  /** True if the pattern looks back, or compares with what a group matched that may be long. */
  looksBack = false;
  /** True if a part that has to come a certain number of times is read as one that has not. */
  isRounded = false;
  /** True if such a part may be empty: each of its turns may be, so there are more ways than are read. */
  isUnderstated = false;
  readonly #pattern: string;
  readonly #reading: Reading;
  #at = 0;
  /** How many repetitions without a limit were read. */
  #repetitions = 0;
  #refersBack = false;
  #hasLongGroup = false;

  constructor(pattern: string, reading: Partial<Reading> = {}) {
    this.#pattern = pattern;
    this.#reading = { mostCopies: Number.POSITIVE_INFINITY, mostStates: Number.POSITIVE_INFINITY, ...reading };
    const { first, last, isNullable } = this.#alternatives();
    this.first = first;
    this.last = last;
    this.isNullable = isNullable;
    this.looksBack ||= this.#refersBack && this.#hasLongGroup;
  }

  /** True if a match begins where the text begins. */
  get isAnchored(): boolean {
    return !this.isNullable && this.first.every((state) => this.texts[state] === BEGINNING);
  }

  /** The states that can be reached again from themselves. */
  looping(): readonly number[] {
    return this.next.map((_, state) => state).filter((state) => this.reachable(state).has(state));
  }

  reachable(state: number): ReadonlySet<number> {
    return reachedFrom(this.next[state] ?? NO_STATES, (each) => this.next[each] ?? NO_STATES);
  }

  /** Parts separated by `|`, up to the end or a closing parenthesis. */
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
    for (const state of last) this.next[state]?.push(...first);
  }

  /** A part with its quantifier. A part that comes several times is read as often. */
  #repeated(): Part {
    const from = this.#at;
    const part = this.#single();
    const behind = this.#at;
    const [quantifier = "", sign, least = "0", comma, most] =
      /^(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/.exec(this.#pattern.slice(behind, behind + 64)) ?? [];
    if (quantifier === "") return part;
    const min = sign === undefined ? Number(least) : sign === "+" ? 1 : 0;
    const max =
      sign === "?" ? 1 : sign !== undefined || (comma && !most) ? Number.POSITIVE_INFINITY : Number(most || least);
    const whole = part.first.length === 0 ? part : this.#copied(part, from, { min, max });
    this.#at = behind + quantifier.length;
    return max === 0 ? NOTHING : { ...whole, isNullable: whole.isNullable || min === 0 };
  }

  /** A part followed by copies of it, each of which may come only after the one before it; without a limit the last repeats. */
  #copied(part: Part, from: number, { min, max }: { readonly min: number; readonly max: number }): Part {
    const { mostCopies } = this.#reading;
    const isCounted = Number.isFinite(max) && max <= mostCopies;
    const copies = isCounted ? max : this.#leastCopies(part, Math.max(1, min));
    let whole = part;
    let ends = min <= 1 || copies === 1 ? part.last : [];
    let before = part;
    for (let copy = 2; copy <= copies; copy++) {
      this.#at = from;
      const again = this.#single();
      if (part.isNullable) whole = this.#followed(whole, again);
      else this.#connect(before, again);
      if (copy >= min) ends = [...ends, ...again.last];
      before = again;
    }
    if (!isCounted) {
      this.#connect(before, before);
      this.#repetitions++;
    }
    const isRounded = copies < min;
    this.isRounded ||= isRounded;
    this.isUnderstated ||= isRounded && part.isNullable;
    return part.isNullable ? whole : { ...whole, last: ends };
  }

  /**
   * As how many copies a part is read that counts as one without a limit. Where ways are counted, each turn is one that has
   * to come and may be empty. Where texts are matched, each is one that has to come and may not.
   */
  #leastCopies({ isNullable }: Part, min: number): number {
    const { mostCopies } = this.#reading;
    const isEach = mostCopies < Number.POSITIVE_INFINITY ? isNullable && min <= mostCopies : !isNullable;
    return isEach ? min : 1;
  }

  #single(): Part {
    const rest = this.#pattern.slice(this.#at, this.#at + 256);
    const [assertion] = /^(?:\\[bB]|\\[1-9]\d*|\\k<[^>]*>)/.exec(rest) ?? [];
    if (assertion !== undefined) {
      this.#at += assertion.length;
      this.isConditional = true;
      this.#refersBack ||= !/^\\[bB]/.test(assertion);
      return NOTHING;
    }
    const [group] = /^\((?:\?(?:<?[=!]|[a-z-]*:|<[^>]*>))?/.exec(rest) ?? [];
    if (group === undefined) return this.#character(rest);
    this.#at += group.length;
    const repetitions = this.#repetitions;
    const part = this.#alternatives();
    this.#at++;
    this.#hasLongGroup ||= this.#repetitions > repetitions;
    const isLook = /[=!]$/.test(group);
    const hasModifiers = /^\(\?[a-z-]+:/.test(group);
    this.isConditional ||= isLook || hasModifiers;
    this.looksBack ||= hasModifiers || (isLook && group.includes("<"));
    return isLook ? { isNullable: true, first: part.first, last: NO_STATES } : part;
  }

  #character(rest: string): Part {
    const [text = ""] =
      /^(?:\[(?:\\.|[^\]\\])*\]|\\(?:[pP]\{[^}]*\}|u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|u\{[^}]*\}|u[\da-fA-F]{4}|x..|c.|.)|.)/su.exec(
        rest.startsWith("[") ? this.#pattern.slice(this.#at) : rest,
      ) ?? [];
    this.#at += text.length;
    if (this.texts.length >= this.#reading.mostStates) throw new RangeError("too many states");
    const state = this.texts.push(text) - 1;
    this.next.push([]);
    return { isNullable: false, first: [state], last: [state] };
  }
}

/** What is reached from these by any number of steps, themselves included. */
export function reachedFrom<Place>(
  from: Iterable<Place>,
  following: (place: Place) => Iterable<Place>,
): ReadonlySet<Place> {
  const reached = new Set(from);
  // A set visits what is added to it on the way.
  for (const place of reached) for (const next of following(place)) reached.add(next);
  return reached;
}
