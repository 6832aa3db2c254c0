import { spawn } from "node:child_process";

/** A package manager, by the name of its program. */
export type PackageManager = "npm" | "pnpm" | "yarn" | "bun";

/** Runs the package manager's `install` here, with its own output. Resolves to whether it succeeded. */
export function install(manager: PackageManager): Promise<boolean> {
  const parameters = manager === "npm" ? ["install", "--no-audit", "--no-fund"] : ["install"];
  return new Promise((resolve) => {
    // Its programs are scripts of the shell on Windows.
    const child = spawn(manager, parameters, { stdio: "inherit", shell: process.platform === "win32" });
    child.once("error", () => resolve(false));
    child.once("exit", (code) => resolve(code === 0));
  });
}
