/** How a text is made: which of several alternatives, and how often more than it must a part is repeated. */
interface Choice {
  readonly alternative: number;
  readonly extra: number;
}

const choices: readonly Choice[] = [0, 1, 2, 3].flatMap((alternative) =>
  [0, 1, 2, 4, 8, 16, 32, 64].map((extra) => ({ alternative, extra })),
);
/** So many texts are made for a pattern. */
const MOST = 4;
/** The characters that are tried for a class, the usual ones first. */
const SAMPLES = [..."a0A_ -.:/@,;!?#$%&()*+<=>[]^{|}~\"'\\\n\tzZ95éß€数😀"];

/**
 * Some short texts that a regular expression (with the flag `u`) matches, of different alternatives and lengths. None if
 * it has a part that is not understood, such as an assertion about what follows; it need not be anchored.
 *
 * @param fits whether a text is wanted, besides
 */
export function textsMatching(pattern: string, fits: (text: string) => boolean): readonly string[] {
  const regex = new RegExp(pattern, "u");
  const texts = new Set<string>();
  for (const choice of choices) {
    const text = new Maker(pattern, choice).text();
    if (regex.test(text) && fits(text)) texts.add(text);
    if (texts.size === MOST) break;
  }
  return [...texts];
}

/** Reads a pattern, which is known to be valid, and writes a text that it matches. */
class Maker {
  readonly #pattern: string;
  readonly #choice: Choice;
  #at = 0;

  constructor(pattern: string, choice: Choice) {
    this.#pattern = pattern;
    this.#choice = choice;
  }

  /** Parts separated by `|`, up to the end or a closing parenthesis. */
  text(): string {
    const alternatives = [this.#sequence()];
    while (this.#pattern[this.#at] === "|") {
      this.#at++;
      alternatives.push(this.#sequence());
    }
    return alternatives[this.#choice.alternative % alternatives.length] ?? "";
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
    const max = isOpen ? Number.POSITIVE_INFINITY : sign === "?" ? 1 : Number(most || least);
    return part.repeat(Math.min(min + this.#choice.extra, max, Math.max(min, 1000)));
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
    const part = this.text();
    this.#at++;
    return /[=!]$/.test(group) ? "" : part;
  }

  #character(rest: string): string {
    const [source = ""] =
      /^(?:\[(?:\\.|[^\]\\])*\]|\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|u[\da-fA-F]{4}|x..|c.|.)|.)/su.exec(rest) ?? [];
    this.#at += source.length;
    const regex = new RegExp(`^${source}$`, "u");
    return [...SAMPLES, ...source].find((sample) => regex.test(sample)) ?? "";
  }
}
