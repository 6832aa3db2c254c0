import { closest, distance } from "fastest-levenshtein";

/** The candidate that was probably meant, in quotes; `undefined` when none is near. */
export function suggest(given: string, candidates: Iterable<string>): string | undefined {
  const known = [...candidates].filter((candidate) => candidate !== given);
  if (known.length === 0) return undefined;
  const nearest = closest(given, known);
  const length = Math.max(given.length, nearest.length);
  const reach = length < 4 ? 1 : Math.max(2, Math.floor(length / 3));
  return distance(given.toLowerCase(), nearest.toLowerCase()) <= reach ? `"${nearest}"` : undefined;
}
