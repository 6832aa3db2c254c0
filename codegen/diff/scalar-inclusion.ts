import type { Schema } from "../schema/schema.js";
import type { Document, Layers } from "./document.js";

/** Whether layers imply what a keyword of a schema says of texts, numbers or types. */
export function scalarHolds(inner: Document, layers: Layers, outer: Schema, keyword: string): boolean {
  const types = inner.typesOf(layers);
  const argument = outer[keyword];
  const isWhole = types.every((type) => type === "integer");
  switch (keyword) {
    case "type": {
      const allowed = [outer.type ?? []].flat();
      return types.every((type) => allowed.includes(type) || (type === "integer" && allowed.includes("number")));
    }
    case "minLength":
      return least(layers, keyword) >= Number(argument);
    case "maxLength":
      return most(layers, keyword) <= Number(argument);
    case "minimum":
      return lowest(layers, isWhole) >= Number(argument);
    case "exclusiveMinimum":
      return isAbove(layers, Number(argument), isWhole);
    case "maximum":
      return highest(layers, isWhole) <= Number(argument);
    case "exclusiveMaximum":
      return isBelow(layers, Number(argument), isWhole);
    case "multipleOf":
      return (isWhole && argument === 1) || layers.some((layer) => isMultiple(layer[keyword], argument));
    default:
      return layers.some((layer) => layer[keyword] === argument);
  }
}

/** The greatest number that a keyword of the layers has. */
export function least(layers: Layers, keyword: string): number {
  return Math.max(
    Number.NEGATIVE_INFINITY,
    ...layers.map((layer) => Number(layer[keyword] ?? Number.NEGATIVE_INFINITY)),
  );
}

/** The smallest number that a keyword of the layers has. */
export function most(layers: Layers, keyword: string): number {
  return Math.min(
    Number.POSITIVE_INFINITY,
    ...layers.map((layer) => Number(layer[keyword] ?? Number.POSITIVE_INFINITY)),
  );
}

/** A number that no value is below. */
export function lowest(layers: Layers, isWhole: boolean): number {
  const exclusive = least(layers, "exclusiveMinimum");
  const bound = Math.max(least(layers, "minimum"), isWhole ? Math.floor(exclusive) + 1 : exclusive);
  return isWhole ? Math.ceil(bound) : bound;
}

/** A number that no value is above. */
export function highest(layers: Layers, isWhole: boolean): number {
  const exclusive = most(layers, "exclusiveMaximum");
  const bound = Math.min(most(layers, "maximum"), isWhole ? Math.ceil(exclusive) - 1 : exclusive);
  return isWhole ? Math.floor(bound) : bound;
}

function isAbove(layers: Layers, bound: number, isWhole: boolean): boolean {
  return lowest(layers, isWhole) > bound || least(layers, "exclusiveMinimum") >= bound;
}

function isBelow(layers: Layers, bound: number, isWhole: boolean): boolean {
  return highest(layers, isWhole) < bound || most(layers, "exclusiveMaximum") <= bound;
}

function isMultiple(step: unknown, of: unknown): boolean {
  return step === of || (Number.isInteger(step) && Number.isInteger(of) && Number(step) % Number(of) === 0);
}
