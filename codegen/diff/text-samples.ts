import { type PatternChoice, patternText } from "../schema/pattern-text.js";

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
    const text = patternText(pattern, new VariedChoice(variant));
    texts.add(text);
    texts.add(`${text}a`).add(`a${text}`);
  }
  const regex = new RegExp(pattern, "u");
  return [...texts].filter((text) => regex.test(text));
}

/** Chooses otherwise for each variant and at each place. */
class VariedChoice implements PatternChoice {
  readonly isVaried = true;
  readonly #variant: number;
  #choices = 0;

  constructor(variant: number) {
    this.#variant = variant;
  }

  alternative(count: number): number {
    this.#choices++;
    return count === 0 ? 0 : (this.#variant * (this.#choices === 1 ? 1 : this.#choices + 2)) % count;
  }

  times(min: number, max: number): number {
    return Math.min(max, min + (REPEATED[this.alternative(REPEATED.length)] as number));
  }

  character(regex: RegExp, source: string): string {
    const fitting = [...new Set([...source, ...CHARACTERS].filter((character) => regex.test(character)))];
    return fitting[this.alternative(fitting.length)] ?? "";
  }
}
