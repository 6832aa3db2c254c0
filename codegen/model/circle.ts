import type { Path } from "../schema/pointer.js";
import type { Schema } from "../schema/schema.js";
import { childrenOf, sameValueKeywords, withReferences } from "../schema/walk.js";
import { componentsOf } from "./component.js";
import type { Definition } from "./definition.js";
import { isDefinition, type References } from "./reference.js";

/** A `$ref` that applies to the same value as the definition that holds it. */
interface Step {
  readonly target: Definition;
  /** From the file's root to the `$ref`. */
  readonly path: Path;
  /** Through a choice or a condition, not only through `$ref` and `allOf`. */
  readonly isChoice: boolean;
}

/**
 * The definitions that are a choice of themselves, with the place of the `$ref` that leads back. Nothing lies between,
 * so neither a validator nor a compiler gets to an end. Circles of `$ref` and `allOf` alone are found by flattening.
 */
export function choicesOfThemselves(
  definitions: readonly Definition[],
  references: References,
): ReadonlyMap<Definition, Path> {
  const steps = new Map(definitions.map((definition) => [definition, stepsOf(definition, references)]));
  const found = new Map<Definition, Path>();
  // A circle is looked for only where there may be one: most catalogues have no choice of named types.
  if (![...steps.values()].some((own) => own.some(({ isChoice }) => isChoice))) return found;
  const components = componentsOf(definitions, (definition) => targetsOf(definition, steps));
  for (const [definition, own] of steps) {
    for (const { target, path, isChoice } of own) {
      const leadsBack = components.get(target) === components.get(definition);
      if (isChoice && leadsBack && !found.has(definition)) found.set(definition, path);
    }
  }
  return found;
}

function targetsOf(definition: Definition, steps: ReadonlyMap<Definition, readonly Step[]>): readonly Definition[] {
  return (steps.get(definition) ?? []).map(({ target }) => target);
}

function stepsOf({ source, schema, path }: Definition, references: References): readonly Step[] {
  const steps: Step[] = [];
  if (withReferences(schema).length === 0) return steps;
  const collect = (inner: Schema, at: Path, isChoice: boolean): void => {
    const target = inner.$ref === undefined ? undefined : references.resolve(source, inner.$ref);
    if (target !== undefined && isDefinition(target)) steps.push({ target, path: [...at, "$ref"], isChoice });
    for (const [way, child] of childrenOf(inner)) {
      const [keyword = ""] = way;
      if (sameValueKeywords.has(keyword)) collect(child, [...at, ...way], isChoice || keyword !== "allOf");
    }
  };
  collect(schema, path, false);
  return steps;
}
