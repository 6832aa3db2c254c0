import type { Path } from "../schema/pointer.js";
import type { Schema } from "../schema/schema.js";
import type { Layers } from "./document.js";
import type { Obstacle, Proof } from "./proof.js";
import { least, most } from "./scalar-inclusion.js";

/** What keeps the lists of layers from being those that a keyword of a schema demands. */
export function listObstacles(
  proof: Proof,
  layers: Layers,
  outer: Schema,
  keyword: string,
  at: Path,
): readonly Obstacle[] {
  const longest = lengthOf(proof, layers);
  switch (keyword) {
    case "minItems":
      return least(layers, keyword) >= Number(outer.minItems) ? [] : [{ at, keyword }];
    case "maxItems":
      return longest <= Number(outer["maxItems"]) ? [] : [{ at, keyword }];
    case "uniqueItems": {
      const holds = outer[keyword] !== true || longest <= 1 || layers.some((layer) => layer[keyword] === true);
      return holds ? [] : [{ at, keyword }];
    }
    case "contains":
      return containsObstacles(proof, layers, outer, at);
    default:
      return itemObstacles(proof, layers, outer, keyword, at);
  }
}

/** No list of these layers has more items. */
function lengthOf({ inner }: Proof, layers: Layers): number {
  const length = Math.max(0, ...layers.map(({ prefixItems = [] }) => prefixItems.length));
  const end = Array.from({ length: length + 1 }, (_, index) => index).find((index) =>
    inner.isEmpty(inner.layersOf(inner.atIndex(layers, index))),
  );
  return Math.min(most(layers, "maxItems"), end ?? Number.POSITIVE_INFINITY);
}

function itemObstacles(proof: Proof, layers: Layers, outer: Schema, keyword: string, at: Path): readonly Obstacle[] {
  const { inner } = proof;
  const { prefixItems = [], items } = outer;
  const longest = lengthOf(proof, layers);
  const item = (index: number, schema: Schema, key: string): readonly Obstacle[] =>
    index >= longest ? [] : proof.prove(inner.atIndex(layers, index), schema, [...at, key]);
  if (keyword === "prefixItems") return prefixItems.flatMap((schema, index) => item(index, schema, `${index}`));
  const rest = ((items as unknown) === false ? { not: {} } : (items as unknown) === true ? {} : items) as Schema;
  const tuple = Math.max(prefixItems.length, ...layers.map((layer) => layer.prefixItems?.length ?? 0));
  const further = Array.from({ length: tuple - prefixItems.length }, (_, more) => prefixItems.length + more);
  return [...further.flatMap((index) => item(index, rest, `${index}`)), ...item(tuple, rest, "*")];
}

function containsObstacles(proof: Proof, layers: Layers, outer: Schema, at: Path): readonly Obstacle[] {
  const { contains, minContains = 1, maxContains } = outer;
  if (minContains === 0 && maxContains === undefined) return [];
  const item = proof.inner.atIndex(layers, 0);
  const isTuple = layers.some(({ prefixItems }) => prefixItems !== undefined);
  const isFound = (schemas: Layers): boolean => proof.prove(schemas, contains as Schema, [...at, "*"]).length === 0;
  const holds =
    maxContains === undefined &&
    ((!isTuple && least(layers, "minItems") >= Number(minContains) && isFound(item)) ||
      layers.some(
        (layer) =>
          layer["contains"] !== undefined &&
          Number(layer["minContains"] ?? 1) >= Number(minContains) &&
          isFound([...(isTuple ? [] : item), layer["contains"] as Schema]),
      ));
  return holds ? [] : [{ at, keyword: "contains" }];
}
