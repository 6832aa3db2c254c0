import type { Files } from "../codegen/catalogue.js";

/** A package of another maker with schemas, and real values of them. */
export interface Maker {
  readonly name: string;
  /** The packages with their versions. */
  readonly source: string;
  /** The maker's types, as a file of a catalogue. */
  readonly types: Files;
  readonly topics: readonly Topic[];
}

/** One kind of the maker's values. */
export interface Topic {
  readonly type: string;
  /** From an event's file to the type of its data. */
  readonly ref: string;
  readonly payloads: readonly unknown[];
  /** What plain Ajv says of a value by the maker's own schema. */
  readonly accepts: (payload: unknown) => boolean;
}
