import { execFileSync } from "node:child_process";
import { existsSync, rmSync, symlinkSync } from "node:fs";

/** Another commit's files, in a folder of their own until disposed of. */
export interface Checkout extends Disposable {
  /** With a slash at its end. */
  readonly folder: string;
}

export interface CheckoutOptions {
  /** The repository, with a slash at its end: the commit finds installed packages where it does. */
  readonly root: string;
  /** A folder that is not there yet, with a slash at its end. */
  readonly folder: string;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Checks a commit out. It is removed in the end, at the latest when this process is asked to end. */
export function checkOut(ref: string, { root, folder }: CheckoutOptions): Checkout {
  const remove = (): void => removeCheckout(root, folder);
  const leave = (): never => process.exit(1);
  process.once("exit", remove);
  for (const signal of SIGNALS) process.once(signal, leave);
  // Forced, since what an earlier process of this number left may have been deleted without git being told.
  git(root, "worktree", "add", "--quiet", "--force", "--detach", folder, ref);
  symlinkSync(`${root}node_modules`, `${folder}node_modules`);
  return {
    folder,
    [Symbol.dispose]() {
      process.off("exit", remove);
      for (const signal of SIGNALS) process.off(signal, leave);
      remove();
    },
  };
}

/** Removes a checkout that may be there, whoever left it. */
export function removeCheckout(root: string, folder: string): void {
  if (!existsSync(folder)) return;
  try {
    // Forced, since it holds the link to the packages.
    git(root, "worktree", "remove", "--force", folder);
  } catch {
    // Git knows nothing of it, or not any more.
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A commit's short name and subject. */
export function describeCommit(root: string, ref: string): string {
  return git(root, "log", "-1", "--format=%h %s", ref, "--").trim();
}

/** @throws with what git said about it */
function git(cwd: string, ...args: readonly string[]): string {
  return execFileSync("git", args, { cwd, encoding: "utf8", stdio: "pipe" });
}
