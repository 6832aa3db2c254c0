/** Decides between the texts that a pattern matches. */
export interface PatternChoice {
  /** The index of one of so many alternatives. */
  alternative(count: number): number;
  /** How often a part is repeated that stands at least `min` and at most `max` times. */
  times(min: number, max: number): number;
  /** A character that a class or an escape matches, which stands in the pattern as `source`. */
  character(regex: RegExp, source: string): string;
  /** Whether it is asked anew each time that a part is repeated. */
  readonly isVaried: boolean;
}

/**
 * A text that a valid pattern (with the flag `u`) may match. Assertions count as nothing, and so does what is looked for ahead
 * or behind: the pattern itself tells whether it matches.
 */
export function patternText(pattern: string, choice: PatternChoice): string {
  return new Reader(pattern, choice).alternatives();
}

/** Reads a pattern and writes a text for each part of it. */
class Reader {
  readonly #pattern: string;
  readonly #choice: PatternChoice;
  #at = 0;

  constructor(pattern: string, choice: PatternChoice) {
    this.#pattern = pattern;
    this.#choice = choice;
  }

  /** Parts separated by `|`, up to the end or a closing parenthesis. */
  alternatives(): string {
    const texts = [this.#sequence()];
    while (this.#pattern[this.#at] === "|") {
      this.#at++;
      texts.push(this.#sequence());
    }
    return texts[this.#choice.alternative(texts.length)] ?? "";
  }

  #sequence(): string {
    let text = "";
    while (this.#at < this.#pattern.length && !"|)".includes(this.#pattern[this.#at] as string))
      text += this.#repeated();
    return text;
  }

  #repeated(): string {
    const from = this.#at;
    const part = this.#single();
    const behind = this.#at;
    const [quantifier = "", sign, least = "0", comma, most] =
      /^(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/.exec(this.#pattern.slice(behind)) ?? [];
    if (quantifier === "") return part;
    const min = sign === undefined ? Number(least) : sign === "+" ? 1 : 0;
    const isOpen = sign === "*" || sign === "+" || (comma === "," && most === "");
    const max = isOpen ? Number.POSITIVE_INFINITY : sign === "?" ? 1 : Number(most || least);
    const times = this.#choice.times(min, max);
    const text = this.#choice.isVaried ? this.#anew(from, part, times) : part.repeat(times);
    this.#at = behind + quantifier.length;
    return text;
  }

  #anew(from: number, part: string, times: number): string {
    let text = times === 0 ? "" : part;
    for (let time = 1; time < times; time++) {
      this.#at = from;
      text += this.#single();
    }
    return text;
  }

  #single(): string {
    const rest = this.#pattern.slice(this.#at);
    const [assertion] = /^(?:[\^$]|\\[bB]|\\[1-9]\d*|\\k<[^>]*>)/.exec(rest) ?? [];
    if (assertion !== undefined) {
      this.#at += assertion.length;
      return "";
    }
    const [group] = /^\((?:\?(?:<?[=!]|:|<[^>]*>))?/.exec(rest) ?? [];
    if (group === undefined) return this.#character(rest);
    this.#at += group.length;
    const text = this.alternatives();
    this.#at++;
    return /[=!]$/.test(group) ? "" : text;
  }

  #character(rest: string): string {
    const [source = ""] =
      /^(?:\[(?:\\.|[^\]\\])*\]|\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|u[\da-fA-F]{4}|x..|c.|.)|.)/su.exec(rest) ?? [];
    this.#at += source.length;
    return this.#choice.character(new RegExp(`^${source}$`, "u"), source);
  }
}
