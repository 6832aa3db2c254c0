import { closest, distance } from "fastest-levenshtein";

/** The candidate that is spelt most like the given text, in quotes; `undefined` if none is similar enough. */
export function suggest(given: string, candidates: Iterable<string>): string | undefined {
  const known = [...candidates].filter((candidate) => candidate !== given);
  if (known.length === 0) return undefined;
  const nearest = closest(given, known);
  const length = Math.max(given.length, nearest.length);
  const reach = length < 4 ? 1 : Math.max(2, Math.floor(length / 3));
  return distance(given.toLowerCase(), nearest.toLowerCase()) <= reach ? `"${nearest}"` : undefined;
}
