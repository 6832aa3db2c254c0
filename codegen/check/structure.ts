import type { Problem } from "../load/problem.js";
import type { Source } from "../load/source.js";
import { bannedKeywords, keywords } from "../schema/keyword.js";
import { faultsOf } from "../schema/keyword-value.js";
import type { Path } from "../schema/pointer.js";
import type { Schema } from "../schema/schema.js";
import { suggest } from "../schema/suggest.js";
import { isObject, walk } from "../schema/walk.js";
import { checkContent } from "./content.js";
import { checkDeprecated } from "./deprecated.js";
import { checkFilePath } from "./file-path.js";
import { checkTolerated } from "./tolerated.js";

const DIALECT = "https://json-schema.org/draft/2020-12/schema";

/** Checks the keywords of one file and their values. */
export function checkStructure(source: Source): readonly Problem[] {
  if (source.value === undefined) return [];
  const problems: Problem[] = [...checkContent(source), ...checkFilePath(source)];
  if (!isObject(source.value)) {
    return [...problems, source.problem([], "must be a schema object", { rule: "schema-form" })];
  }
  const dialect = source.value["$schema"];
  if (typeof dialect === "string" && dialect !== DIALECT) {
    problems.push(
      source.problem(["$schema"], "must be JSON Schema 2020-12", { rule: "dialect", suggestion: `"${DIALECT}"` }),
    );
  }
  for (const [path, schema] of walk(source.value)) {
    problems.push(...checkSchema(source, schema, path), ...checkTolerated(source, schema, path));
    problems.push(...checkDeprecated(source, schema, path));
  }
  return problems;
}

function checkSchema(source: Source, schema: Schema, path: Path): readonly Problem[] {
  return Object.entries(schema).flatMap(([keyword, value]) => {
    const here = [...path, keyword];
    const reason = bannedKeywords.get(keyword);
    if (reason !== undefined) {
      return [source.problem(here, `"${keyword}" is not allowed: ${reason}`, { rule: "banned-keyword", at: "key" })];
    }
    if (!keywords.has(keyword)) {
      const suggestion = suggest(keyword, keywords.keys());
      const sentence = `"${keyword}" is not a keyword of JSON Schema`;
      return [source.problem(here, sentence, { rule: "unknown-keyword", suggestion, at: "key" })];
    }
    return faultsOf(keyword, value).map(({ path: inner, sentence, ...options }) =>
      source.problem([...here, ...inner], sentence, options),
    );
  });
}

/** Keywords that decide which properties an object may have. */
const shapeKeywords = new Set(["properties", "patternProperties", "additionalProperties", "$ref", "allOf", "$defs"]);

/** Returns whether examples cannot be validated until the problem is fixed. */
export function hidesValues({ pointer, suggestion = "" }: Problem): boolean {
  const [keyword = "", inner = ""] = pointer.split("/").slice(-2);
  return [keyword, inner, suggestion.replaceAll('"', "")].some((name) => shapeKeywords.has(name)) || pointer === "";
}
