import type { Path } from "../schema/pointer.js";
import type { Schema } from "../schema/schema.js";
import type { Change } from "./change.js";
import type { Document } from "./document.js";
import type { Sameness } from "./sameness.js";

/** What comparing two schemas needs. */
export interface Comparison {
  readonly old: Document;
  readonly new: Document;
  readonly sameness: Sameness;
  /** Compares what stands at one place in both versions. */
  compare(before: Schema, after: Schema, at: Path): readonly Change[];
}

/** A place in both versions. */
export interface Place {
  readonly before: Schema;
  readonly after: Schema;
  readonly at: Path;
}
