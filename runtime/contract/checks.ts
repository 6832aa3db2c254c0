import type { ErrorObject } from "ajv/dist/2020.js";
import { isOneOf } from "./allowed-values.js";
import { explanationOf, forget } from "./form-errors.js";
import { type FormatCheck, formats, tolerantFormats } from "./format.js";
import { placeIn } from "./keyword-code.js";
import { namesOf } from "./names-once.js";
import { type Pattern, patternOf } from "./pattern.js";
import { charactersIn } from "./text-length.js";
import { areUnique } from "./unique-items.js";

/** A check that Ajv wrote at generation time. */
export interface WrittenCheck {
  (value: unknown): boolean;
  errors?: readonly ErrorObject[] | null;
}

/**
 * What `merp generate --standalone` writes for a message: a process with these checks compiles nothing, so it may run
 * where code generation from strings is off.
 */
export interface Checks {
  readonly write: WrittenCheck;
  readonly read: WrittenCheck;
  /** Of a command's result. */
  readonly writeResult?: WrittenCheck;
  /** Of a command's result. */
  readonly readResult?: WrittenCheck;
}

/** Combines a check that decides with one that explains: of a choice, what is wrong with each form takes longer to tell. */
function explainedBy(decide: WrittenCheck, explain: WrittenCheck): WrittenCheck {
  const check: WrittenCheck = (value) => {
    const isValid = decide(value);
    check.errors = isValid ? null : (explanationOf(value, explain, () => decide.errors) ?? decide.errors ?? null);
    return isValid;
  };
  return check;
}

/** What written checks call. */
export const checkSupport: {
  readonly formats: Readonly<Record<string, FormatCheck>>;
  readonly tolerantFormats: Readonly<Record<string, FormatCheck>>;
  charactersIn(text: string): number;
  areUnique(items: readonly unknown[]): boolean;
  patternOf(source: string): Pattern;
  isOneOf(value: unknown, values: readonly unknown[]): boolean;
  placeIn(values: readonly unknown[], value: unknown): number;
  forget(count: number): void;
  namesOf(value: object): readonly string[];
  explainedBy(decide: WrittenCheck, explain: WrittenCheck): WrittenCheck;
} = {
  formats,
  tolerantFormats,
  charactersIn,
  areUnique,
  patternOf,
  isOneOf,
  placeIn,
  forget,
  namesOf,
  explainedBy,
};

let isAllowed: boolean | undefined;

/** False under `node --disallow-code-generation-from-strings` and the like. */
export function mayGenerateCode(): boolean {
  try {
    isAllowed ??= new Function("return true")() as boolean;
  } catch {
    isAllowed = false;
  }
  return isAllowed;
}
