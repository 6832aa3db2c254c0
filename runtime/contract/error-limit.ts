import type { Ajv2020, CodeGen, KeywordCxt } from "ajv/dist/2020.js";
import { definitionIn } from "./keyword-code.js";
import { loadAjv } from "./load-ajv.js";

/** Many more errors than are told. */
export const MOST_ERRORS = 5_000;
/** The name of each place is written anew for each error. Together these names have at most about so many characters. */
const MOST_CHARACTERS = 2 ** 22;

/** Keywords that look at each item or property, and go on after one that is wrong. */
const LOOPING = ["items", "properties", "additionalProperties", "patternProperties", "propertyNames"];

type Loop = "forIn" | "forRange";

/**
 * Makes an Ajv that finds all errors stop within a list or an object that has very many. A million errors took seconds, and a
 * hundred are told. What has an error is refused in any case, so no verdict changes.
 */
export function stopAfterManyErrors(ajv: Ajv2020): void {
  if (ajv.opts.allErrors !== true) return;
  const { _, Name } = loadAjv();
  const [errors, all] = [new Name("errors"), new Name("vErrors")];
  for (const keyword of LOOPING) {
    wrapLoops(ajv, keyword, ({ gen }) => {
      const before = gen.const("before", errors);
      const most = _`${MOST_CHARACTERS} / ${all}[${errors} - 1].instancePath.length`;
      const isMuch = _`${errors} > ${before} && ${errors} - ${before} > Math.min(${MOST_ERRORS}, ${most})`;
      return () => gen.if(isMuch, () => gen.break());
    });
  }
  // No item has to be what a list has to hold, so what is wrong with one is forgotten with the next.
  wrapLoops(ajv, "contains", (context) => () => context.reset());
}

/** @param before - writes what is before a loop, and returns what writes the end of each turn */
function wrapLoops(ajv: Ajv2020, keyword: string, before: (context: KeywordCxt) => () => void): void {
  const definition = definitionIn(ajv, keyword);
  const code = definition.code.bind(definition);
  definition.code = (context, type) => {
    const { gen } = context;
    const given = { forIn: gen.forIn, forRange: gen.forRange };
    const wrapped = (loop: Loop) => {
      return (...all: unknown[]): CodeGen => {
        const writeEnd = before(context);
        const at = all.findIndex((one) => typeof one === "function");
        const writeTurn = all[at] as (name: unknown) => void;
        all[at] = (name: unknown) => {
          // The loops within it are others'.
          within(gen, given, () => writeTurn(name));
          writeEnd();
        };
        return (given[loop] as (...args: unknown[]) => CodeGen).apply(gen, all);
      };
    };
    within(gen, { forIn: wrapped("forIn"), forRange: wrapped("forRange") }, () => code(context, type));
  };
}

function within(gen: CodeGen, loops: Readonly<Record<Loop, unknown>>, write: () => void): void {
  const { forIn, forRange } = gen;
  Object.assign(gen, loops);
  write();
  Object.assign(gen, { forIn, forRange });
}
