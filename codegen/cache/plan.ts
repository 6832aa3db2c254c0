import { type Digest, digestOf } from "./digest.js";
import type { Unit, Units } from "./unit.js";

/** The text of a file in the output folder; `undefined` if there is none. */
export type OutputOf = (path: string) => string | undefined;

/** What is left to do when the rest is known. */
export interface Plan {
  /** The schema files whose output is made anew. */
  readonly targets: ReadonlySet<string>;
  /** Further schema files whose earlier form referred to them, or whose form now does not exist. */
  readonly before: ReadonlySet<string>;
}

/**
 * Finds the schema files to generate from: those that are new or have changed, those that refer to one of these or to one
 * that is gone, and those whose output is not as it was written.
 *
 * @param texts the schema files by path, without `catalogue.json`
 */
export function planOf(texts: ReadonlyMap<string, string>, known: Units, outputOf: OutputOf): Plan {
  const digests = new Map([...texts].map(([path, text]) => [path, digestOf(text)] as const));
  const changed = [...new Set([...texts.keys(), ...known.keys()])].filter(
    (path) => known.get(path)?.text !== digests.get(path),
  );
  const stale = withUsers(changed, known);
  const damaged = [...known].filter(([path, unit]) => !stale.has(path) && !areIntact(unit.files, outputOf));
  const targets = [...stale, ...damaged.map(([path]) => path)].filter((path) => texts.has(path));
  const before = [...stale].flatMap((path) => known.get(path)?.refersTo ?? []);
  return { targets: new Set(targets), before: new Set(before.filter((path) => texts.has(path))) };
}

/** Returns whether generated files are as they were written. */
export function areIntact(files: Readonly<Record<string, Digest>>, outputOf: OutputOf): boolean {
  return Object.entries(files).every(([path, digest]) => {
    const text = outputOf(path);
    return text !== undefined && digestOf(text) === digest;
  });
}

/** The files, and all that lead to them by their references. */
function withUsers(paths: readonly string[], known: Units): ReadonlySet<string> {
  const users = new Map<string, string[]>();
  for (const [path, { refersTo }] of known) {
    for (const target of refersTo) {
      const known = users.get(target);
      if (known === undefined) users.set(target, [path]);
      else known.push(path);
    }
  }
  const found = new Set(paths);
  // A set visits what is added to it on the way.
  for (const path of found) for (const user of users.get(path) ?? []) found.add(user);
  return found;
}

/** The files, and all that they lead to by their references. */
export function withTargets(paths: Iterable<string>, known: ReadonlyMap<string, Pick<Unit, "refersTo">>): Set<string> {
  const found = new Set(paths);
  for (const path of found) for (const target of known.get(path)?.refersTo ?? []) found.add(target);
  return found;
}
