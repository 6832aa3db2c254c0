/** How much of a version a release changes; the least first. */
export const bumps = ["patch", "minor", "major"] as const;
export type Bump = (typeof bumps)[number];

type Parts = readonly [major: number, minor: number, patch: number];

const VERSION = /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})$/;

/** True for a version such as `1.2.0`, without anything after its three numbers. */
export function isVersion(text: string): boolean {
  return VERSION.test(text);
}

/** Below zero if the first version is the older one. */
export function compareVersions(one: string, other: string): number {
  const [a, b] = [partsOf(one), partsOf(other)];
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

/** The next version of a kind. */
export function bumped(version: string, bump: Bump): string {
  const [major, minor, patch] = partsOf(version);
  if (bump === "major") return `${major + 1}.0.0`;
  return bump === "minor" ? `${major}.${minor + 1}.0` : `${major}.${minor}.${patch + 1}`;
}

/** The next version by what changed. Below 1.0.0 the second number says that something breaks. */
export function nextVersion(version: string, bump: Bump): string {
  return bumped(version, bump === "major" && partsOf(version)[0] === 0 ? "minor" : bump);
}

/** Whether a range such as `^0.1.2` allows nothing that another such range does. */
export function isOtherLine(range: string, other: string): boolean {
  const lineOf = (text: string): string => /^\^(0\.\d+|[1-9]\d*)\./.exec(text)?.[1] ?? text;
  return lineOf(range) !== lineOf(other);
}

function partsOf(version: string): Parts {
  const [, major, minor, patch] = VERSION.exec(version) ?? [];
  return [Number(major), Number(minor), Number(patch)];
}
