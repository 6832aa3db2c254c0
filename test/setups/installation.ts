import { existsSync } from "node:fs";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root, run } from "../package/program.js";

/** The folder of a service that has installed the packed package, every runtime, compiler and test runner. */
export const folder: string = join(root, "node_modules/.cache/setups");

const machine = `${process.platform}-${process.arch}`;
const libc = process.platform === "linux" ? "-glibc" : "";

const packages: Readonly<Record<string, string>> = {
  "node-20": `npm:node-${machine}@~20.19`,
  "node-22": `npm:node-${machine}@22`,
  "node-24": `npm:node-${machine}@24`,
  bun: "1",
  deno: "2",
  "typescript-5.6": "npm:typescript@~5.6",
  "typescript-5.9": "npm:typescript@~5.9",
  "typescript-6": "npm:typescript@6",
  "typescript-7": "npm:typescript@7",
  "@types/node": "^20.19.43",
  "@jest/globals": "30",
  jest: "30",
  vitest: "^4.1.12",
};

const brought = (path: string): string => join(folder, "node_modules", path);

/** How to run a program in each runtime. */
export const runtimes: Readonly<Record<string, readonly string[]>> = {
  "Node 20.19": [brought("node-20/bin/node")],
  "Node 22": [brought("node-22/bin/node")],
  "Node 24": [brought("node-24/bin/node")],
  Bun: [brought(`@oven/bun-${machine}/bin/bun`)],
  Deno: [brought(`@deno/${machine.replace("win32", "windows")}${libc}/deno`), "run", "-A", "--node-modules-dir=manual"],
};

export const compilers: readonly string[] = Object.keys(packages).filter((name) => name.startsWith("typescript-"));

/** Installs what is missing, and the package as it is now. Install scripts are not needed, and do not run. */
export async function install(): Promise<void> {
  await mkdir(folder, { recursive: true });
  const manifest = join(folder, "package.json");
  await writeFile(manifest, JSON.stringify({ private: true, type: "module", dependencies: packages }));
  const quietly = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"];
  const isThere = existsSync(brought("jest")) && Object.values(runtimes).every(([program = ""]) => existsSync(program));
  if (!isThere) await run("npm", ["install", ...quietly], { cwd: folder, limitMs: 900_000 });
  for (const name of await readdir(folder)) if (name.endsWith(".tgz")) await rm(join(folder, name));
  const packed = await run("npm", ["pack", "--json", "--silent", "--pack-destination", folder], { limitMs: 300_000 });
  const [{ filename }] = JSON.parse(packed.slice(packed.indexOf("["))) as [{ filename: string }];
  await run("npm", ["install", ...quietly, "--no-save", join(folder, filename)], { cwd: folder, limitMs: 300_000 });
}
