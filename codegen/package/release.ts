import type { Finding } from "../diff/finding.js";
import type { Sources } from "../load/load.js";
import { PackageRefusedError } from "./failure.js";
import { type Bump, bumped, bumps, compareVersions, isOtherLine, isVersion, nextVersion } from "./version.js";

/** A version of the package that services may have installed. */
export interface Released {
  /** As it was named: `v1.2.0`, `./released`, `@shop/catalogue`. */
  readonly what: string;
  readonly version: string;
  readonly sources: Sources;
  /** The package's name, if it is known. */
  readonly name: string | undefined;
  /** The text of its CHANGELOG.md. */
  readonly changelog: string | undefined;
  /** The versions of the runtime that it works with. */
  readonly peers: Readonly<Record<string, string>>;
}

/** Something that is different, and no message's change. */
export interface OtherChange {
  readonly bump: Bump;
  readonly sentence: string;
}

/** A version to be published. */
export interface Release {
  readonly version: string;
  /** `undefined` for the first release. */
  readonly since: string | undefined;
  readonly findings: readonly Finding[];
  readonly others: readonly OtherChange[];
}

/** The version of the first release, unless another one is asked for. */
const FIRST = "0.1.0";

/** What a change of a message asks of the next version. */
export function bumpOf({ verdict, rule }: Finding): Bump {
  if (verdict !== "safe") return "major";
  return rule === "documentation-changed" ? "patch" : "minor";
}

/**
 * The first release.
 *
 * @param made the version that the package's folder holds already
 * @throws {PackageRefusedError} if what is asked for is no version, or is older than what was made before
 */
export function firstRelease(asked: string = FIRST, made?: string): Release {
  if (!isVersion(asked)) {
    throw new PackageRefusedError(
      `the first release has a version such as 0.1.0 or 1.0.0, not "${asked}"; if it is not the first, give the last one: --since`,
    );
  }
  if (made !== undefined && isVersion(made) && compareVersions(made, asked) > 0) {
    throw new PackageRefusedError(
      `the folder holds version ${made}, so this is not the first release; give the last one: --since`,
    );
  }
  return { version: asked, since: undefined, findings: [], others: [] };
}

/**
 * The release after another one; its version is at least what the changes ask for.
 *
 * @param asked `major`, `minor`, `patch` or a version, which must not be lower
 * @returns `undefined` if nothing changed and nothing is asked for
 * @throws {PackageRefusedError} if what is asked for is lower
 */
export function nextRelease(
  { version: last }: Released,
  findings: readonly Finding[],
  others: readonly OtherChange[],
  asked?: string,
): Release | undefined {
  const needed = highest([...findings.map(bumpOf), ...others.map(({ bump }) => bump)]);
  const least = needed && nextVersion(last, needed);
  const version = asked === undefined ? least : askedVersion(last, asked);
  if (version === undefined) return undefined;
  if (least !== undefined && compareVersions(version, least) < 0) {
    throw new PackageRefusedError(
      `the changes since ${last} ask for ${least} at least, so they cannot be released as ${version}; leave --release-as out`,
    );
  }
  if (compareVersions(version, last) <= 0) {
    throw new PackageRefusedError(`${last} was released already, so the next version cannot be ${version}`);
  }
  return { version, since: last, findings, others };
}

/** What else differs for whoever installs the package: exported names that no change of a message explains. */
export function otherChanges(
  findings: readonly Finding[],
  before: ReadonlySet<string>,
  after: ReadonlySet<string>,
): readonly OtherChange[] {
  const told = highest(findings.map(bumpOf));
  const gone = [...before].filter((name) => !after.has(name)).sort();
  const come = [...after].filter((name) => !before.has(name)).sort();
  // The change of a message tells of the names that came or went with it.
  if (gone.length > 0 && told !== "major") return [{ bump: "major", sentence: `no longer exports ${gone.join(", ")}` }];
  return come.length > 0 && (told === undefined || told === "patch")
    ? [{ bump: "minor", sentence: `also exports ${come.join(", ")}` }]
    : [];
}

/** What it means for a service that the package works with other versions of its runtime. */
export function peerChanges(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): readonly OtherChange[] {
  return Object.entries(after).flatMap(([name, range]) => {
    const last = before[name];
    if (last === undefined || last === range) return [];
    const sentence = `needs ${name} ${range}, and needed ${last}`;
    return [{ bump: isOtherLine(last, range) ? "major" : "minor", sentence } as const];
  });
}

function askedVersion(last: string, asked: string): string {
  const bump = bumps.find((each) => each === asked);
  if (bump !== undefined) return bumped(last, bump);
  if (isVersion(asked)) return asked;
  throw new PackageRefusedError(`--release-as takes major, minor, patch or a version such as 1.2.0, not "${asked}"`);
}

function highest(needed: readonly Bump[]): Bump | undefined {
  return bumps.findLast((bump) => needed.includes(bump));
}
