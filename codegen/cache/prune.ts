import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

/** What no run has used for so long is removed. */
const LONGEST_UNUSED_DAYS = 30;
/** So many files are kept: one for each catalogue whose runs share the folder. */
const MOST_FILES = 100;
/** A run takes minutes at most: a file that it writes to is younger than this. */
const LONGEST_RUN_HOURS = 1;

const HOUR_MS = 3_600_000;

/** The files of a store: what is kept of a catalogue, and what a run that was killed has left of it. */
const KEPT = /^[\w-]{43}\.json$/;
const UNFINISHED = /^[\w-]{43}\.json\.[\da-f-]{36}\.tmp$/;

/**
 * Removes what is left of catalogues that are gone, and of runs that were killed. Nobody says when a folder of schemas is
 * deleted or renamed, so what counts is when a file was last used. Other files stay. What another process removes at the
 * same time is removed; if that process uses it again just then, its next run has all to do.
 */
export function prune(folder: string): void {
  const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  const aged = files.flatMap(({ name }) => {
    const usedMs = statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs;
    return usedMs === undefined ? [] : [{ name, hours: (Date.now() - usedMs) / HOUR_MS }];
  });
  const kept = aged.filter(({ name }) => KEPT.test(name)).sort((a, b) => a.hours - b.hours);
  const old = kept.filter(({ hours }, at) => at >= MOST_FILES || hours > LONGEST_UNUSED_DAYS * 24);
  const left = aged.filter(({ name, hours }) => UNFINISHED.test(name) && hours > LONGEST_RUN_HOURS);
  for (const { name } of [...old, ...left]) rmSync(join(folder, name), { force: true });
}
