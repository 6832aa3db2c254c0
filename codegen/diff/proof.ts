import type { Path } from "../schema/pointer.js";
import type { Schema } from "../schema/schema.js";
import type { Disjointness } from "./disjointness.js";
import type { Document, Layers } from "./document.js";

/** A place of a message where it is not proved that what one side writes the other reads. */
export interface Obstacle {
  /** The names to the value; `*` for any item, or any name that is not declared. */
  readonly at: Path;
  /** The reader's keyword that is in the way. */
  readonly keyword: string;
}

/** The parts of a proof that its keywords use. */
export interface Proof {
  readonly inner: Document;
  readonly disjointness: Disjointness;
  prove(layers: Layers, outer: Schema, at: Path): readonly Obstacle[];
  /** Whether the names of layers are what `propertyNames` of the reader demands. */
  namesHold(layers: Layers, names: Schema): boolean;
}
