import { createHash, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { buildPackage } from "../../.ci/build.js";
import { root } from "./program.js";

const cache = join(root, "node_modules/.cache");

/** Puts the built package into a folder. The tests of a run share one build of the same sources, which takes seconds. */
export async function copyBuilt(folder: string): Promise<void> {
  const built = join(cache, `built-${await digestOfSources()}`);
  if (!existsSync(built)) {
    for (const old of await readdir(cache).catch(() => [])) {
      if (/^built-[0-9a-f]+$/.test(old)) await rm(join(cache, old), { recursive: true, force: true });
    }
    const draft = join(cache, `building-${randomUUID()}`);
    const complaints = await buildPackage(draft);
    if (complaints !== "") throw new Error(complaints);
    // Another test may have been sooner.
    await rename(draft, built).catch(() => rm(draft, { recursive: true, force: true }));
  }
  await cp(built, folder, { recursive: true });
}

async function digestOfSources(): Promise<string> {
  const digest = createHash("sha256");
  for (const place of [".ci", "codegen", "generated", "runtime", "schemas"]) {
    const entries = await readdir(join(root, place), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    for (const file of files.sort()) digest.update(file).update(await readFile(file));
  }
  for (const file of ["package.json", "package-lock.json", "tsconfig.json"])
    digest.update(await readFile(join(root, file)));
  return digest.digest("hex").slice(0, 16);
}
