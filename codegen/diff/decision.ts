import { interpret } from "../../runtime/contract/interpreter.js";
import type { JsonSchema } from "../../runtime/contract/json-schema.js";
import { withNumberBounds } from "../../runtime/contract/number-bounds.js";
import { ajvFor, type FormatChecks } from "../../runtime/contract/validation.js";

/** Tells whether a value is what a schema says. */
export type Decision = (value: unknown) => boolean;

/**
 * The runtime's verdict without a reason. Most values that are tried are refused, and to say why takes a hundred times as
 * long. Nothing is compiled before a value is in doubt.
 */
export function decides(given: JsonSchema, checks: FormatChecks): Decision {
  const schema = withNumberBounds(given);
  const isCertain = interpret(schema, checks);
  let compiled: Decision | undefined;
  return (value) => {
    if (isCertain?.(value) === true) return true;
    compiled ??= ajvFor(checks, false, { messages: false, code: { optimize: false } }).compile(schema) as Decision;
    return compiled(value);
  };
}
