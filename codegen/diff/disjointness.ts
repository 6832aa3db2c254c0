import { isWithin } from "../model/implies.js";
import type { Schema } from "../schema/schema.js";
import { type Document, isNever, type Layers } from "./document.js";
import type { Sameness } from "./sameness.js";
import { highest, least, lowest, most } from "./scalar-inclusion.js";

/** Choices within choices are followed so far. */
const DEEPEST = 12;

/** Proves that no value of a writer's layers is one of a reader's schema. */
export class Disjointness {
  readonly #inner: Document;
  readonly #outer: Document;
  readonly #sameness: Sameness;
  readonly #isIncluded: (outer: Schema, inner: Schema) => boolean;
  #depth = 0;

  /** @param isIncluded - whether it is proved that all values of a reader's schema are of a writer's one */
  constructor(
    inner: Document,
    outer: Document,
    sameness: Sameness,
    isIncluded: (outer: Schema, inner: Schema) => boolean,
  ) {
    this.#isIncluded = isIncluded;
    this.#inner = inner;
    this.#outer = outer;
    this.#sameness = sameness;
  }

  /** Returns `true` only if it is certain that they have no value in common. */
  holds(schemas: Layers, other: Schema): boolean {
    if (this.#depth > DEEPEST) return false;
    this.#depth++;
    const isDisjoint = this.#decide(this.#inner.layersOf(schemas), other);
    this.#depth--;
    return isDisjoint;
  }

  #decide(layers: Layers, other: Schema): boolean {
    if (isNever(other) || this.#inner.isEmpty(layers)) return true;
    if (layers.some(({ not }) => not !== undefined && this.#isWithin(other, not as Schema))) return true;
    const outer = this.#outer.layersOf([other]);
    const values = this.#inner.valuesOf(layers);
    if (values !== undefined) return values.every((value) => !this.#outer.accepts(other, value));
    const listed = this.#outer.valuesOf(outer);
    if (listed !== undefined) {
      return listed.every((value) => layers.some((layer) => !this.#inner.accepts(layer, value)));
    }
    const types = this.#inner.typesOf(layers);
    const shared = this.#outer
      .typesOf(outer)
      .filter((type) => types.some((own) => isWithin(own, [type]) || isWithin(type, [own])));
    if (shared.length === 0) return true;
    if (shared.length === 1 && this.#differs(layers, outer, shared[0] as string)) return true;
    for (const { anyOf, oneOf } of outer) {
      for (const forms of [anyOf, oneOf]) if (forms?.every((form) => this.holds(layers, form))) return true;
    }
    const ways = this.#inner.alternatives(layers);
    return ways?.every((way) => this.holds(way, other)) ?? false;
  }

  /** Whether the writer excludes all that the reader's schema accepts. */
  #isWithin(other: Schema, excluded: Schema): boolean {
    if (this.#sameness.schemas(excluded, other)) return true;
    // Readers accept more instants than writers do.
    return !this.#outer.textOf(other).includes("date-time") && this.#isIncluded(other, excluded);
  }

  /** Whether values of one type differ in what both have to have. */
  #differs(layers: Layers, outer: Layers, type: string): boolean {
    if (type === "object") {
      const names = new Set([...this.#inner.requiredOf(layers), ...this.#outer.requiredOf(outer)]);
      return [...names].some((name) => {
        const all = this.#inner.atName(layers, name);
        return (
          this.#outer.atName(outer, name).some((schema) => this.holds(all, schema)) ||
          this.#inner.isImpossible(layers, name)
        );
      });
    }
    if (type === "string") {
      return (
        least(layers, "minLength") > most(outer, "maxLength") || most(layers, "maxLength") < least(outer, "minLength")
      );
    }
    if (type === "array") {
      return least(layers, "minItems") > most(outer, "maxItems") || most(layers, "maxItems") < least(outer, "minItems");
    }
    if (!isWithin(type, ["number"])) return false;
    const isWhole = type === "integer";
    return lowest(layers, isWhole) > highest(outer, isWhole) || highest(layers, isWhole) < lowest(outer, isWhole);
  }
}
