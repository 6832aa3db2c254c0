import { type Content, html, joined } from "../../../runtime/contract/html.js";
import type { Schema } from "../../schema/schema.js";
import { type LinkOf, phraseOf } from "./words.js";

/** The keywords of conditions, as a well-formed schema has them. */
interface Conditions {
  readonly if?: Schema;
  readonly then?: Schema;
  readonly else?: Schema;
  readonly not?: Schema;
  readonly contains?: Schema;
  readonly minContains?: number;
  readonly maxContains?: number;
  readonly dependentRequired?: Readonly<Record<string, readonly string[]>>;
  readonly dependentSchemas?: Readonly<Record<string, Schema>>;
}

/** What a schema demands under a condition, a sentence each. */
export function conditionsOf(schema: Schema, linkOf: LinkOf): readonly Content[] {
  const { if: test, then, else: otherwise, not, contains, ...rest } = schema as Conditions;
  const { minContains = 1, maxContains, dependentRequired = {}, dependentSchemas = {} } = rest;
  const code = (name: string): Content => html`<code>${name}</code>`;
  const phrase = (inner: Schema): Content => phraseOf(inner, linkOf);
  const sentences: Content[] = [];
  if (test !== undefined) {
    const demand = then === undefined ? "anything goes" : phrase(then);
    sentences.push(["If ", phrase(test), ": ", demand, otherwise && ["; otherwise ", phrase(otherwise)], "."]);
  }
  for (const [name, others] of Object.entries(dependentRequired)) {
    const names = joined(others.map(code), ", ", " and ");
    sentences.push(["With ", code(name), ", ", names, others.length === 1 ? " is" : " are", " required, too."]);
  }
  for (const [name, inner] of Object.entries(dependentSchemas)) {
    sentences.push(["With ", code(name), ", ", phrase(inner), "."]);
  }
  if (not !== undefined) sentences.push(["It is refused if ", phrase(not), "."]);
  if (contains !== undefined) {
    const most = maxContains === undefined ? "" : ` and at most ${maxContains}`;
    sentences.push([`Of the items, for at least ${minContains}${most}: `, phrase(contains), "."]);
  }
  return sentences;
}

/** The schemas that apply under a condition, which may declare properties of their own. */
export function conditionalOf(schema: Schema): readonly Schema[] {
  const { then, else: otherwise, dependentSchemas = {} } = schema as Conditions;
  return [then, otherwise, ...Object.values(dependentSchemas)].filter((inner) => inner !== undefined);
}
