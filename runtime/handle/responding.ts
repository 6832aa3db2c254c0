import type { Answer, Delivery } from "../broker/delivery.js";
import type { FlatFields } from "../contract/codec.js";
import type { MessagingError } from "../errors.js";
import type { MessageContext } from "../messaging/handler.js";
import type { Route } from "./router.js";

type Message = Record<string, unknown>;

/** The context of a command. */
export interface CommandContext extends MessageContext, Pick<Delivery, "isNew"> {}

/** Runs the handlers of commands and makes their answers. */
export interface Responding {
  respond(route: Route, command: Message, context: CommandContext): Promise<Answer | undefined>;
  /** @throws {ContractError} when a command asks to be answered where this service does not answer it */
  assertAnswerable(type: string, command: Message): void;
  /** The answer to a command that cannot run, if it is for this service and its sender waits. */
  refusal(stream: string, entry: FlatFields, why: Pick<MessagingError, "message" | "code">): Answer | undefined;
  /** Stores and sends the answer of a handler that ended after its time. The retry of the command finds it. */
  answerLate(answer: Answer): void;
}
