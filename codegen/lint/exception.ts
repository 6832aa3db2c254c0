import { EXCEPTION, type LintRule } from "../schema/lint-rule.js";
import { valueAt } from "../schema/pointer.js";
import { isObject } from "../schema/walk.js";
import type { Found } from "./finding.js";
import { around, type Site } from "./site.js";

type Ruled = Found & { readonly rule: LintRule };

/**
 * Leaves out what a schema is excused from: by itself, or by one around it in the file.
 *
 * @param on the rules that were looked for; an exception from another one may be needed elsewhere
 * @returns what is left, and the exceptions that excused nothing
 */
export function excuse(
  all: readonly Ruled[],
  sites: readonly Site[],
  on: ReadonlySet<string>,
): { readonly left: readonly Ruled[]; readonly idle: readonly Ruled[] } {
  const needed = new Map<Site, Set<string>>();
  const left = all.filter(({ site, rule }) => {
    // The innermost has the word: an exception around it that excuses nothing else is idle.
    const excusing = [...around(site)].find((at) => Object.hasOwn(exceptionsOf(at), rule));
    if (excusing !== undefined) needed.set(excusing, (needed.get(excusing) ?? new Set()).add(rule));
    return excusing === undefined;
  });
  const idle = sites.flatMap((site) =>
    Object.keys(exceptionsOf(site))
      .filter((rule) => (on.has(rule) || rule === "idle-exception") && needed.get(site)?.has(rule) !== true)
      .map((rule): Ruled => {
        const way = [EXCEPTION, rule];
        const sentence = `excuses nothing: nothing here breaks "${rule}"; remove it`;
        return { site, way, at: "key", rule: "idle-exception", sentence, edit: removal(site, way) };
      }),
  );
  return { left, idle };
}

function removal(site: Site, way: readonly string[]): NonNullable<Found["edit"]> {
  return { does: "remove", path: [...site.path, ...way] };
}

function exceptionsOf({ source, path }: Site): Readonly<Record<string, unknown>> {
  // Most files have none.
  if (!source.text.includes(EXCEPTION)) return {};
  const stated = valueAt(source.value, [...path, EXCEPTION]);
  return isObject(stated) ? stated : {};
}
