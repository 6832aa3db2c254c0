import { during } from "../load/failure.js";
import { originOf } from "../load/origin.js";
import type { Problem } from "../load/problem.js";
import { typesOf } from "../model/implies.js";
import type { Model } from "../model/model.js";
import type { Rule } from "../schema/rule.js";
import type { Schema } from "../schema/schema.js";
import { childrenOf, sameValueKeywords } from "../schema/walk.js";

/** Keywords that say nothing without another. */
export const partners: readonly (readonly [keyword: string, others: readonly string[]])[] = [
  ["then", ["if"]],
  ["else", ["if"]],
  ["if", ["then", "else"]],
  ["minContains", ["contains"]],
  ["maxContains", ["contains"]],
];

/** Keywords that give an object or an array its type, each with that type. */
const shaping: readonly (readonly [type: string, keywords: readonly string[]])[] = [
  ["object", ["properties", "patternProperties"]],
  ["array", ["items", "prefixItems"]],
];

/** Finds keywords without effect, and objects and arrays whose schema accepts any other value too. */
export function checkIdle(model: Model): readonly Problem[] {
  return model.definitions.flatMap((definition) =>
    during("checking", definition.source.shownPath, () => checkSchema(model.flattener.definition(definition), false)),
  );
}

function checkSchema(schema: Schema, isTyped: boolean): readonly Problem[] {
  const typed = isTyped || typesOf(schema) !== undefined || schema.$ref !== undefined;
  const problems: Problem[] = [];
  const report = (keyword: string, sentence: string, rule: Rule = "idle-keyword"): void => {
    const origin = originOf(schema, (written) => Object.hasOwn(written, keyword));
    if (origin === undefined) return;
    problems.push(origin.source.problem([...origin.path, keyword], sentence, { rule, at: "key" }));
  };
  for (const [keyword, others] of partners) {
    if (!Object.hasOwn(schema, keyword) || others.some((other) => Object.hasOwn(schema, other))) continue;
    report(keyword, `"${keyword}" has no effect without ${others.map((other) => `"${other}"`).join(" or ")}`);
  }
  const { contains, minContains = 1, maxContains } = schema as Readonly<Record<string, unknown>>;
  if (contains !== undefined && maxContains !== undefined && Number(minContains) > Number(maxContains)) {
    report("maxContains", `must not be less than "minContains", ${String(minContains)}`);
  } else if (contains !== undefined && minContains === 0 && maxContains === undefined) {
    report("minContains", 'makes "contains" have no effect; remove both');
  }
  if (contains !== undefined && schema.prefixItems !== undefined) {
    report("contains", 'cannot stand beside "prefixItems": validators take an empty array differently');
  }
  if (!typed) {
    for (const [type, keywords] of shaping) {
      const keyword = keywords.find((name) => Object.hasOwn(schema, name));
      if (keyword === undefined) continue;
      report(keyword, `accepts every value that is no ${type} as well; add "type": "${type}"`, "untyped-shape");
    }
  }
  const inner = childrenOf(schema).flatMap(([path, child]) =>
    checkSchema(child, sameValueKeywords.has(path[0] ?? "") && typed),
  );
  return [...problems, ...inner];
}
