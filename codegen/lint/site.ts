import type { Source } from "../load/source.js";
import type { Path } from "../schema/pointer.js";
import type { Schema } from "../schema/schema.js";
import { childrenOf, sameValueKeywords } from "../schema/walk.js";

/** A schema as it stands in a file, with what is around it. */
export interface Site {
  readonly source: Source;
  readonly path: Path;
  readonly schema: Schema;
  readonly parent: Site | undefined;
  /** The keys from the parent: `["properties", "email"]`, `["items"]`. */
  readonly via: Path;
}

const TESTS: ReadonlySet<string> = new Set(["not", "if", "propertyNames"]);

/** Every schema of a file, outermost first. What only tests a value (`not`, `if`, `propertyNames`) is left out. */
export function sitesIn(source: Source): readonly Site[] {
  const found: Site[] = [];
  const visit = (site: Site): void => {
    found.push(site);
    for (const [via, schema] of childrenOf(site.schema)) {
      if (!TESTS.has(via[0] ?? "")) visit({ source, path: [...site.path, ...via], schema, parent: site, via });
    }
  };
  if (source.schema !== undefined) {
    visit({ source, path: [], schema: source.schema, parent: undefined, via: [] });
  }
  return found;
}

/** The site and those around it, the innermost first. */
export function* around(site: Site | undefined): Generator<Site> {
  for (let at = site; at !== undefined; at = at.parent) yield at;
}

/** The site and those around it that apply to the same value, the innermost first: of a form its `anyOf`, and so on. */
export function* ofSameValue(site: Site): Generator<Site> {
  for (const at of around(site)) {
    yield at;
    if (!sameValueKeywords.has(at.via[0] ?? "")) return;
  }
}

/** The outermost of those: where a value is described as a whole. */
export function wholeOf(site: Site): Site {
  return [...ofSameValue(site)].at(-1) ?? site;
}

/** Returns whether the site is, or is within, a form that is read and never written. */
export function isTolerated(site: Site): boolean {
  return [...around(site)].some(({ schema }) => schema.tolerated === true);
}

/** The types that a schema names. */
export function typesIn({ type }: Schema): readonly string[] {
  return type === undefined ? [] : [type].flat();
}
