import { isObject } from "../schema/walk.js";

/** The drafts of JSON Schema that can be imported, the oldest first. */
export const drafts = ["04", "06", "07", "2019-09", "2020-12"] as const;
export type Draft = (typeof drafts)[number];

/** Constraints by the draft that introduced them. An older draft ignores them. */
const introduced: ReadonlyMap<string, Draft> = new Map<string, Draft>([
  ...["const", "contains", "propertyNames"].map((keyword) => [keyword, "06"] as const),
  ...["if", "then", "else"].map((keyword) => [keyword, "07"] as const),
  ...["dependentRequired", "dependentSchemas", "minContains", "maxContains"].map((name) => [name, "2019-09"] as const),
  ...["unevaluatedProperties", "unevaluatedItems"].map((keyword) => [keyword, "2019-09"] as const),
  ["prefixItems", "2020-12"],
]);

/** Returns whether a draft is the other one or an older one. */
export function isUpTo(draft: Draft, other: Draft): boolean {
  return drafts.indexOf(draft) <= drafts.indexOf(other);
}

/** Returns whether a draft ignores a keyword because a later one introduced it. */
export function isLater(keyword: string, draft: Draft): boolean {
  const since = introduced.get(keyword);
  return since !== undefined && !isUpTo(since, draft);
}

/** The draft that `$schema` names; `undefined` if it names another dialect, `"none"` if it names no draft at all. */
export function statedDraft({ $schema }: Readonly<Record<string, unknown>>): Draft | "none" | undefined {
  if ($schema === undefined) return "none";
  const [, url = ""] = /^https?:\/\/json-schema\.org\/(.*?)#?$/.exec(String($schema)) ?? [];
  // The address without a draft stands for the newest one, whichever that was when the file was written.
  if (url === "schema") return "none";
  const [, draft] = /^draft(?:-|\/)([\d-]+)\/(?:hyper-)?schema$/.exec(url) ?? [];
  return drafts.find((known) => known === draft);
}

/** The draft that a document without `$schema` is most likely of. */
export function probableDraft(document: unknown): Draft {
  const names = new Set<string>();
  let isOfDraft04 = false;
  let isTuple = false;
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) visit(item);
    if (!isObject(value)) return;
    for (const [name, inner] of Object.entries(value)) {
      names.add(name);
      if (/^exclusiveM/.test(name) && typeof inner === "boolean") isOfDraft04 = true;
      if (name === "items" && Array.isArray(inner)) isTuple = true;
      visit(inner);
    }
  };
  visit(document);
  if (isOfDraft04) return "04";
  if (names.has("$recursiveRef")) return "2019-09";
  if (names.has("$defs") && !isTuple && !names.has("definitions")) return "2020-12";
  return isTuple || ["definitions", "dependencies", "additionalItems"].some((name) => names.has(name))
    ? "07"
    : "2020-12";
}
