import type { Problem } from "../load/problem.js";
import type { Source } from "../load/source.js";
import type { Path } from "../schema/pointer.js";
import type { Schema } from "../schema/schema.js";

/** What is said of something deprecated alone. */
const ABOUT = ["sunset", "replacedBy"] as const;

/** Checks that only what is deprecated has a sunset or a replacement. */
export function checkDeprecated(source: Source, schema: Schema, path: Path): readonly Problem[] {
  if (schema.deprecated === true) return [];
  return ABOUT.filter((keyword) => schema[keyword] !== undefined).map((keyword) => {
    const sentence = `"${keyword}" is about what is deprecated; add "deprecated": true beside it`;
    return source.problem([...path, keyword], sentence, { rule: "deprecated", at: "key" });
  });
}
