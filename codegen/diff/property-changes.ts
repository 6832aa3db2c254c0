import type { Schema } from "../schema/schema.js";
import { suggest } from "../schema/suggest.js";
import type { Change } from "./change.js";
import type { Comparison, Place } from "./comparison.js";
import { isNever } from "./document.js";

/** The differences of what an object declares: what was added and removed, what has another name, and what differs inside. */
export function propertyChanges(
  comparison: Comparison,
  keyword: "properties" | "patternProperties",
  { before, after, at }: Place,
): readonly Change[] {
  const [was, is] = [before[keyword] ?? {}, after[keyword] ?? {}];
  const kept = Object.keys(was).filter((name) => Object.hasOwn(is, name));
  const isPattern = keyword === "patternProperties";
  const inner = kept.flatMap((name) =>
    comparison.compare(was[name] as Schema, is[name] as Schema, [...at, isPattern ? "*" : name]),
  );
  const removed = Object.keys(was).filter((name) => !Object.hasOwn(is, name));
  const added = Object.keys(is).filter((name) => !Object.hasOwn(was, name));
  if (isPattern) {
    const change = (sentence: string): Change => ({
      rule: "names-changed",
      at: [...at, "*"],
      keyword,
      sentence,
      before,
      after,
    });
    return [
      ...inner,
      ...removed.map((pattern) => change(`the pattern ${pattern} was removed`)),
      ...added.map((pattern) => change(`the pattern ${pattern} was added`)),
    ];
  }
  const renamed = renamedOf(comparison, was, is, { removed, added });
  const isRequired = ({ required = [] }: Schema, name: string): boolean => required.includes(name);
  const must = (isGiven: boolean): string => (isGiven ? "the required property" : "the property");
  return [
    ...inner,
    ...[...renamed].map(
      ([from, to]): Change => ({
        rule: "property-renamed",
        at: [...at, to],
        keyword,
        sentence: `the property ${from} is called ${to}, as it seems`,
        before: was[from],
        after: is[to],
        renamed: { from, to },
        isRequired: isRequired(before, from) || isRequired(after, to),
      }),
    ),
    ...removed
      .filter((name) => !renamed.has(name))
      .map(
        (name): Change => ({
          rule: "property-removed",
          at: [...at, name],
          keyword,
          sentence: `${must(isRequired(before, name))} ${name} was removed`,
          before: was[name],
          after: undefined,
          isRequired: isRequired(before, name),
        }),
      ),
    ...added
      .filter((name) => ![...renamed.values()].includes(name))
      .map(
        (name): Change => ({
          rule: "property-added",
          at: [...at, name],
          keyword,
          sentence: `${must(isRequired(after, name))} ${name} was added`,
          before: undefined,
          after: is[name],
          isRequired: isRequired(after, name),
        }),
      ),
  ];
}

type Properties = Readonly<Record<string, Schema>>;

/** A property that went where another came that says the same: the nearest name first, each once. */
function renamedOf(
  { sameness }: Comparison,
  was: Properties,
  is: Properties,
  { removed, added }: { readonly removed: readonly string[]; readonly added: readonly string[] },
): ReadonlyMap<string, string> {
  const renamed = new Map<string, string>();
  const left = new Set(added);
  for (const from of removed) {
    const alike = [...left].filter((to) => !isNever(was[from]) && sameness.schemas(was[from], is[to]));
    const to = suggest(from, alike)?.slice(1, -1) ?? alike[0];
    if (to === undefined) continue;
    renamed.set(from, to);
    left.delete(to);
  }
  return renamed;
}
