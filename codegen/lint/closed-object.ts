import type { Found } from "./finding.js";
import type { Site } from "./site.js";

/** Finds objects whose readers refuse what they do not know. */
export function findClosedObjects(sites: readonly Site[]): readonly Found[] {
  const sentence =
    "readers refuse what a later version adds; leave it out: a publisher may use no undeclared name anyway";
  return sites
    .filter(({ schema }) => schema.additionalProperties === false)
    .map((site) => ({ site, way: ["additionalProperties"], at: "key", sentence }));
}
