import { typesOf } from "../model/implies.js";
import type { Schema } from "../schema/schema.js";
import type { Comparison } from "./comparison.js";
import type { Document } from "./document.js";

/** The forms of a choice in two versions. */
export interface FormPairs {
  readonly pairs: readonly (readonly [before: Schema, after: Schema])[];
  readonly removed: readonly Schema[];
  readonly added: readonly Schema[];
}

/** Finds out which forms of a choice became which: those that say the same, those of one name, tag or type, then by order. */
export function pairForms(comparison: Comparison, before: readonly Schema[], after: readonly Schema[]): FormPairs {
  const was = new Set(before);
  const is = new Set(after);
  const pairs: (readonly [Schema, Schema])[] = [];
  const pair = (belong: (one: Schema, other: Schema) => boolean): void => {
    for (const one of was) {
      const other = [...is].find((form) => belong(one, form));
      if (other === undefined) continue;
      pairs.push([one, other]);
      was.delete(one);
      is.delete(other);
    }
  };
  pair((one, other) => comparison.sameness.schemas(one, other));
  pair((one, other) => one.$ref !== undefined && one.$ref === other.$ref);
  pair((one, other) => {
    const tag = tagOf(comparison.old, one);
    return tag !== "" && tag === tagOf(comparison.new, other);
  });
  pair((one, other) => {
    const types = typeNames(comparison.old, one);
    // Objects without a tag are alike only if they share a name.
    return types !== "" && types === typeNames(comparison.new, other) && sharesNames(comparison, one, other);
  });
  return { pairs, removed: [...was], added: [...is] };
}

/** The constants by which a form is told from others. */
function tagOf(document: Document, form: Schema): string {
  const layers = document.layersOf([form]);
  const tags = document.namesOf(layers).flatMap((name) => {
    const value = document.atName(layers, name).find((schema) => schema.const !== undefined)?.const;
    return value === undefined ? [] : [[name, value]];
  });
  return tags.length === 0 ? "" : JSON.stringify(tags.sort());
}

function typeNames(document: Document, form: Schema): string {
  return document
    .layersOf([form])
    .flatMap((layer) => typesOf(layer) ?? [])
    .sort()
    .join(" ");
}

function sharesNames(comparison: Comparison, one: Schema, other: Schema): boolean {
  const was = comparison.old.namesOf(comparison.old.layersOf([one]));
  const is = comparison.new.namesOf(comparison.new.layersOf([other]));
  return (was.length === 0 && is.length === 0) || was.some((name) => is.includes(name));
}
