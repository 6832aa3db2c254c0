import { Judge } from "../check/judge.js";
import { Samples } from "../check/sample.js";
import { typesOf } from "../model/implies.js";
import type { Model } from "../model/model.js";
import type { Random } from "../schema/random.js";
import type { Schema } from "../schema/schema.js";

/** Keywords whose values are taken from the samples, not made at random. */
const HARD = [
  ...["allOf", "not", "if", "dependentSchemas", "dependentRequired", "patternProperties", "propertyNames", "contains"],
  ...["prefixItems", "uniqueItems", "minProperties", "maxProperties", "multipleOf"],
] as const;
/** What is deeper than this has only what it must have. */
const DEEP = 6;
const LETTERS = "abcdefghijklmnopqrstuvwxyz";
const ALIKE = [LETTERS, LETTERS.toUpperCase(), "0123456789"] as const;
/** How many of a text's characters are others. */
const VARIED = 0.2;
/** How often a value at a limit is taken instead of a random one. */
const SAMPLED = 0.5;

/** Makes random values of flat schemas: other forms, properties and lengths each time. Not each of them is valid. */
export class MessageMaker {
  readonly #model: Model;
  readonly #random: Random;
  readonly #judge: Judge;
  readonly #samples = new Map<Schema, readonly unknown[]>();

  constructor(model: Model, random: Random) {
    this.#model = model;
    this.#random = random;
    this.#judge = new Judge((name) => {
      const found = model.byName.get(name);
      return found && model.flattener.definition(found);
    });
  }

  of(schema: Schema, depth = 0): unknown {
    const whole = this.#model.flattener.expand(schema);
    if (whole.const !== undefined) return whole.const;
    if (whole.enum !== undefined) return this.#random.of(whole.enum);
    const { anyOf, oneOf, ...rest } = whole;
    if (HARD.some((keyword) => whole[keyword] !== undefined) || (anyOf && oneOf)) return this.#sample(whole);
    const forms = (anyOf ?? oneOf)?.filter((form) => form["tolerated"] !== true);
    if (forms !== undefined) {
      const form = this.#model.flattener.both(rest, this.#random.of(forms) ?? {});
      return form === undefined ? this.#sample(whole) : this.of(form, depth);
    }
    switch (this.#random.of(typesOf(whole) ?? ["unknown"])) {
      case "object":
        return this.#object(whole, depth);
      case "array":
        return this.#list(whole, depth);
      case "string":
        if (whole.format !== undefined || whole.pattern !== undefined) return this.#varied(whole);
        return this.#random.next() < SAMPLED ? this.#sample(whole) : this.#text(whole);
      case "integer":
        return this.#random.next() < SAMPLED ? this.#sample(whole) : this.#whole(whole);
      default:
        return this.#sample(whole);
    }
  }

  /** One of the values that are made of a schema by rule. */
  #sample(schema: Schema): unknown {
    const known = this.#samples.get(schema) ?? new Samples(this.#model, this.#judge).of(schema);
    this.#samples.set(schema, known);
    return this.#random.of(known);
  }

  #object(schema: Schema, depth: number): unknown {
    const { properties, required = [] } = schema;
    if (properties === undefined) return this.#sample(schema);
    const share = depth > DEEP ? 0 : (this.#random.of([0, 0.5, 0.8, 1]) ?? 1);
    const chosen = Object.keys(properties).filter((name) => required.includes(name) || this.#random.next() < share);
    const entries = chosen.map((name) => [name, this.of(properties[name] ?? {}, depth + 1)] as const);
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  }

  #list(schema: Schema, depth: number): unknown {
    const { items, minItems = 0, maxItems = minItems + 3 } = schema as Schema & { readonly maxItems?: number };
    if (items === undefined || typeof items === "boolean") return this.#sample(schema);
    const most = depth > DEEP ? minItems : Math.min(maxItems, minItems + 3);
    const length = minItems + Math.floor(this.#random.next() * (most - minItems + 1));
    return Array.from({ length }, () => this.of(items, depth + 1));
  }

  /** A text like a sample, with other letters and digits in some of its places. */
  #varied(schema: Schema): unknown {
    const sample = this.#sample(schema);
    if (typeof sample !== "string") return sample;
    const varied = sample.replace(/[a-zA-Z0-9]/g, (character) => {
      const alike = ALIKE.find((characters) => characters.includes(character)) ?? character;
      return this.#random.next() < VARIED ? (this.#random.of([...alike]) ?? character) : character;
    });
    return this.#judge.accepts(schema, varied) ? varied : sample;
  }

  #text({ minLength = 0, maxLength = minLength + 12 }: Schema): string {
    const length = minLength + Math.floor(this.#random.next() * (Math.min(maxLength, minLength + 12) - minLength + 1));
    return Array.from({ length }, () => this.#random.of([...LETTERS]) ?? "").join("");
  }

  #whole(schema: Schema): number {
    const { minimum = -1000, maximum = Math.max(1000, minimum) } = schema as { minimum?: number; maximum?: number };
    const least = Math.ceil(Math.max(minimum, Math.min(-1000, maximum)));
    return least + Math.floor(this.#random.next() * (Math.min(maximum, least + 2000) - least + 1));
  }
}
