import { AssertionError } from "node:assert";
import type { CommandDescriptor, Descriptor, Publishable } from "../../contract/descriptor.js";
import { contractMatchers, type MatcherResult } from "../contract.js";
import type { PartOf } from "../pattern.js";
import { type Happening, seek } from "./expectation.js";
import type { Observations } from "./observer.js";

/**
 * Asserts that a service has published a message of a type with an expected part, and returns the first one. Works in any
 * test runner.
 *
 * @param observations - the messaging of a service, or a broker for all of its services
 * @param part - properties that the message has, at any depth; others do not count
 * @throws {AssertionError} with the places where the nearest message differs, and all that happened
 *
 * @example
 * const event = assertPublished(messaging, userCreated, { after_data: { email: "ada@example.com" } });
 */
export function assertPublished<Message>(
  observations: Observations,
  descriptor: Publishable<Message>,
  part?: PartOf<NoInfer<Message>>,
): Message {
  return assert(observations, "published", descriptor, part);
}

/** Asserts that a service has sent or told a command, as {@link assertPublished} does. */
export function assertSent<Message>(
  observations: Observations,
  descriptor: CommandDescriptor<Message>,
  part?: PartOf<NoInfer<Message>>,
): Message {
  return assert(observations, "sent", descriptor, part);
}

/** Asserts that handlers of a service have handled a message without an error, as {@link assertPublished} does. */
export function assertHandled<Message>(
  observations: Observations,
  descriptor: Descriptor<Message>,
  part?: PartOf<NoInfer<Message>>,
): Message {
  return assert(observations, "handled", descriptor, part);
}

/** Asserts that a service has moved a message to the dead letters, as {@link assertPublished} does. */
export function assertDeadLettered<Message>(
  observations: Observations,
  descriptor: Descriptor<Message>,
  part?: PartOf<NoInfer<Message>>,
): Message {
  return assert(observations, "deadLettered", descriptor, part);
}

function assert<Message>(
  observations: Observations,
  happening: Happening,
  descriptor: Descriptor<Message>,
  part: unknown,
): Message {
  const { matching, missing } = seek(observations, happening, [descriptor, part]);
  if (matching.length > 0) return matching[0] as Message;
  throw new AssertionError({ message: missing(), stackStartFn: assert });
}

type Matcher = (observations: Observations, descriptor: Descriptor, part?: unknown) => MatcherResult;

/**
 * Matchers for vitest and jest. The entries `@m-erp/messaging/testing/vitest` and `…/jest` add them, with their types.
 *
 * @example
 * expect.extend(messagingMatchers);
 * expect(messaging).toHavePublished(userCreated, { after_data: { email: "ada@example.com" } });
 */
export const messagingMatchers: typeof contractMatchers & {
  readonly [Name in "toHavePublished" | "toHaveSent" | "toHaveHandled" | "toHaveDeadLettered"]: Matcher;
} = {
  ...contractMatchers,
  toHavePublished: matcherOf("published"),
  toHaveSent: matcherOf("sent"),
  toHaveHandled: matcherOf("handled"),
  toHaveDeadLettered: matcherOf("deadLettered"),
};

function matcherOf(happening: Happening): Matcher {
  return (observations, descriptor, part) => {
    const { matching, missing, unwanted } = seek(observations, happening, [descriptor, part]);
    const pass = matching.length > 0;
    return { pass, message: pass ? unwanted : missing };
  };
}

/** The matchers as a test calls them. */
export interface MessagingMatchers<Result> {
  /** Asserts that a complete message keeps its contract. A failure lists every violation. */
  toKeepContract(descriptor: Descriptor): Result;
  /** Asserts that a service has published a message of a type, with properties at any depth. */
  toHavePublished<Message>(descriptor: Publishable<Message>, part?: PartOf<NoInfer<Message>>): Result;
  /** Asserts that a service has sent or told a command, with properties at any depth. */
  toHaveSent<Message>(descriptor: CommandDescriptor<Message>, part?: PartOf<NoInfer<Message>>): Result;
  /** Asserts that handlers of a service have handled a message without an error. */
  toHaveHandled<Message>(descriptor: Descriptor<Message>, part?: PartOf<NoInfer<Message>>): Result;
  /** Asserts that a service has moved a message to the dead letters. */
  toHaveDeadLettered<Message>(descriptor: Descriptor<Message>, part?: PartOf<NoInfer<Message>>): Result;
}
