import { printable } from "../contract/printable.js";

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
] as const;

/** `1 entry`, `1,200 entries`. */
export function countOf(number: number, noun: string): string {
  const plural = /[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`;
  return `${number.toLocaleString("en")} ${number === 1 ? noun : plural}`;
}

/** A length of time in the greatest unit of which it has at least two, or one of seconds: `90 s`, `45 min`, `3 d`. */
export function lengthOfTime(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const [unit, length] = UNITS.find(([, each]) => ms >= 2 * each) ?? ["s", 1000];
  return `${Math.round(ms / length)} ${unit}`;
}

/** `3.4 GB`, `12 kB`. */
export function sizeOf(bytes: number): string {
  for (const [unit, size] of [
    ["TB", 1e12],
    ["GB", 1e9],
    ["MB", 1e6],
    ["kB", 1e3],
  ] as const) {
    if (bytes >= size) return `${Number((bytes / size).toPrecision(2))} ${unit}`;
  }
  return `${bytes} bytes`;
}

/** `a`, `a and b`, `a, b and 3 more`. */
export function listOf(names: readonly string[], most = 3): string {
  const told = names.length > most ? [...names.slice(0, most), `${names.length - most} more`] : names;
  return told.length < 2 ? told.join("") : `${told.slice(0, -1).join(", ")} and ${told.at(-1)}`;
}

/** A text as one word of a shell's command. What cannot be typed is escaped, so that the line shows all that it holds. */
export function shellWord(text: string): string {
  const shown = printable(text);
  return /^[\w.:@%+,/=-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`;
}
