import type { Path } from "../schema/pointer.js";
import type { Schema } from "../schema/schema.js";
import type { Layers } from "./document.js";
import type { Obstacle, Proof } from "./proof.js";

/** What keeps layers from being none of what `not` describes. */
export function notObstacles(proof: Proof, layers: Layers, outer: Schema, obstacle: Obstacle): readonly Obstacle[] {
  return proof.disjointness.holds(layers, outer["not"] as Schema) ? [] : [obstacle];
}

/** What keeps layers from having the branch that applies to them. */
export function conditionObstacles(
  proof: Proof,
  layers: Layers,
  outer: Schema,
  { at, keyword }: Obstacle,
): readonly Obstacle[] {
  const { if: test, then = {}, else: otherwise = {} } = outer as Record<string, Schema>;
  const isThen = proof.prove(layers, test as Schema, at).length === 0;
  const isElse = !isThen && proof.disjointness.holds(layers, test as Schema);
  const found = [
    ...(isElse ? [] : proof.prove(layers, then, at)),
    ...(isThen ? [] : proof.prove(layers, otherwise, at)),
  ];
  return isThen || isElse || found.length === 0 ? found : [{ at, keyword }];
}

/** What keeps layers from being what `dependentSchemas` demands of those with a name. */
export function dependentObstacles(proof: Proof, layers: Layers, outer: Schema, at: Path): readonly Obstacle[] {
  const dependents = Object.entries((outer["dependentSchemas"] ?? {}) as Record<string, Schema>);
  return dependents.flatMap(([trigger, schema]) => proof.prove([...layers, presenceOf(trigger)], schema, at));
}

const presences = new Map<string, Schema>();

function presenceOf(name: string): Schema {
  const presence = presences.get(name) ?? { required: [name] };
  presences.set(name, presence);
  return presence;
}
