import { contractOf } from "../contract/contract.js";
import type { Descriptor } from "../contract/descriptor.js";
import { ContractError, type Issue } from "../errors.js";

/**
 * The issues of a whole message, by the strict writer's rules; empty for a valid message.
 *
 * @example
 * expect(contractIssues(userCreated, message)).toEqual([]);
 */
export function contractIssues(descriptor: Descriptor, message: unknown): readonly Issue[] {
  return contractOf(descriptor).violations(message);
}

/**
 * Asserts that a whole message keeps its contract. Works in any test runner.
 *
 * @throws {ContractError} with the path and the text of every issue
 *
 * @example
 * assertContract(userCreated, exampleUserCreated({ after_data: { email: "ada@example.com" } }));
 */
export function assertContract<Message>(descriptor: Descriptor<Message>, message: unknown): asserts message is Message {
  const issues = contractIssues(descriptor, message);
  if (issues.length > 0) throw new ContractError(descriptor.type, issues);
}

/** The result that a matcher returns to its runner. */
export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

/**
 * Matchers for vitest and jest.
 *
 * @example
 * expect.extend(contractMatchers);
 * expect(message).toKeepContract(userCreated);
 */
export const contractMatchers: {
  readonly toKeepContract: (message: unknown, descriptor: Descriptor) => MatcherResult;
} = {
  toKeepContract(message, descriptor) {
    const issues = contractIssues(descriptor, message);
    return {
      pass: issues.length === 0,
      message: () =>
        issues.length === 0
          ? `expected the message to break the contract of ${descriptor.type}, but it keeps it`
          : new ContractError(descriptor.type, issues).message,
    };
  },
};
