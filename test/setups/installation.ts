import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root, run } from "../package/program.js";

/** The folder of a service that has installed the packed package, every runtime, compiler and test runner. */
export const folder: string = join(root, "node_modules/.cache/setups");

const machine = `${process.platform}-${process.arch}`;
const libc = process.platform === "linux" ? "-glibc" : "";
const bun = `@oven/bun-${machine.replace("arm64", "aarch64")}`;
const deno = `@deno/${machine}${libc}`;

const packages: Readonly<Record<string, string>> = {
  "node-20": `npm:node-${machine}@~20.19`,
  "node-22": `npm:node-${machine}@22`,
  "node-24": `npm:node-${machine}@24`,
  [bun]: "1",
  [deno]: "2",
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
  Bun: [brought(`${bun}/bin/bun`)],
  Deno: [brought(`${deno}/deno`), "run", "-A", "--node-modules-dir=manual"],
};

/** The packages of the runtimes that each run of `.ci/run` tries. Node 20.19 is the one that most developers have. */
export const triedAlways: readonly string[] = ["node-22", "node-24", bun, deno];

export const compilers: readonly string[] = Object.keys(packages).filter((name) => name.startsWith("typescript-"));

const programs = fileURLToPath(new URL("program/", import.meta.url));

/**
 * Installs those of the packages that are missing, the programs, and the package as it is now. Install scripts are not
 * needed, and do not run.
 */
export async function install(names: readonly string[] = Object.keys(packages)): Promise<void> {
  await mkdir(folder, { recursive: true });
  const quietly = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"];
  const isThere = (name: string): boolean => existsSync(brought(name));
  // npm removes what the manifest does not list.
  const listed = Object.entries(packages).filter(([name]) => names.includes(name) || isThere(name));
  const manifest = { private: true, type: "module", dependencies: Object.fromEntries(listed) };
  await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
  if (!names.every(isThere)) await run("npm", ["install", ...quietly], { cwd: folder, limitMs: 900_000 });
  for (const name of await readdir(folder)) {
    if (name.endsWith(".tgz") || /^contract\.|^matchers\./.test(name)) await rm(join(folder, name));
  }
  for (const name of await readdir(programs))
    await copyFile(join(programs, name), join(folder, name.replace(/\.txt$/, "")));
  const packed = await run("npm", ["pack", "--json", "--silent", "--pack-destination", folder], { limitMs: 300_000 });
  const [{ filename }] = JSON.parse(packed.slice(packed.indexOf("["))) as [{ filename: string }];
  await run("npm", ["install", ...quietly, "--no-save", join(folder, filename)], { cwd: folder, limitMs: 300_000 });
}
