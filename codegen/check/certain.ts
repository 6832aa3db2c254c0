import type { Message, Model } from "../model/model.js";
import type { Schema } from "../schema/schema.js";
import { everyWithin } from "../schema/walk.js";
import { plainKeywords } from "./plain.js";

/**
 * Keywords by which a publisher and its readers judge a value alike, whether or not constants and defaults were filled in
 * around it.
 */
const steadyKeywords: ReadonlySet<string> = new Set([
  ...plainKeywords,
  ...["pattern", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minItems", "maxItems", "uniqueItems"],
]);

/** The name that the announcement of a notification has beside those of the message. */
const ANNOUNCED = "entry_id";

/**
 * Tells which messages need no trial. In a schema of steady keywords, a value that it accepts has no name but those that
 * it declares or opens, so its publisher may write it, with its constants and defaults, which are checked by themselves.
 * Every type of value there comes back from its text: what does not, other rules refuse.
 */
export class Certainty {
  readonly #model: Model;
  readonly #known = new Map<Schema, boolean>();

  constructor(model: Model) {
    this.#model = model;
  }

  /** Returns whether a message and its result are certain to be written and read as they are. */
  of({ kind, schema, result }: Message): boolean {
    if (kind.kind === "notification" && !isAnnounceable(schema)) return false;
    return this.#isSteady(schema) && (result === undefined || this.#isSteady(result.schema));
  }

  /** Returns whether a schema and all types that it refers to have steady keywords only. */
  #isSteady(schema: Schema): boolean {
    const { flattener } = this.#model;
    return [schema, ...flattener.closure(schema).map((found) => flattener.definition(found))].every((each) => {
      const isSteady = this.#known.get(each) ?? everyWithin(each, saysSteadily);
      this.#known.set(each, isSteady);
      return isSteady;
    });
  }
}

function saysSteadily(schema: Schema): boolean {
  for (const keyword in schema) if (!steadyKeywords.has(keyword)) return false;
  return isScalar(schema.const) && (schema.enum === undefined || schema.enum.every(isScalar));
}

function isScalar(value: unknown): boolean {
  return typeof value !== "object" || value === null;
}

/** Readers of an announcement take a name beside those of the message. */
function isAnnounceable({ properties = {}, additionalProperties = true }: Schema): boolean {
  return additionalProperties === true && !Object.hasOwn(properties, ANNOUNCED);
}
