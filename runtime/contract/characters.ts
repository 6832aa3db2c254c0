/** Latin characters. The edges of `\w` and `\d` are among them. */
const LATIN = Array.from({ length: 0x100 }, (_, code) => code);
/** Where `\s` and `.` begin and end beyond these. */
const SPACES = [
  0x1680, 0x1681, 0x2000, 0x200b, 0x2028, 0x202a, 0x202f, 0x2030, 0x205f, 0x2060, 0x3000, 0x3001, 0xfeff, 0xff00,
];
/** Surrogates, which stand alone where a text is no Unicode. */
const SURROGATES = [0xd800, 0xdc00, 0xe000];
const MOST = 0x10ffff;

/** What Unicode has characters for. The rest is private or unassigned, each plane but for its last two as one. */
const ASSIGNED = [
  [0, 0xd800],
  [0xe000, 0x40000],
  [0xe0000, 0xe1001],
] as const;
const UNASSIGNED = [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16].flatMap((plane) => [
  plane << 16,
  (plane << 16) + 0xfffe,
]);

/** A surrogate pair, a character by its number, or a character as it is, which may be escaped. */
const NAMED = /\\u(d[89ab][\da-f]{2})\\u(d[c-f][\da-f]{2})|\\u(?:\{([\da-f]+)\}|([\da-f]{4}))|\\?(.)/gisu;

const edges = new Map<string, readonly number[]>();

/**
 * The codes of at least one character of each kind that a regular expression (with the flag `u`) tells apart. A class begins
 * and ends at a character that the pattern names, or where one of Unicode does.
 */
export function charactersOf(pattern: string): readonly number[] {
  const named = Array.from(pattern.matchAll(NAMED), ([, high, low, braced, digits, character]) => {
    if (low !== undefined) return codeOf(`${fromHex(high)}${fromHex(low)}`);
    return codeOf(character ?? fromHex(braced ?? digits));
  });
  const properties = Array.from(pattern.matchAll(/\\(?:p(\{[^}]*\})|.)/gis), ([, property]) => property ?? []).flat();
  const between = [...new Set(properties)].flatMap(edgesOf);
  const codes = [...LATIN, ...SPACES, ...between, ...named.flatMap((code) => [code, code + 1]), ...SURROGATES];
  return [...new Set(codes.filter((code) => code <= MOST))];
}

function fromHex(digits = ""): string {
  return String.fromCodePoint(Number.parseInt(digits, 16));
}

function codeOf(text: string): number {
  return text.codePointAt(0) as number;
}

/** Where a property of Unicode begins and ends, found by looking at all characters, which takes some 20 ms. */
function edgesOf(property: string): readonly number[] {
  const known = edges.get(property);
  if (known !== undefined) return known;
  const runs = new RegExp(`\\p${property}+`, "gu");
  const found = ASSIGNED.flatMap(([from, to]) => {
    const all = charactersBetween(from, to);
    return Array.from(all.matchAll(runs), ({ 0: run, index }) => [index, index + run.length])
      .flat()
      .flatMap((at) => all.codePointAt(at) ?? []);
  });
  const all = [...UNASSIGNED, ...found];
  edges.set(property, all);
  return all;
}

function charactersBetween(from: number, to: number): string {
  const parts: string[] = [];
  for (let at = from; at < to; at += 0x1000) {
    const length = Math.min(0x1000, to - at);
    parts.push(String.fromCodePoint(...Array.from({ length }, (_, offset) => at + offset)));
  }
  return parts.join("");
}
