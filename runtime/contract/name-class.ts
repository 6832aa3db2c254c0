/** Names that match some patterns and not others. */
export interface NameClass {
  /** Matches these names, and no name that is left out. */
  readonly regex: string;
  /** The patterns that each of them matches. */
  readonly certain: ReadonlySet<string>;
  /** The patterns that some of them match. */
  readonly possible: ReadonlySet<string>;
}

/** So many patterns are told apart at one place, since each doubles the number of classes. */
const MOST = 4;

/** What counts or names the groups of a pattern, which change when it stands beside another. */
const HAS_NUMBERED = /\\[1-9k]|\(\?<[^=!]/;

/**
 * Divides names by the patterns that they match. More than four patterns, and those that refer to groups, are not told
 * apart.
 *
 * @param left names that belong to no class
 */
export function classesOf(patterns: readonly string[], left: readonly string[]): readonly NameClass[] {
  const leaving = left.length === 0 ? "" : `(?!(?:${left.map(escaped).join("|")})$)`;
  const alone = (pattern: string): string => (leaving === "" ? pattern : `^${leaving}${matching(pattern)}`);
  if (patterns.length === 1 || patterns.length > MOST || patterns.some((pattern) => HAS_NUMBERED.test(pattern))) {
    const possible = new Set(patterns);
    return patterns.map((pattern) => ({ regex: alone(pattern), certain: new Set([pattern]), possible }));
  }
  return subsetsOf(patterns)
    .filter((chosen) => chosen.size > 0)
    .map((chosen) => {
      const tests = patterns.map((pattern) => (chosen.has(pattern) ? matching(pattern) : `(?!${anywhere(pattern)})`));
      return { regex: `^${leaving}${tests.join("")}`, certain: chosen, possible: chosen };
    });
}

/** A pattern as a part of others: a look-ahead from the beginning of a name. */
export function matching(pattern: string): string {
  return `(?=${anywhere(pattern)})`;
}

/** A pattern need not begin where a name does. */
function anywhere(pattern: string): string {
  return `[\\s\\S]*?(?:${pattern})`;
}

function escaped(name: string): string {
  return name.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

function subsetsOf(patterns: readonly string[]): readonly ReadonlySet<string>[] {
  return Array.from(
    { length: 2 ** patterns.length },
    (_, chosen) => new Set(patterns.filter((_, at) => chosen & (1 << at))),
  );
}
