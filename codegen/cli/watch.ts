import { type FSWatcher, readdirSync, statSync, watch as watchFolder } from "node:fs";
import { join } from "node:path";

/** Each file with what changes when it is written: its size and its time. */
type Snapshot = ReadonlyMap<string, string>;

/** A save often comes as several changes: the files must have stood still for so long. */
const SETTLED_MS = 50;
/** Folders of a network or of another system tell nothing of their changes, so they are looked at now and then. */
const LOOK_MS = 1000;

/**
 * Calls back with the paths of the JSON files below a folder that were added, changed or removed, once they have settled.
 * Changes that come while the callback runs are told after it. A folder that is removed and comes back is watched again.
 *
 * @param onChange is called once at the start, with no paths
 * @returns when the signal aborts
 */
export async function watch(
  folder: string,
  onChange: (paths: readonly string[]) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const folders = new Map<string, FSWatcher>();
  let wake = (): void => {};
  try {
    let seen = snapshotOf(folder);
    await onChange([]);
    while (!signal.aborted) {
      follow(folder, folders, () => wake());
      if (differences(seen, snapshotOf(folder)).length === 0) {
        await pause(LOOK_MS, signal, (end) => {
          wake = end;
        });
        continue;
      }
      const before = seen;
      seen = await settled(folder, signal);
      const changed = differences(before, seen);
      if (changed.length > 0 && !signal.aborted) await onChange(changed);
    }
  } finally {
    for (const watcher of folders.values()) watcher.close();
  }
}

/** The files, once they are the same twice. */
async function settled(folder: string, signal: AbortSignal): Promise<Snapshot> {
  for (let before = snapshotOf(folder); ; ) {
    await pause(SETTLED_MS, signal);
    const now = snapshotOf(folder);
    if (signal.aborted || differences(before, now).length === 0) return now;
    before = now;
  }
}

/** Waits, at most until the signal aborts, or until the function that is handed out is called. */
function pause(ms: number, signal: AbortSignal, handOut?: (end: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
    handOut?.(end);
    if (signal.aborted) end();
  });
}

function snapshotOf(folder: string): Snapshot {
  return new Map(
    entriesOf(folder)
      .filter(({ name, isFolder }) => !isFolder && name.endsWith(".json"))
      .map(({ path, name }) => [name, stateOf(path)]),
  );
}

/** Watches the folders that are there, and no longer those that are gone. */
function follow(folder: string, watched: Map<string, FSWatcher>, wake: () => void): void {
  const present = new Set([
    folder,
    ...entriesOf(folder)
      .filter(({ isFolder }) => isFolder)
      .map(({ path }) => path),
  ]);
  for (const [path, watcher] of watched) {
    if (present.has(path)) continue;
    watcher.close();
    watched.delete(path);
  }
  for (const path of present) {
    if (watched.has(path)) continue;
    try {
      const watcher = watchFolder(path, wake);
      // It is looked at all the same.
      watcher.on("error", () => watcher.close());
      watched.set(path, watcher);
    } catch {
      // There are too many to be watched, or it has just gone.
    }
  }
}

interface Entry {
  readonly path: string;
  /** Relative to the watched folder, with `/`. */
  readonly name: string;
  readonly isFolder: boolean;
}

function entriesOf(folder: string): readonly Entry[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const name = path.slice(join(folder, "/").length).replaceAll("\\", "/");
      return { path, name, isFolder: entry.isDirectory() };
    });
  } catch {
    return [];
  }
}

function stateOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true });
  return found === undefined ? "" : `${found.size} ${found.mtimeNs} ${found.ino}`;
}

function differences(before: Snapshot, after: Snapshot): readonly string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name)).sort();
}
