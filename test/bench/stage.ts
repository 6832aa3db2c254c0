import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildPackage, bundle } from "../../.ci/build.js";

/** The repository, with a slash at its end. */
export const root: string = fileURLToPath(new URL("../..", import.meta.url));
/** What the bench builds and installs; may be deleted at any time. */
export const cacheFolder: string = `${root}node_modules/.cache/bench`;

/** A place in which the measured programs run against the built package, as a service would. */
export interface Stage extends Disposable {
  /** Holds `programs/` and, as `node_modules/@m-erp/messaging`, the package. */
  readonly folder: string;
  /** Where the package was built: `dist/` is in it. */
  readonly built: string;
  /** What the compiler complained about; empty when the source is sound. */
  readonly complaints: string;
}

/**
 * Compiles the package into a folder of its own, so that nobody who builds or edits meanwhile is measured by accident,
 * and lays the programs beside it. They find ioredis where the package finds it: in the repository.
 */
export async function buildStage({ keep = false }: { readonly keep?: boolean } = {}): Promise<Stage> {
  const folder = `${cacheFolder}/${process.pid}`;
  const built = `${folder}/node_modules/@m-erp/messaging`;
  removeAbandoned();
  mkdirSync(built, { recursive: true });
  cpSync(`${root}package.json`, `${built}/package.json`);
  const complaints = await buildPackage(`${built}/dist`);
  cpSync(fileURLToPath(new URL("programs", import.meta.url)), `${folder}/programs`, { recursive: true });
  await bundle(partsOf(`${folder}/programs`), `${folder}/parts`, "runtime/redis");
  return {
    folder,
    built,
    complaints,
    [Symbol.dispose]() {
      // Kept for a profiler: node --cpu-prof <folder>/programs/consume/ours.mjs '{"url": …}'
      if (keep) process.stdout.write(`Kept: ${folder}\n`);
      else rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The modules that programs measure by themselves and no entry of the package exports: they import them as parts. */
function partsOf(programs: string): string[] {
  const files = readdirSync(programs, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".mjs"));
  return files.flatMap((file) => {
    const imports = readFileSync(`${programs}/${file}`, "utf8").matchAll(/ from "\.\.\/\.\.\/parts\/(.+)\.js";/g);
    return [...imports].map(([, module]) => module as string);
  });
}

/** What an interrupted bench left behind: its process is gone. */
function removeAbandoned(): void {
  if (!existsSync(cacheFolder)) return;
  for (const name of readdirSync(cacheFolder)) {
    if (/^\d+$/.test(name) && !isAlive(Number(name))) {
      rmSync(`${cacheFolder}/${name}`, { recursive: true, force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
