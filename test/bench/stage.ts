import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { checkOut, removeCheckout } from "./checkout.js";

/** The repository, with a slash at its end. */
export const root: string = fileURLToPath(new URL("../..", import.meta.url));
/** What the bench builds and installs; may be deleted at any time. */
export const cacheFolder: string = `${root}node_modules/.cache/bench`;

/** A place in which the measured programs run against the built package, as a service would. */
export interface Stage extends Disposable {
  /** Holds, as `node_modules/@m-erp/messaging`, the package. */
  readonly folder: string;
  /** Where the package was built: `dist/` is in it. */
  readonly built: string;
  /** The measured programs: those of the working tree, whatever was built. */
  readonly programs: string;
  /** The programs that belong to what was built; where that is the working tree, they are the same. */
  readonly ownPrograms: string;
  /** What the compiler complained about; empty when the source is sound. */
  readonly complaints: string;
}

export interface StageOptions {
  /** Leaves the folder for a profiler: node --cpu-prof <folder>/programs/consume/ours.mjs '{"url": …}' */
  readonly keep?: boolean;
}

/**
 * Compiles the package into a folder of its own, so that nobody who builds or edits meanwhile is measured by accident,
 * and lays the programs beside it. They find ioredis where the package finds it: in the repository.
 */
export async function buildStage(options: StageOptions = {}): Promise<Stage> {
  removeAbandoned();
  return lay(root, { folder: placeOf(process.pid), ...options });
}

/** The same from another commit's source, compiled as that commit does it, with the packages that are installed now. */
export async function buildStageOf(ref: string, options: StageOptions = {}): Promise<Stage> {
  using checkout = checkOut(ref, { root, folder: checkoutOf(process.pid) });
  return await lay(checkout.folder, { folder: `${placeOf(process.pid)}/theirs`, ...options });
}

async function lay(source: string, options: StageOptions & { readonly folder: string }): Promise<Stage> {
  const { folder, keep = false } = options;
  const { buildPackage, bundle } = (await import(`${source}.ci/build.ts`)) as typeof import("../../.ci/build.js");
  const built = `${folder}/node_modules/@m-erp/messaging`;
  mkdirSync(built, { recursive: true });
  cpSync(`${source}package.json`, `${built}/package.json`);
  const complaints = await buildPackage(`${built}/dist`);
  const programs = `${folder}/programs`;
  const ownPrograms = source === root ? programs : `${folder}/own`;
  cpSync(`${root}${PROGRAMS}`, programs, { recursive: true });
  if (ownPrograms !== programs) cpSync(`${source}${PROGRAMS}`, ownPrograms, { recursive: true });
  await bundle(partsOf(ownPrograms), `${folder}/parts`, "runtime/shared");
  return {
    folder,
    built,
    programs,
    ownPrograms,
    complaints,
    [Symbol.dispose]() {
      if (keep) process.stdout.write(`Kept: ${folder}\n`);
      else rmSync(folder, { recursive: true, force: true });
    },
  };
}

const PROGRAMS = "test/bench/programs";

/** The modules that programs measure by themselves and no entry of the package exports: they import them as parts. */
function partsOf(programs: string): string[] {
  const files = readdirSync(programs, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".mjs"));
  return files.flatMap((file) => {
    const imports = readFileSync(`${programs}/${file}`, "utf8").matchAll(/ from "\.\.\/\.\.\/parts\/(.+)\.js";/g);
    return [...imports].map(([, module]) => module as string);
  });
}

function placeOf(pid: number): string {
  return `${cacheFolder}/${pid}`;
}

function checkoutOf(pid: number): string {
  return `${placeOf(pid)}/checkout/`;
}

/** What an interrupted bench left behind: its process is gone. */
function removeAbandoned(): void {
  if (!existsSync(cacheFolder)) return;
  for (const pid of readdirSync(cacheFolder)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)) {
    if (isAlive(pid)) continue;
    removeCheckout(root, checkoutOf(pid));
    rmSync(placeOf(pid), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
