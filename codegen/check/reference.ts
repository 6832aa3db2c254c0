import { during } from "../load/failure.js";
import type { Problem } from "../load/problem.js";
import type { Model } from "../model/model.js";
import { isDefinition } from "../model/reference.js";
import { withReferences } from "../schema/walk.js";

/** Finds `$ref`s that cannot be resolved or refer to a message. */
export function checkReferences(model: Model): readonly Problem[] {
  const problems: Problem[] = [];
  const sources = new Set(model.definitions.map((definition) => definition.source));
  for (const source of sources) {
    for (const [path, { $ref = "" }] of withReferences(source.schema ?? {})) {
      const target = model.references.resolve(source, $ref);
      const here = [...path, "$ref"];
      if (!isDefinition(target)) {
        problems.push(source.problem(here, target.sentence, { rule: "reference", suggestion: target.suggestion }));
      } else if (target.message !== undefined && path.length > 0) {
        const sentence = `refers to the message "${target.name}"; move the shared definition to types/`;
        problems.push(source.problem(here, sentence, { rule: "message-reference" }));
      }
    }
  }
  // Expanding a definition reports a chain of `$ref`s that never ends.
  for (const definition of model.definitions) {
    during("checking", definition.source.shownPath, () =>
      model.flattener.expand(model.flattener.definition(definition)),
    );
  }
  return problems;
}
