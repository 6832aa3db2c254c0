import type { CommandDescriptor } from "../../contract/descriptor.js";
import type { CommandHandler } from "../../messaging/handler.js";
import type { Messaging } from "../../messaging/messaging.js";
import { createTestMessagingFor } from "./memory-messaging.js";
import type { TestBroker } from "./test-broker.js";

/** Options of {@link stub}. */
export interface StubOptions {
  /** The service that answers. @defaultValue the default target of the command's schema; required where it has none */
  readonly service?: string;
}

/**
 * Answers the commands of a type that are sent over a broker of tests, in place of the service that does so in production.
 * Resolves when it answers, to a messaging that tells what it has handled. It ends with the broker.
 *
 * @param answer - the result, or a handler that makes it; one that throws makes the command fail
 * @throws {ConfigError} if the schema names no target and no service is given
 *
 * @example
 * await stub(messaging.broker, validateToken, { valid: true });
 */
export async function stub<Message, Result>(
  broker: TestBroker,
  descriptor: CommandDescriptor<Message, never, Result>,
  answer: NoInfer<Result> | CommandHandler<NoInfer<Message>, NoInfer<Result>>,
  options: StubOptions = {},
): Promise<Pick<Messaging, "close">> {
  const target = descriptor.schema.properties?.["target_service"];
  const service = options.service ?? (target?.default as string | undefined) ?? (target?.const as string | undefined);
  const catalogue = { name: "stub", encoding: "fields" as const, messages: [descriptor] };
  const messaging = createTestMessagingFor(catalogue, { ...(service === undefined ? {} : { service }), broker });
  const handler = typeof answer === "function" ? (answer as CommandHandler<Message, Result>) : () => answer as Result;
  messaging.handle<Message, Result>(descriptor, handler);
  await messaging.start();
  return messaging;
}
