import type { Ajv2020, ErrorObject, Options, ValidateFunction } from "ajv/dist/2020.js";
import { ConfigError, type Issue } from "../errors.js";
import { lookUpAllowed } from "./allowed-values.js";
import { mayGenerateCode, type WrittenCheck } from "./checks.js";
import { Closing } from "./closing.js";
import { stopAfterManyErrors } from "./error-limit.js";
import { explanationOf, limitFormErrors, makeNoFormErrors } from "./form-errors.js";
import { type FormatCheck, formats, tolerantFormats } from "./format.js";
import { interpret } from "./interpreter.js";
import type { JsonSchema } from "./json-schema.js";
import { loadAjv } from "./load-ajv.js";
import { matchPatternsTogether } from "./many-patterns.js";
import { lookUpProperties } from "./many-properties.js";
import { forgetNames, listNames, listNamesOnce } from "./names-once.js";
import { withNumberBounds } from "./number-bounds.js";
import { patternOf } from "./pattern.js";
import { separateTypes, Verdicts } from "./separate-types.js";
import { hasSharedType } from "./shared-type.js";
import { checkLengthsFirst } from "./text-length.js";
import { lookUpForms } from "./told-apart.js";
import { withoutTolerated } from "./tolerated.js";
import { checkUniqueAtOnce } from "./unique-items.js";
import { describeErrors, isChoice } from "./violation.js";

/** Returns the issues of a value, or `undefined` for a valid one. */
export type Check = (value: unknown) => readonly Issue[] | undefined;

export type FormatChecks = Readonly<Record<string, FormatCheck>>;
type Strictness = Required<Pick<Options, "allErrors" | "ownProperties">>;

/**
 * Compiles the strict writer's check: an object is closed unless its schema opens it, formats are exact, and every
 * issue is reported. Throws Ajv's error for an invalid schema. A check that was written at generation time is used instead.
 */
export function compileWriter(schema: JsonSchema, written?: WrittenCheck): Check {
  if (written !== undefined) return describing(written, () => closeSchema(schema));
  // A caller's value may be an instance of a class, whose inherited properties do not count.
  return compile(closeSchema(schema), formats, { allErrors: true, ownProperties: true });
}

/**
 * Compiles the tolerant reader's check: unknown properties are allowed, and an instant needs no zone. It stops at the
 * first issue, because its input is not trusted; an operator's tool may ask for all of them.
 */
export function compileReader(schema: JsonSchema, written?: WrittenCheck, allErrors = false): Check {
  if (written !== undefined) return describing(written, () => schema);
  // The input comes from a parser, so it inherits only from Object.prototype.
  return compile(schema, tolerantFormats, { allErrors, ownProperties: namesInherited(schema) });
}

/** The schema of what is written: no form is only tolerated, and an object is closed unless its schema opens it. */
export function closeSchema(given: JsonSchema): JsonSchema {
  const { $defs = {}, ...schema } = withoutTolerated(given);
  const closing = new Closing($defs);
  const closed = closing.close(schema);
  return closing.definitions.size === 0 ? closed : { ...closed, $defs: Object.fromEntries(closing.definitions) };
}

/** How Ajv makes a pattern of a schema, and what a written check calls. */
const regExpEngine = Object.assign((source: string) => patternOf(source), { code: "checkSupport.patternOf" });

/** An Ajv for the runtime and the generator. It knows our annotations. */
export function ajvFor(
  checks: FormatChecks,
  allErrors: boolean,
  { definitions, ...options }: Options & { readonly definitions?: JsonSchema["$defs"] } = {},
): Ajv2020 {
  const ajv = new (loadAjv().Ajv2020)({
    allErrors,
    meta: false,
    ownProperties: true,
    strict: true,
    allowMatchingProperties: true,
    strictRequired: false,
    strictTuples: false,
    strictTypes: false,
    validateSchema: false,
    formats: checks as Record<string, FormatCheck>,
    ...options,
    // Loops over iterators, and parameters that are taken apart, are slow until V8 optimises them: never, if a check is large.
    // Ajv's own optimiser takes the names of such loops for unused where what they lead to makes no errors.
    code: { regExp: regExpEngine, es5: true, optimize: false, ...options.code },
  });
  ajv.addVocabulary(["sunset", "replacedBy", "sensitive", "encrypt", "subject", "tolerated"]);
  checkUniqueAtOnce(ajv);
  lookUpAllowed(ajv);
  lookUpProperties(ajv);
  matchPatternsTogether(ajv);
  lookUpForms(ajv, definitions);
  stopAfterManyErrors(ajv);
  listNamesOnce(ajv);
  // No contract has `unevaluatedProperties`. Code that keeps track for it is slower, and throws where a condition holds
  // `additionalProperties` beside `patternProperties`.
  ajv.opts.unevaluated = false;
  return ajv;
}

/** So many types can be compiled one inside the other. */
const NESTED_TYPES = 100;

function ajvOf(
  schema: JsonSchema,
  checks: FormatChecks,
  { allErrors, verdicts, ...options }: Options & { allErrors: boolean; verdicts: Verdicts | undefined },
): Ajv2020 {
  const { $defs = {} } = schema;
  const ajv = ajvFor(checks, allErrors, { ...options, definitions: $defs });
  if (verdicts !== undefined || Object.keys($defs).length > NESTED_TYPES) {
    separateTypes(ajv, (name) => $defs[name], verdicts);
  }
  return ajv;
}

const TOO_DEEP: readonly Issue[] = [{ path: "", message: "is nested too deeply" }];

/**
 * So many values, if they are not large, are decided without compiling anything. A process or a test of a few messages never
 * compiles.
 */
const INTERPRETED = 300;

/**
 * Combines a check that decides with one that explains, compiled at the first invalid value. The first values are decided
 * without a compiled check, if the schema permits.
 */
function compile(given: JsonSchema, checks: FormatChecks, { allErrors, ownProperties }: Strictness): Check {
  assertCompilable();
  restoreStringPrototype();
  const schema = withNumberBounds(given);
  const verdicts = hasSharedType(schema) ? new Verdicts() : undefined;
  const decider = (): ValidateFunction => {
    // Optimising the code takes longer than it saves: V8 optimises it too.
    const code = { optimize: false };
    const ajv = ajvOf(schema, checks, { allErrors: false, verdicts, ownProperties, messages: false, code });
    checkLengthsFirst(ajv);
    makeNoFormErrors(ajv);
    return ajv.compile(schema);
  };
  let decide: ValidateFunction | undefined;
  const isCompiled = (value: unknown): boolean => {
    decide ??= decider();
    accepts = decide;
    return decide(value) as boolean;
  };
  // Where several ways lead to one type, it would be judged once for each of them.
  const verdict = verdicts === undefined ? interpret(schema, checks) : undefined;
  let interpreted = 0;
  let accepts: (value: unknown) => unknown = isCompiled;
  if (verdict === undefined) decide = decider();
  else accepts = (value) => (interpreted++ < INTERPRETED ? verdict(value) : undefined) ?? isCompiled(value);
  let explain: ValidateFunction | undefined;
  const explainer = (): ValidateFunction => {
    const ajv = ajvOf(schema, checks, { allErrors, verdicts });
    limitFormErrors(ajv);
    return ajv.compile(schema);
  };
  const errorsOf = (value: unknown): readonly ErrorObject[] | undefined => {
    // What decided found no more than the first error, and of a choice not what is wrong with each form.
    if (!allErrors && decide?.errors?.every(({ keyword }) => !isChoice(keyword))) return decide.errors;
    verdicts?.clear();
    explain ??= explainer();
    return explanationOf(value, explain, () => {
      verdicts?.clear();
      // Interpreted, it has told no error.
      if (decide === undefined) isCompiled(value);
      return decide?.errors;
    });
  };
  return (value) => {
    listNames();
    try {
      if (accepts(value)) return undefined;
      const errors = errorsOf(value);
      return errors && describeErrors(errors, value, schema);
    } catch (error) {
      // A recursive schema exhausts the stack on a value that is nested thousands deep.
      if (error instanceof RangeError) return TOO_DEEP;
      throw error;
    } finally {
      verdicts?.clear();
      forgetNames();
    }
  };
}

/** @throws {ConfigError} where code generation from strings is off */
export function assertCompilable(what = "a contract"): void {
  if (mayGenerateCode()) return;
  const where = "code generation from strings is off in this process (--disallow-code-generation-from-strings)";
  const remedy = "generate your catalogue with merp generate --standalone, see docs/bundling.md";
  throw new ConfigError([`${what} has checks that are compiled when they are needed, but ${where}: ${remedy}`]);
}

/** A check that was written at generation time decides and tells all that is needed to explain. */
function describing(written: WrittenCheck, schemaOf: () => JsonSchema): Check {
  restoreStringPrototype();
  let schema: JsonSchema | undefined;
  return (value) => {
    listNames();
    try {
      if (written(value)) return undefined;
    } catch (error) {
      if (error instanceof RangeError) return TOO_DEEP;
      throw error;
    } finally {
      forgetNames();
    }
    schema ??= schemaOf();
    return describeErrors(written.errors ?? [], value, schema);
  };
}

/**
 * Makes V8 treat `String.prototype` as a prototype again. Once a class extends String, as one in ioredis does, V8 takes
 * the prototype for an object under construction and no longer inlines string methods: reading a character takes five
 * times as long. Cached look-ups through an object end that; strings are not objects.
 */
function restoreStringPrototype(): void {
  const text = Object("") as string;
  // V8 caches look-ups after a few; a hundred are certainly enough.
  for (let n = 0; n < 100; n++) void text.length;
}

/** True if the schema contains the name of a property that every object inherits, such as `constructor`. */
function namesInherited(schema: JsonSchema): boolean {
  const text = JSON.stringify(schema);
  return Object.getOwnPropertyNames(Object.prototype).some((name) => text.includes(JSON.stringify(name)));
}
