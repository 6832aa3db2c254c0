import { makePackage, type Packaged, printable, type Released } from "../index.js";
import { BaselineError } from "./baseline.js";
import { coloursFor } from "./colour.js";
import { count } from "./count.js";
import { releasedAt } from "./released.js";

/** What `merp generate --package` is asked for. */
export interface PackageArguments {
  readonly schemas: string;
  readonly package: string;
  readonly packageName?: string;
  readonly since?: string;
  readonly releaseAs?: string;
  readonly standalone: boolean;
}

/** Makes the package and tells of it. */
export async function runPackage(wish: PackageArguments, isSilent: boolean): Promise<void> {
  let since: Released | undefined;
  try {
    since = wish.since === undefined ? undefined : releasedAt(wish.since, wish.schemas, wish.package);
  } catch (error) {
    if (!(error instanceof BaselineError)) throw error;
    process.stderr.write(`${coloursFor(process.stderr).red("failed")} ${printable(error.message)}\n`);
    process.exitCode = 1;
    return;
  }
  const { schemas, package: folder, packageName: name, releaseAs, standalone } = wish;
  const packaged = await makePackage(schemas, folder, { name, since, releaseAs, standalone });
  if (!isSilent) process.stdout.write(packaged === undefined ? nothing(wish.since ?? "") : summary(packaged, folder));
}

function nothing(since: string): string {
  return `${coloursFor(process.stdout).green("nothing to release")} the catalogue is as it was in ${printable(since)}; nothing was written\n`;
}

function summary({ name, release, messages, written, removed, unchanged }: Packaged, folder: string): string {
  const { version, since, findings } = release;
  const cause = since === undefined ? "the first release" : `${count(findings.length, "change")} since ${since}`;
  const parts = [`${written.length} written`, `${removed.length} removed`, `${unchanged} unchanged`];
  const what = `${name} ${version} with ${count(messages, "message")}, ${cause}, into ${folder}: ${parts.join(", ")}`;
  return `${coloursFor(process.stdout).green("packaged")} ${printable(what)}\n`;
}
