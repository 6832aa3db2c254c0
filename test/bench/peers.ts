import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { cacheFolder } from "./stage.js";

/** Other packages that do the same work, and the ioredis that they are used with. */
const PACKAGES = [
  "@asyncapi/modelina",
  "@moleculer/channels",
  "bee-queue",
  "bullmq",
  "groupmq",
  "ioredis@5",
  "moleculer@0.14",
  "quicktype-core",
  "redis-streams-broker",
];

/** The packages that the bench compares with, installed and with programs laid beside them. */
export interface Peers extends Disposable {
  /** Holds `peers/`, `generators/` and `programs/`. */
  readonly folder: string;
  /** What was installed, by package. */
  readonly versions: Readonly<Record<string, string>>;
}

/**
 * Installs the peers into the bench's cache, once: they are nothing that this package depends on.
 *
 * @returns undefined when they cannot be installed, which the report then says
 */
export async function installPeers(onFailure: (why: string) => void): Promise<Peers | undefined> {
  const home = `${cacheFolder}/peers`;
  if (!existsSync(`${home}/package-lock.json`)) {
    rmSync(home, { recursive: true, force: true });
    mkdirSync(home, { recursive: true });
    writeFileSync(`${home}/package.json`, '{ "private": true, "type": "module" }\n');
    const why = await npmInstall(home);
    if (why !== undefined) {
      onFailure(why);
      return undefined;
    }
  }
  const folder = `${home}/${process.pid}`;
  for (const part of ["peers", "generators", "programs"]) {
    cpSync(fileURLToPath(new URL(part, import.meta.url)), `${folder}/${part}`, { recursive: true });
  }
  return {
    folder,
    versions: Object.fromEntries(PACKAGES.map((name) => versionOf(home, name.replace(/(.)@.*/, "$1")))),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function versionOf(home: string, name: string): [name: string, version: string] {
  const { version } = JSON.parse(readFileSync(`${home}/node_modules/${name}/package.json`, "utf8")) as {
    version: string;
  };
  return [name, version];
}

function npmInstall(cwd: string): Promise<string | undefined> {
  const args = ["install", "--no-audit", "--no-fund", "--ignore-scripts", ...PACKAGES];
  return new Promise((resolve) => {
    execFile("npm", args, { cwd, timeout: 180_000 }, (error, _stdout, stderr) => {
      resolve(
        error === null ? undefined : (stderr.split("\n").find((line) => line.includes("error")) ?? error.message),
      );
    });
  });
}
