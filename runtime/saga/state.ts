import type { JsonSchema } from "../contract/json-schema.js";
import { maskedValue } from "../contract/masked-value.js";
import { type Check, compileWriter } from "../contract/validation.js";
import { ConfigError, describeIssues, MessagingError } from "../errors.js";
import type { Saga } from "./definition.js";
import type { Instance } from "./instance.js";

const checks = new WeakMap<JsonSchema, Check>();

/**
 * The state of a saga as its steps have it, migrated if an older release wrote it.
 * @throws {ConfigError} a newer release wrote it, or `migrate` is missing
 */
export function stateOf(saga: Saga<object>, { id, version, state }: Instance): unknown {
  const parsed: unknown = JSON.parse(state);
  if (version === saga.version) return parsed;
  const which = `the state of the saga ${saga.name} ${id} is of version ${version}, and this process has ${saga.version}`;
  if (version > saga.version) throw new ConfigError([`${which}: a newer release has written it, which must take it`]);
  if (saga.migrate === undefined) throw new ConfigError([`${which}: give defineSaga the function migrate`]);
  return saga.migrate(parsed, version);
}

/**
 * A state as its row has it, and as it may be shown.
 * @throws {MessagingError} it breaks its schema
 */
export function writtenState(
  { name, state: schema }: Saga<object>,
  state: unknown,
): { readonly state: string; readonly shown: string } {
  let check = checks.get(schema);
  if (check === undefined) {
    check = compileWriter(schema);
    checks.set(schema, check);
  }
  const text = JSON.stringify(state) ?? "null";
  // What is stored is what the schema is about: a date in the state is a text.
  const stored: unknown = JSON.parse(text);
  const issues = check(stored);
  if (issues !== undefined) {
    const sentence = describeIssues(issues, "the state");
    throw new MessagingError("CONTRACT_VIOLATED", `the state of the saga ${name} breaks its schema: ${sentence}`);
  }
  return { state: text, shown: JSON.stringify(maskedValue(schema, stored).value) };
}
