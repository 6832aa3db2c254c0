import { charactersOf } from "../../runtime/contract/characters.js";

/** Tells of two characters or classes of a pattern whether some character is in both. */
export function overlapIn(pattern: string): (one: string, other: string) => boolean {
  const characters = charactersOf(pattern).map((code) => String.fromCodePoint(code));
  const matched = new Map<string, ReadonlySet<string>>();
  const matchedBy = (text: string): ReadonlySet<string> => {
    const known = matched.get(text);
    if (known !== undefined) return known;
    const regex = new RegExp(`^${text}$`, "u");
    const found = new Set(characters.filter((character) => regex.test(character)));
    matched.set(text, found);
    return found;
  };
  const answers = new Map<string, boolean>();
  return (one, other) => {
    if (one === other) return true;
    const key = `${one}\0${other}`;
    const known = answers.get(key);
    if (known !== undefined) return known;
    const answer = [...matchedBy(one)].some((character) => matchedBy(other).has(character));
    answers.set(key, answer);
    return answer;
  };
}
