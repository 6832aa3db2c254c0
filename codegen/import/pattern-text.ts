/** Characters that stand for a class, the plainest first. */
const CHARACTERS = [..."a1A-_. /:@0Z9é €", "\n", "\t"];
/** So many forms of a text are tried. */
const VARIANTS = 6;

/**
 * A text that a pattern matches; `undefined` if none is found. Patterns say more than can be followed, so each text is
 * tested.
 */
export function textFor(pattern: string, least: number, most: number): string | undefined {
  let regex: RegExp;
  try {
    regex = new RegExp(pattern, "u");
  } catch {
    return undefined;
  }
  for (let copies = 0; copies < VARIANTS; copies++) {
    for (let choice = 0; choice < VARIANTS; choice++) {
      const text = new Reader(pattern, choice, copies).alternatives();
      for (const padded of [text, text.padEnd(least, "a"), text.padEnd(least, "1")]) {
        const { length } = [...padded];
        if (length >= least && length <= most && regex.test(padded)) return padded;
      }
    }
  }
  return undefined;
}

/** Reads a valid pattern and writes a text for each part of it. */
class Reader {
  readonly #pattern: string;
  readonly #choice: number;
  readonly #copies: number;
  #at = 0;

  constructor(pattern: string, choice: number, copies: number) {
    this.#pattern = pattern;
    this.#choice = choice;
    this.#copies = copies;
  }

  alternatives(): string {
    const texts = [this.#sequence()];
    while (this.#pattern[this.#at] === "|") {
      this.#at++;
      texts.push(this.#sequence());
    }
    return texts[this.#choice % texts.length] ?? "";
  }

  #sequence(): string {
    let text = "";
    while (this.#at < this.#pattern.length && !"|)".includes(this.#pattern[this.#at] as string))
      text += this.#repeated();
    return text;
  }

  #repeated(): string {
    const part = this.#single();
    const [quantifier = "", sign, least = "0", comma, most] =
      /^(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/.exec(this.#pattern.slice(this.#at)) ?? [];
    if (quantifier === "") return part;
    this.#at += quantifier.length;
    const min = sign === undefined ? Number(least) : sign === "+" ? 1 : 0;
    const isOpen = sign === "*" || sign === "+" || (comma === "," && most === "");
    const max = sign === "?" ? 1 : isOpen ? Number.POSITIVE_INFINITY : Number(most || least);
    return part.repeat(Math.min(max, min + this.#copies, 10_000));
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
    // What is looked for ahead or behind takes no place; whether it is there the test tells.
    return /[=!]$/.test(group) ? "" : text;
  }

  #character(rest: string): string {
    const [text = ""] =
      /^(?:\[(?:\\.|[^\]\\])*\]|\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|u[\da-fA-F]{4}|x..|c.|.)|.)/su.exec(rest) ?? [];
    this.#at += text.length;
    const regex = new RegExp(`^${text}$`, "u");
    const named = [...text].filter((character) => /[^\\[\]^]/.test(character));
    return [...named, ...CHARACTERS].find((character) => regex.test(character)) ?? "";
  }
}
