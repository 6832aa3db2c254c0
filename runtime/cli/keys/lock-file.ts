import { closeSync, fstatSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { CommandError } from "../exit.js";

/**
 * The file `.lock` beside a file, which only one process can create. Somebody may remove it although that process lives, and another
 * may create it anew: whatever the holder does by the lock, it does only while the lock is the file that it has open.
 */
export class LockFile {
  readonly #path: string;
  readonly #lock: string;
  readonly #descriptor: number;

  /**
   * @param path - the locked file, as its user names it
   * @param target - the locked file itself: two names of one file have one lock
   * @throws {CommandError} another command holds the lock
   */
  constructor(path: string, target: string) {
    this.#path = path;
    this.#lock = `${target}.lock`;
    try {
      this.#descriptor = openSync(this.#lock, "wx", 0o600);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      throw new CommandError(
        `nothing was done: another command changes ${path}${holderOf(this.#lock)}. Repeat this when it has ended; if it was killed, remove ${this.#lock} first`,
      );
    }
  }

  /** Says in the lock who holds it. */
  sign(): void {
    writeSync(this.#descriptor, `process ${process.pid} on ${hostname()} since ${new Date().toISOString()}`);
  }

  /** @throws {CommandError} somebody has removed the lock */
  assertHeld(): void {
    if (this.#isHeld()) return;
    throw new CommandError(
      `this changed nothing in ${this.#path}: the lock was removed meanwhile, and another command may change the file. Repeat this when no other runs`,
    );
  }

  /** Removes the lock, unless it is another command's by now. */
  release(): void {
    if (this.#isHeld()) rmSync(this.#lock, { force: true });
  }

  /** Until then no other file can have the number of this one. */
  close(): void {
    closeSync(this.#descriptor);
  }

  #isHeld(): boolean {
    const there = statSync(this.#lock, { bigint: true, throwIfNoEntry: false });
    const own = fstatSync(this.#descriptor, { bigint: true });
    return there?.ino === own.ino && there.dev === own.dev;
  }
}

/** Who holds a lock, in brackets. It may be empty for a moment. */
function holderOf(lock: string): string {
  try {
    const [holder] = /^process \d+ on [\w.-]+ since [\w:.-]+$/.exec(readFileSync(lock, "utf8")) ?? [];
    return holder === undefined ? "" : ` (${holder})`;
  } catch {
    return "";
  }
}
