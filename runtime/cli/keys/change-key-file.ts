import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, readdirSync, realpathSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { KeyFile } from "../../encryption/key-file.js";
import { CommandError } from "../exit.js";
import { LockFile } from "./lock-file.js";

/**
 * Replaces a file of keys, or makes it, while no other command can. The new content is written into a draft beside it, and renamed. So
 * a service reads the old file or the new one, and whoever dies on the way leaves the old one. Only its owner may read either.
 *
 * @param change - resolves to the new content, of what it reads from the file now. If it rejects, the file stays as it is
 * @throws {CommandError} another command changes the file, or may do so because the lock was removed, or it cannot be written
 */
export async function changeKeyFile(path: string, change: () => Promise<KeyFile>): Promise<void> {
  const target = targetOf(path);
  const lock = put(() => new LockFile(path, target), path);
  const unwatch = whenInterrupted(() => lock.release());
  try {
    put(() => lock.sign(), path);
    const text = `${JSON.stringify(await change(), null, 2)}\n`;
    lock.assertHeld();
    put(() => replace(target, text, lock), path);
  } finally {
    unwatch();
    try {
      lock.release();
    } finally {
      lock.close();
    }
  }
}

/** A name that nobody else writes to: whatever becomes of the lock, what is renamed is whole. */
const DRAFT = /^\.[0-9a-f]{16}\.draft$/;

function replace(target: string, text: string, lock: LockFile): void {
  removeDrafts(target);
  const draft = `${target}.${randomBytes(8).toString("hex")}.draft`;
  try {
    const descriptor = openSync(draft, "wx", 0o600);
    try {
      writeSync(descriptor, text);
      // Services encrypt with a new key at once: a crash of the machine must not lose it.
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    lock.assertHeld();
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  syncFolder(dirname(target));
}

/** Removes what commands have left that were killed. The holder of the lock alone has a draft that it still needs. */
function removeDrafts(target: string): void {
  const name = basename(target);
  for (const each of readdirSync(dirname(target))) {
    if (each.startsWith(name) && DRAFT.test(each.slice(name.length)))
      rmSync(join(dirname(target), each), { force: true });
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
