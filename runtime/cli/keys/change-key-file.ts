import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import type { KeyFile } from "../../encryption/key-file.js";
import { CommandError } from "../exit.js";

/**
 * Replaces a file of keys, or makes it, while no other command can. The file `.lock` beside it is the lock and the draft, as
 * git's `index.lock` is: only one process can create it, and renaming it puts the keys in place and releases the lock in one
 * step. So a service reads the old file or the new one, and whoever dies on the way leaves the old one. Only its owner may
 * read it.
 *
 * @param change - resolves to the new content, of what it reads from the file now. If it rejects, the file stays as it is
 * @throws {CommandError} another command changes the file, or it cannot be written
 */
export async function changeKeyFile(path: string, change: () => Promise<KeyFile>): Promise<void> {
  const target = targetOf(path);
  const lock = `${target}.lock`;
  const descriptor = lockedBy(lock, path);
  const unwatch = whenInterrupted(() => rmSync(lock, { force: true }));
  try {
    writeSync(descriptor, `process ${process.pid} on ${hostname()} since ${new Date().toISOString()}`);
    const text = `${JSON.stringify(await change(), null, 2)}\n`;
    put(() => {
      ftruncateSync(descriptor);
      writeSync(descriptor, text, 0);
      // Services encrypt with a new key at once: a crash of the machine must not lose it.
      fsyncSync(descriptor);
      renameSync(lock, target);
      syncFolder(dirname(target));
    }, path);
  } catch (error) {
    rmSync(lock, { force: true });
    throw error;
  } finally {
    unwatch();
    closeSync(descriptor);
  }
}

/** Two names of one file have one lock. */
function targetOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function lockedBy(lock: string, path: string): number {
  return put(() => {
    try {
      return openSync(lock, "wx", 0o600);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const holder = holderOf(lock);
      throw new CommandError(
        `nothing was done: another command changes ${path}${holder}. Repeat this when it has ended; if it was killed, remove ${lock} first`,
      );
    }
  }, path);
}

/** Who holds a lock, in brackets. It may be empty for a moment, or hold keys already. */
function holderOf(lock: string): string {
  try {
    const [holder] = /^process \d+ on [\w.-]+ since [\w:.-]+$/.exec(readFileSync(lock, "utf8")) ?? [];
    return holder === undefined ? "" : ` (${holder})`;
  } catch {
    return "";
  }
}

function put<Result>(write: () => Result, path: string): Result {
  try {
    return write();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof CommandError || code === undefined) throw error;
    throw new CommandError(`${path} cannot be written (${code}), and is as it was`);
  }
}

/** Makes the new name last. Not every system lets a folder be opened. */
function syncFolder(folder: string): void {
  try {
    const descriptor = openSync(folder, "r");
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch {}
}

/** Does something before Ctrl-C ends the process. Returns what undoes that. */
function whenInterrupted(clean: () => void): () => void {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const end = (signal: NodeJS.Signals): void => {
    clean();
    undo();
    process.kill(process.pid, signal);
  };
  const undo = (): void => {
    for (const signal of signals) process.off(signal, end);
  };
  for (const signal of signals) process.on(signal, end);
  return undo;
}
