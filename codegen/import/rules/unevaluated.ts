import { type Raw, without } from "../raw.js";
import type { Rewrite } from "./step.js";

interface Pair {
  readonly keyword: string;
  /** Says the same of what no keyword beside it evaluates. */
  readonly plain: string;
  /** What may evaluate more, or says it already. */
  readonly evaluating: readonly string[];
}

const SAME_VALUE = ["$ref", "allOf", "anyOf", "oneOf", "if", "dependentSchemas", "$dynamicRef", "$recursiveRef"];

const pairs: readonly Pair[] = [
  { keyword: "unevaluatedProperties", plain: "additionalProperties", evaluating: SAME_VALUE },
  { keyword: "unevaluatedItems", plain: "items", evaluating: [...SAME_VALUE, "contains"] },
];

/** `unevaluated…` is `additional…` where nothing but the schema itself evaluates. Elsewhere nothing says the same. */
export const replaceUnevaluated: Rewrite = (schema, { note }) =>
  pairs.reduce((at, pair) => replace(at, pair, note), schema);

function replace(schema: Raw, { keyword, plain, evaluating }: Pair, note: Parameters<Rewrite>[1]["note"]): Raw {
  const value = schema[keyword];
  if (value === undefined) return schema;
  const rest = without(schema, keyword);
  const isSaid = value === true || schema[plain] !== undefined;
  const isAlone = !evaluating.some((other) => Object.hasOwn(schema, other));
  note(isSaid || isAlone ? "unevaluated-closed" : "unevaluated", keyword);
  return isSaid || !isAlone ? rest : { ...rest, [plain]: value };
}
