import type { Definition } from "./definition.js";
import { type Hindrance, hindrance } from "./document.js";
import type { Rewritten } from "./rewrite.js";

/**
 * Where a test leads to a definition that gets a type, or that leads to one: the type would turn the verdict of the test,
 * and what the definition says elsewhere needs it.
 *
 * @param closureOf the definitions that one leads to, itself included
 */
export function turnedIn(
  { tested }: Rewritten,
  closureOf: (definition: Definition) => Iterable<Definition>,
  rewritten: (definition: Definition) => Rewritten,
): readonly Hindrance[] {
  const hindrances: Hindrance[] = [];
  for (const [place, definition] of tested) {
    for (const found of closureOf(definition)) {
      const change = rewritten(found).changes.find(({ rule }) => rule === "missing-type");
      if (change === undefined) continue;
      const sentence = `leads to ${change.file}#${change.pointer}, which accepts values of other types as well; add "type": ${change.detail}`;
      hindrances.push(hindrance(place, "untyped-shape", sentence));
      break;
    }
  }
  return hindrances;
}
