import type { Ajv2020, CodeKeywordDefinition, ErrorObject, KeywordCxt, Name } from "ajv/dist/2020.js";
import { definitionIn } from "./keyword-code.js";
import { loadAjv } from "./load-ajv.js";

/** So many errors of forms, of values that another form describes, are made and forgotten before a check gives up explaining. */
const MOST_FORGOTTEN = 10_000;

/** Thrown by a check that would take too long to explain what is wrong. */
const INEXPLICABLE: Error = new Error("a check has made too many errors");

/**
 * Has an Ajv that only decides make no errors of a choice's forms. By itself it makes some for each form that does not describe
 * a value, and forgets them when another form does: for each item of a list, that took longer than to decide.
 */
export function makeNoFormErrors(ajv: Ajv2020): void {
  eachChoice(ajv, (context, code) => {
    code({ subschema: (form, valid) => context.subschema({ ...form, createErrors: false }, valid) });
  });
}

/** Makes an Ajv that explains give up once it has forgotten very many errors of forms, see {@link explanationOf}. */
export function limitFormErrors(ajv: Ajv2020): void {
  const { _, Name } = loadAjv();
  const errors = new Name("errors");
  eachChoice(ajv, (context, code) => {
    const name = context.gen.scopeValue("func", { ref: forget, code: _`checkSupport.forget` });
    code({
      reset: () => {
        context.gen.code(_`${name}(${errors} - ${context.errsCount as Name})`);
        context.reset();
      },
    });
  });
}

let forgotten = 0;

/** What a check calls before it forgets errors; also written ones do. */
export function forget(count: number): void {
  forgotten += count;
  if (forgotten > MOST_FORGOTTEN) throw INEXPLICABLE;
}

/** A check as Ajv compiles or writes it. */
interface Deciding {
  (value: unknown): unknown;
  readonly errors?: readonly ErrorObject[] | null | undefined;
}

/** What a check finds that explains, `undefined` for nothing. Where it gives up, the last error of what decided is all. */
export function explanationOf(
  value: unknown,
  explain: Deciding,
  decided: () => Deciding["errors"],
): readonly ErrorObject[] | undefined {
  forgotten = 0;
  try {
    return explain(value) ? undefined : (explain.errors ?? []);
  } catch (error) {
    if (error !== INEXPLICABLE) throw error;
    return decided()?.slice(-1) ?? [];
  }
}

type Changes = Partial<Pick<KeywordCxt, "subschema" | "reset">>;

/** @param write - calls `code` with what it changes of how an Ajv writes a choice */
function eachChoice(ajv: Ajv2020, write: (context: KeywordCxt, code: (changes: Changes) => void) => void): void {
  for (const keyword of ["anyOf", "oneOf"]) {
    const definition: CodeKeywordDefinition = definitionIn(ajv, keyword);
    const code = definition.code.bind(definition);
    definition.code = (context, type) =>
      write(context, (changes) => code(Object.assign(Object.create(context) as KeywordCxt, changes), type));
  }
}
