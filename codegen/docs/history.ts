import { affectedIn } from "../diff/affected.js";
import { diff } from "../diff/diff.js";
import { type Sources, sourcesOf } from "../load/load.js";
import { CatalogueError } from "../load/problem.js";
import type { Model } from "../model/model.js";
import { keyOf, type Version } from "./subject.js";

/** The schemas as they were in a commit. */
export interface Commit {
  readonly commit: string;
  /** The day: `2026-11-23`. */
  readonly date: string;
  readonly subject: string;
  readonly sources: Sources;
}

/** So many characters of a commit's id are shown. */
const ABBREVIATED = 10;

/**
 * What became of each message, the newest first. A commit whose catalogue has problems is passed over: what it changed is
 * told with the next one that has none.
 *
 * @param commits the oldest first
 * @param isWhole whether the oldest commit is the first that had schemas
 * @param modelOf makes the model of a catalogue, and throws a CatalogueError if that has problems
 */
export async function versionsOf(
  commits: readonly Commit[],
  now: Sources,
  { isWhole, modelOf }: { readonly isWhole: boolean; readonly modelOf: (sources: Sources) => Promise<Model> },
): Promise<ReadonlyMap<string, readonly Version[]>> {
  const versions = new Map<string, Version[]>();
  let last: Sources | undefined = isWhole ? sourcesOf(new Map(), "") : undefined;
  for (const { commit, date, subject, sources } of [...commits, { commit: "", date: "", subject: "", sources: now }]) {
    const findings = await findingsBetween(last ?? sources, sources, modelOf);
    if (findings === undefined) continue;
    last = sources;
    const version = { commit: commit.slice(0, ABBREVIATED), date, subject };
    for (const key of new Set(findings.map(keyOf))) {
      const own = findings.filter((finding) => keyOf(finding) === key);
      versions.set(key, [{ ...version, findings: own }, ...(versions.get(key) ?? [])]);
    }
  }
  return versions;
}

/** `undefined` if one of the versions has problems. */
async function findingsBetween(was: Sources, is: Sources, modelOf: (sources: Sources) => Promise<Model>) {
  const { before, after } = affectedIn(was, is);
  try {
    const { findings } = diff(await modelOf(before), await modelOf(after));
    // The first commit changed no encoding.
    return was.schemas.length > 0 ? findings : findings.filter(({ rule }) => rule !== "encoding-changed");
  } catch (error) {
    if (error instanceof CatalogueError) return undefined;
    throw error;
  }
}
