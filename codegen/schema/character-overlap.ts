/** Characters for which two classes are compared, besides those in the pattern: Latin ones, and a few others. */
const SAMPLES = [...Array.from({ length: 0x250 }, (_, code) => String.fromCodePoint(code)), ..."ʰ٣Ωя€数😀"];

/** Tells of two characters or classes of a pattern whether some character is in both, as far as samples show. */
export function overlapIn(pattern: string): (one: string, other: string) => boolean {
  const samples = samplesFor(pattern);
  const matched = new Map<string, ReadonlySet<string>>();
  const matchedBy = (text: string): ReadonlySet<string> => {
    const known = matched.get(text);
    if (known !== undefined) return known;
    const regex = new RegExp(`^${text}$`, "u");
    const found = new Set(samples.filter((sample) => regex.test(sample)));
    matched.set(text, found);
    return found;
  };
  const answers = new Map<string, boolean>();
  return (one, other) => {
    if (one === other) return true;
    const key = `${one}\0${other}`;
    const known = answers.get(key);
    if (known !== undefined) return known;
    const answer = [...matchedBy(one)].some((sample) => matchedBy(other).has(sample));
    answers.set(key, answer);
    return answer;
  };
}

/** Characters that tell the classes of a pattern apart: the samples, and those in and beside each range. */
function samplesFor(pattern: string): readonly string[] {
  const escaped = [...pattern.matchAll(/\\(?:u\{([\da-f]+)\}|u([\da-f]{4})|x([\da-f]{2}))/gi)];
  const codes = [
    ...Array.from(pattern, (character) => character.codePointAt(0) as number),
    ...escaped.map(([, ...digits]) => Number.parseInt(digits.find((each) => each !== undefined) ?? "0", 16)),
  ];
  const near = codes.flatMap((code) => [code - 1, code, code + 1]).filter((code) => code >= 0 && code <= 0x10ffff);
  return [...new Set([...SAMPLES, ...near.map((code) => String.fromCodePoint(code))])];
}
