import { isWithin } from "../model/implies.js";
import { annotations, keywordTypes } from "../schema/keyword.js";
import type { Path } from "../schema/pointer.js";
import type { Schema } from "../schema/schema.js";
import { conditionObstacles, dependentObstacles, notObstacles } from "./condition.js";
import { Disjointness } from "./disjointness.js";
import { type Document, isNever, type Layers } from "./document.js";
import { listObstacles } from "./list-inclusion.js";
import { namesObstacles, objectObstacles } from "./object-inclusion.js";
import type { Obstacle, Proof } from "./proof.js";
import { Sameness } from "./sameness.js";
import { scalarHolds } from "./scalar-inclusion.js";

const TEXT: Schema = { type: "string" };

/** A proof of more steps is given up: choices within choices take a time that multiplies. */
const MOST_STEPS = 20_000;

/** Keywords that are the same only together with others. */
const GROUPS: readonly (readonly string[])[] = [
  ["if", "then", "else"],
  ["contains", "minContains", "maxContains"],
];
/** Keywords about objects that other types satisfy. */
const ABOUT_OBJECTS = new Set(["minProperties", "maxProperties", "dependentRequired", "dependentSchemas"]);
/** Keywords that are compared as a whole, before anything is proved of their parts. */
const WHOLE = new Set(["anyOf", "oneOf", "not", "if", "then", "else", "contains", "minContains", "maxContains"]);

/** Proves that every value of one schema, as a writer has it, is one of another, as a reader has it. */
export class Inclusion implements Proof {
  readonly inner: Document;
  readonly outer: Document;
  readonly disjointness: Disjointness;
  readonly #sameness: Sameness;
  readonly #proved = new Set<string>();
  readonly #open = new Set<string>();
  /** The other way round, for what is excluded. */
  #reverse: Inclusion | undefined;
  #assumptions = 0;
  #steps = 0;

  constructor(inner: Document, outer: Document) {
    this.inner = inner;
    this.outer = outer;
    this.#sameness = new Sameness(inner, outer);
    this.disjointness = new Disjointness(inner, outer, this.#sameness, (one, other) => {
      this.#reverse ??= new Inclusion(outer, inner);
      return this.#reverse.prove([one], other, []).length === 0;
    });
  }

  /** Where the proof fails; empty if the inclusion is proved. */
  obstacles(): readonly Obstacle[] {
    return this.prove([this.inner.root], this.outer.root, []);
  }

  namesHold(layers: Layers, names: Schema): boolean {
    const own = layers.flatMap(({ propertyNames }) => (propertyNames === undefined ? [] : [propertyNames as Schema]));
    if (this.prove([TEXT, ...own], names, []).length === 0) return true;
    const { inner } = this;
    const isFixed = inner.patternsOf(layers).length === 0 && inner.othersOf(layers) === undefined;
    const possible = inner.namesOf(layers).filter((name) => !inner.isImpossible(layers, name));
    return isFixed && possible.every((name) => this.outer.accepts(names, name));
  }

  prove(schemas: Layers, outer: Schema, at: Path): readonly Obstacle[] {
    if (this.#steps++ > MOST_STEPS) return [{ at, keyword: "" }];
    const layers = this.inner.layersOf(schemas);
    const question = `${this.inner.keyOf(layers)} in ${this.outer.keyOf([outer])}`;
    if (this.#proved.has(question)) return [];
    if (this.#open.has(question)) {
      // A value has an end: what is asked again is asked of a part of it.
      this.#assumptions++;
      return [];
    }
    const before = this.#assumptions;
    this.#open.add(question);
    const found = this.#decide(layers, outer, at);
    this.#open.delete(question);
    if (found.length === 0 && this.#assumptions === before) this.#proved.add(question);
    return found;
  }

  #decide(layers: Layers, outer: Schema, at: Path): readonly Obstacle[] {
    if (this.inner.isEmpty(layers)) return [];
    const found = this.#direct(layers, outer, at);
    if (found.length === 0) return found;
    const ways = this.inner.alternatives(layers);
    return ways === undefined ? found : ways.flatMap((way) => this.prove(way, outer, at));
  }

  #direct(layers: Layers, outer: Schema, at: Path): readonly Obstacle[] {
    if (isNever(outer)) return [{ at, keyword: "not" }];
    if (layers.some((layer) => this.#sameness.schemas(layer, outer))) return [];
    const values = this.inner.valuesOf(layers);
    if (values !== undefined) {
      const refused = values.filter((value) => !this.outer.accepts(outer, value));
      return refused.length === 0 ? [] : [{ at, keyword: this.#refusing(outer, refused[0]) }];
    }
    return this.outer.layersOf([outer]).flatMap((layer) => this.#layer(layers, layer, at));
  }

  /** The keyword that refuses a value. */
  #refusing(outer: Schema, value: unknown): string {
    const layers = this.outer.layersOf([outer]);
    const found = layers
      .flatMap((layer) => Object.entries(layer))
      .filter(([keyword]) => !annotations.has(keyword) && !GROUPS.some((group) => group.includes(keyword)))
      .find(([keyword, argument]) => !this.outer.accepts({ [keyword]: argument }, value));
    return found?.[0] ?? "type";
  }

  #layer(layers: Layers, outer: Schema, at: Path): readonly Obstacle[] {
    const types = this.inner.typesOf(layers);
    return Object.keys(outer).flatMap((keyword) => {
      const about = ABOUT_OBJECTS.has(keyword) ? "object" : keywordTypes.get(keyword);
      const isIdle = about !== undefined && !types.some((type) => isWithin(type, [about]));
      if (annotations.has(keyword) || isIdle || this.#isKept(layers, outer, keyword)) return [];
      return this.#keyword(layers, outer, keyword, at);
    });
  }

  /** Whether a layer says the same by this keyword. */
  #isKept(layers: Layers, outer: Schema, keyword: string): boolean {
    if (!WHOLE.has(keyword)) return false;
    const group = GROUPS.find((names) => names.includes(keyword)) ?? [keyword];
    return layers.some((layer) => group.every((name) => this.#sameness.keyword(name, layer[name], outer[name])));
  }

  #keyword(layers: Layers, outer: Schema, keyword: string, at: Path): readonly Obstacle[] {
    const obstacle = { at, keyword };
    switch (keyword) {
      case "anyOf":
        return this.#anyForm(layers, outer.anyOf ?? [], obstacle);
      case "oneOf":
        return this.#oneForm(layers, outer.oneOf ?? [], obstacle);
      case "not":
        return notObstacles(this, layers, outer, obstacle);
      case "if":
        return conditionObstacles(this, layers, outer, obstacle);
      case "dependentSchemas":
        return dependentObstacles(this, layers, outer, at);
      case "properties":
      case "patternProperties":
      case "additionalProperties":
        return objectObstacles(this, layers, outer, keyword, at);
      case "propertyNames":
      case "required":
      case "dependentRequired":
      case "minProperties":
      case "maxProperties":
        return namesObstacles(this, layers, outer, keyword, at);
      case "items":
      case "prefixItems":
      case "contains":
      case "minItems":
      case "maxItems":
      case "uniqueItems":
        return listObstacles(this, layers, outer, keyword, at);
      case "then":
      case "else":
      case "minContains":
      case "maxContains":
        return [];
      default:
        return scalarHolds(this.inner, layers, outer, keyword) ? [] : [obstacle];
    }
  }

  #anyForm(layers: Layers, forms: readonly Schema[], obstacle: Obstacle): readonly Obstacle[] {
    const found = forms.map((form) => this.prove(layers, form, obstacle.at));
    return found.some(({ length }) => length === 0) ? [] : nearest(found, obstacle);
  }

  #oneForm(layers: Layers, forms: readonly Schema[], obstacle: Obstacle): readonly Obstacle[] {
    const found = forms.map((form, at) => {
      const others = forms.toSpliced(at, 1);
      const obstacles = this.prove(layers, form, obstacle.at);
      if (obstacles.length > 0) return obstacles;
      return others.every((other) => this.disjointness.holds(layers, other)) ? [] : [obstacle];
    });
    return found.some(({ length }) => length === 0) ? [] : nearest(found, obstacle);
  }
}

/** What keeps a value from the form that it nearly has: one that fits but for something inside. Otherwise the choice. */
function nearest(found: readonly (readonly Obstacle[])[], obstacle: Obstacle): readonly Obstacle[] {
  const inside = found.filter((obstacles) => obstacles.every(({ at }) => at.length > obstacle.at.length));
  const [best] = inside.toSorted((a, b) => a.length - b.length);
  return inside.length === 1 && best !== undefined ? best : [obstacle];
}
