// An entry of its own, so that nothing else needs fast-check. It may import contract/ and errors.ts.
import type * as fc from "fast-check";

import type { PlainMessage } from "../../contract/codec.js";
import { contractOf } from "../../contract/contract.js";
import type { CommandDescriptor, Descriptor } from "../../contract/descriptor.js";
import type { Issue } from "../../errors.js";
import { changesOf } from "./change.js";
import { fitting } from "./fitting.js";
import { valuesOf } from "./values.js";

/**
 * Makes an arbitrary of fast-check: the valid messages of a type, by the strict writer's rules.
 * @throws {UsageError} while values are made, if the schema has conditions that chance does not meet
 *
 * @example
 * fc.assert(fc.property(arbitraryOf(userCreated), (event) => contractIssues(userCreated, event).length === 0));
 */
export function arbitraryOf<Message>(descriptor: Descriptor<Message>): fc.Arbitrary<Message> {
  const contract = contractOf(descriptor);
  const isWritable = (value: unknown): value is Message => {
    try {
      if (contract.sealed === undefined) contract.write(value as PlainMessage, "fields");
      else contract.assertKept(value as PlainMessage, "fields");
      return true;
    } catch {
      return false;
    }
  };
  return fitting(valuesOf(descriptor.schema), isWritable, `a valid ${descriptor.type}`);
}

/**
 * Makes an arbitrary of fast-check: the valid answers to a command.
 * @throws {UsageError} as {@link arbitraryOf} does
 */
export function resultArbitraryOf<Result>(descriptor: CommandDescriptor<unknown, never, Result>): fc.Arbitrary<Result> {
  const contract = contractOf(descriptor);
  const isValid = (value: unknown): value is Result => contract.resultViolations(value) === undefined;
  return fitting(valuesOf(descriptor.result), isValid, `a valid answer to ${descriptor.type}`);
}

/** A message that breaks its contract. */
export interface InvalidMessage {
  readonly message: unknown;
  /** The first of its issues. */
  readonly issue: Issue;
}

/**
 * Makes an arbitrary of fast-check: messages of a type that break its contract in one place, by the strict writer's rules,
 * and what is wrong with each.
 * @throws {UsageError} as {@link arbitraryOf} does
 *
 * @example
 * fc.assert(
 *   fc.property(invalidArbitraryOf(userCreated), ({ message, issue }) => {
 *     expect(contractIssues(userCreated, message)).toContainEqual(issue);
 *   }),
 * );
 */
export function invalidArbitraryOf(descriptor: Descriptor): fc.Arbitrary<InvalidMessage> {
  const contract = contractOf(descriptor);
  const broken = changesOf(arbitraryOf(descriptor)).map((message) => ({
    message,
    issue: contract.violations(message)[0],
  }));
  const isBroken = (value: { readonly issue?: Issue | undefined }): value is InvalidMessage =>
    value.issue !== undefined;
  return fitting(broken, isBroken, `an invalid ${descriptor.type}`);
}
