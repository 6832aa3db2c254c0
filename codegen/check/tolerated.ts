import type { Problem } from "../load/problem.js";
import type { Source } from "../load/source.js";
import type { Path } from "../schema/pointer.js";
import type { Schema } from "../schema/schema.js";
import { isObject } from "../schema/walk.js";

const rule = "tolerated";

/** Checks that only a form of `anyOf` is tolerated, and that another form is left to be written. */
export function checkTolerated(source: Source, schema: Schema, path: Path): readonly Problem[] {
  const problems: Problem[] = [];
  if (schema.tolerated === true && path.at(-2) !== "anyOf") {
    const sentence = `"tolerated" marks a form of "anyOf" that is read and never written; it has no meaning here`;
    problems.push(source.problem([...path, "tolerated"], sentence, { rule, at: "key" }));
  }
  const forms: unknown = schema.anyOf;
  if (Array.isArray(forms) && forms.length > 0 && forms.every((form) => isObject(form) && form["tolerated"] === true)) {
    problems.push(
      source.problem([...path, "anyOf"], "every form is only tolerated, so that nothing could be written", { rule }),
    );
  }
  return problems;
}
