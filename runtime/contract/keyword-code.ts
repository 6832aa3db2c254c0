import type { Ajv2020, Code, CodeGen, CodeKeywordDefinition, KeywordCxt, Name } from "ajv/dist/2020.js";
import { loadAjv } from "./load-ajv.js";

/** Writes the code of a keyword in another way than Ajv, or returns false. */
type Writing = (context: KeywordCxt) => boolean;

/** Has an Ajv write a keyword's code in another way, where there is one. @returns the keyword's definition in this Ajv */
export function writeOtherwise(ajv: Ajv2020, keyword: string, write: Writing): CodeKeywordDefinition {
  const definition = definitionIn(ajv, keyword);
  const code = definition.code.bind(definition);
  definition.code = (context, type) => {
    if (!write(context)) code(context, type);
  };
  return definition;
}

/** How an Ajv writes a keyword's code. Each Ajv has a definition of its own. */
export function definitionIn(ajv: Ajv2020, keyword: string): CodeKeywordDefinition {
  const rule = ajv.RULES.all[keyword];
  if (typeof rule !== "object" || !("code" in rule.definition)) throw new Error(`Ajv has no code for ${keyword}`);
  return rule.definition;
}

/** A value of the generator in the code that it writes. */
export function constantOf(gen: CodeGen, value: readonly unknown[]): Name {
  return gen.scopeValue("obj", { ref: value, code: loadAjv().stringify(value) });
}

/** Writes one of several pieces of code, by a number, in as few comparisons as possible. */
export function writeOneOf(gen: CodeGen, place: Name, count: number, write: (at: number) => void): void {
  const { _ } = loadAjv();
  const between = (from: number, to: number): void => {
    if (to - from === 1) write(from);
    else {
      const middle = Math.ceil((from + to) / 2);
      gen.if(
        _`${place} < ${middle}` as Code,
        () => between(from, middle),
        () => between(middle, to),
      );
    }
  };
  between(0, count);
}

const places = new WeakMap<readonly unknown[], ReadonlyMap<unknown, number>>();

/** The place of a value in a list, -1 for none. Also what written checks call. */
export function placeIn(values: readonly unknown[], value: unknown): number {
  let known = places.get(values);
  if (known === undefined) {
    known = new Map(values.map((each, at) => [each, at]));
    places.set(values, known);
  }
  return known.get(value) ?? -1;
}

/** Whether a schema accepts every value. */
export function isEmptySchema(schema: unknown): boolean {
  return schema === true || (typeof schema === "object" && schema !== null && Object.keys(schema).length === 0);
}
