/** Texts of each format, also such as one of two formats or limits would refuse. */
export const formatSamples: Readonly<Record<string, readonly string[]>> = {
  "date-time": ["2026-11-23T08:00:00Z", "2026-11-23T08:00:00.123456789+02:00", "2024-02-29T23:59:59-11:30"],
  date: ["2026-11-23", "2024-02-29"],
  time: ["08:00:00Z", "23:59:59.5+02:00"],
  email: ["ada@example.com", "a@b", "a.very.long.address.of.somebody@sub.domain.example.com"],
  hostname: ["example.com", "a", "sub-domain.of.a.long.name.example.com"],
  ipv4: ["127.0.0.1", "255.255.255.255", "0.0.0.0"],
  ipv6: ["::1", "2001:db8::8a2e:370:7334", "::ffff:192.0.2.1"],
  uri: ["https://example.com/a", "urn:a", "mailto:ada@example.com"],
  uuid: ["9b9b7d4e-3a43-4b7e-9d0c-6d1a2f0c4f11", "00000000-0000-0000-0000-000000000000"],
};

/** Texts that tell most patterns, formats and lengths apart. */
export const plainTexts: readonly string[] = [
  ...[
    "a",
    "",
    " ",
    "x",
    "A",
    "Z9",
    "0",
    "5",
    "12",
    "-1",
    "1.5",
    "abc",
    "ABC",
    "a b",
    "a-b",
    "a_b",
    "a:b",
    "ä",
    "😀",
    "true",
    "null",
    "!",
    "aa",
  ],
];

const CHARACTERS = [
  ..."abxyzABCXYZ019 -_.:,;/@+#~!?%&()[]{}='\"\\äß€😀\n\tcdefghijklmnopqrstuvwDEFGHIJKLMNOPQRSTUVW2345678",
];
/** So many texts are made for a pattern, each with other characters and other numbers of repetitions. */
const VARIANTS = 40;
const REPEATED = [0, 1, 2, 3, 7, 20, 60];

/** Texts that a pattern matches, as far as its groups and classes tell. */
export function patternSamples(pattern: string): readonly string[] {
  const texts = new Set<string>();
  for (let variant = 0; variant < VARIANTS; variant++) {
    const text = new PatternSample(pattern, variant).text();
    texts.add(text);
    texts.add(`${text}a`).add(`a${text}`);
  }
  const regex = new RegExp(pattern, "u");
  return [...texts].filter((text) => regex.test(text));
}

/** One text of a pattern. Assertions count as nothing, so a text may be none of the pattern. */
class PatternSample {
  readonly #pattern: string;
  readonly #variant: number;
  #at = 0;
  #choices = 0;

  constructor(pattern: string, variant: number) {
    this.#pattern = pattern;
    this.#variant = variant;
  }

  text(): string {
    return this.#alternatives();
  }

  /** One of so many, another for each variant and each place. */
  #choose(count: number): number {
    this.#choices++;
    return count === 0 ? 0 : (this.#variant * (this.#choices === 1 ? 1 : this.#choices + 2)) % count;
  }

  #alternatives(): string {
    const texts = [this.#sequence()];
    while (this.#pattern[this.#at] === "|") {
      this.#at++;
      texts.push(this.#sequence());
    }
    return texts[this.#choose(texts.length)] as string;
  }

  #sequence(): string {
    let text = "";
    while (this.#at < this.#pattern.length && !"|)".includes(this.#pattern[this.#at] as string))
      text += this.#repeated();
    return text;
  }

  #repeated(): string {
    const from = this.#at;
    const first = this.#single();
    const behind = this.#at;
    const [quantifier = "", sign, least = "0", comma, most] =
      /^(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/.exec(this.#pattern.slice(behind)) ?? [];
    if (quantifier === "") return first;
    const min = sign === undefined ? Number(least) : sign === "+" ? 1 : 0;
    const isEndless = sign === "*" || sign === "+" || (comma === "," && most === "");
    const max = isEndless ? Number.POSITIVE_INFINITY : sign === "?" ? 1 : Number(most || least);
    const times = Math.min(max, min + (REPEATED[this.#choose(REPEATED.length)] as number));
    let text = "";
    for (let time = 0; time < times; time++) {
      this.#at = from;
      text += time === 0 ? first : this.#single();
    }
    this.#at = behind + quantifier.length;
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
    const text = this.#alternatives();
    this.#at++;
    return /[=!]$/.test(group) ? "" : text;
  }

  #character(rest: string): string {
    const [part = "."] =
      /^(?:\[(?:\\.|[^\]\\])*\]|\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|u[\da-fA-F]{4}|x..|c.|.)|.)/su.exec(rest) ?? [];
    this.#at += part.length;
    const regex = new RegExp(`^(?:${part})$`, "u");
    const own = [...part].filter((character) => regex.test(character));
    const fitting = [...new Set([...own, ...CHARACTERS.filter((character) => regex.test(character))])];
    return fitting[this.#choose(fitting.length)] ?? "";
  }
}
