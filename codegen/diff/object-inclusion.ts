import { areEqual } from "../../runtime/contract/equal.js";
import type { Path } from "../schema/pointer.js";
import type { Schema } from "../schema/schema.js";
import { type Layers, matches } from "./document.js";
import type { Obstacle, Proof } from "./proof.js";
import { least, most } from "./scalar-inclusion.js";

/** What keeps the properties of layers from being those that a keyword of a schema demands. */
export function objectObstacles(
  proof: Proof,
  layers: Layers,
  outer: Schema,
  keyword: string,
  at: Path,
): readonly Obstacle[] {
  const { inner } = proof;
  const { properties = {}, patternProperties = {}, additionalProperties = true } = outer;
  if (keyword === "properties") {
    return Object.entries(properties).flatMap(([name, schema]) =>
      inner.isImpossible(layers, name) ? [] : proof.prove(inner.atName(layers, name), schema, [...at, name]),
    );
  }
  const names = inner.namesOf(layers);
  const patterns = inner.patternsOf(layers);
  const others = inner.othersOf(layers);
  if (keyword === "patternProperties") {
    return Object.entries(patternProperties).flatMap(([pattern, schema]) => [
      ...names
        .filter((name) => matches(pattern, name))
        .flatMap((name) => proof.prove(inner.atName(layers, name), schema, [...at, name])),
      ...patterns.flatMap((own) => proof.prove(patternLayers(layers, own), schema, [...at, "*"])),
      ...(others === undefined || patterns.includes(pattern) ? [] : proof.prove(others, schema, [...at, "*"])),
    ]);
  }
  if (additionalProperties === true) return [];
  const rest: Schema = additionalProperties === false ? { not: {} } : additionalProperties;
  const isDeclared = (name: string): boolean =>
    Object.hasOwn(properties, name) || Object.keys(patternProperties).some((pattern) => matches(pattern, name));
  const found = [
    ...names
      .filter((name) => !isDeclared(name))
      .flatMap((name) => proof.prove(inner.atName(layers, name), rest, [...at, name])),
    ...patterns
      .filter((pattern) => !Object.hasOwn(patternProperties, pattern))
      .flatMap((pattern) => proof.prove(patternLayers(layers, pattern), rest, [...at, "*"])),
    ...(others === undefined ? [] : proof.prove(others, rest, [...at, "*"])),
  ];
  // A name that is refused as such is a matter of the object.
  return additionalProperties === false
    ? found.map((obstacle) => (obstacle.at.length === at.length + 1 ? { ...obstacle, keyword } : obstacle))
    : found;
}

/** What certainly applies to the values of names that match a pattern. */
function patternLayers(layers: Layers, pattern: string): Layers {
  return layers.flatMap(({ patternProperties = {} }) =>
    Object.hasOwn(patternProperties, pattern) ? [patternProperties[pattern] as Schema] : [],
  );
}

/** What keeps the names of layers from being those that a keyword of a schema demands. */
export function namesObstacles(
  proof: Proof,
  layers: Layers,
  outer: Schema,
  keyword: string,
  at: Path,
): readonly Obstacle[] {
  const { inner } = proof;
  const required = inner.requiredOf(layers);
  const has = (name: string): boolean => required.includes(name);
  const isFixed = inner.patternsOf(layers).length === 0 && inner.othersOf(layers) === undefined;
  const possible = inner.namesOf(layers).filter((name) => !inner.isImpossible(layers, name));
  const isSaid = layers.some((layer) => layer[keyword] !== undefined && areEqual(layer[keyword], outer[keyword]));
  const limit = Number(outer[keyword]);
  switch (keyword) {
    case "required":
      return (outer.required ?? []).filter((name) => !has(name)).map((name) => ({ at: [...at, name], keyword }));
    case "minProperties":
      return Math.max(least(layers, keyword), required.length) >= limit ? [] : [{ at, keyword }];
    case "maxProperties":
      return most(layers, keyword) <= limit || (isFixed && possible.length <= limit) ? [] : [{ at, keyword }];
    case "propertyNames":
      return proof.namesHold(layers, outer[keyword] as Schema) ? [] : [{ at, keyword }];
    default: {
      const dependents = Object.entries((outer[keyword] ?? {}) as Record<string, readonly string[]>);
      const holds = dependents.every(
        ([trigger, names]) => names.every(has) || inner.isImpossible(layers, trigger) || isSaid,
      );
      return holds ? [] : [{ at, keyword }];
    }
  }
}
