import { during } from "../load/failure.js";
import { originOf } from "../load/origin.js";
import type { Problem } from "../load/problem.js";
import type { Model } from "../model/model.js";
import { valueAt } from "../schema/pointer.js";
import type { Schema } from "../schema/schema.js";
import { suggest } from "../schema/suggest.js";
import { childrenOf, sameValueKeywords } from "../schema/walk.js";

/** Finds properties that are required but not declared. */
export function checkRequired(model: Model): readonly Problem[] {
  return model.definitions.flatMap((definition) =>
    during("checking", definition.source.shownPath, () =>
      checkSchema(model.flattener.definition(definition), [], false),
    ),
  );
}

function checkSchema(schema: Schema, outer: Iterable<string>, outerIsOpen: boolean): readonly Problem[] {
  const declared = new Set([...outer, ...Object.keys(schema.properties ?? {})]);
  const isOpen =
    outerIsOpen ||
    (schema.additionalProperties ?? false) !== false ||
    schema.patternProperties !== undefined ||
    schema.$ref !== undefined;
  const undeclared = isOpen ? [] : (schema.required ?? []).filter((name) => !declared.has(name));
  const problems = undeclared.flatMap((name): readonly Problem[] => {
    const origin = originOf(schema, (written) => ((written as Schema).required ?? []).includes(name));
    if (origin === undefined) return [];
    const { source, path } = origin;
    const at = (valueAt(source.schema, [...path, "required"]) as readonly string[]).indexOf(name);
    const suggestion = suggest(
      name,
      [...declared].filter((known) => !(schema.required ?? []).includes(known)),
    );
    const sentence = `"${name}" is required but not declared`;
    return [source.problem([...path, "required", `${at}`], sentence, { rule: "required-name", suggestion })];
  });
  const inner = childrenOf(schema).flatMap(([path, child]) =>
    sameValueKeywords.has(path[0] ?? "") ? checkSchema(child, declared, isOpen) : checkSchema(child, [], false),
  );
  return [...problems, ...inner];
}
