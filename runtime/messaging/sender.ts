import type { CommandDescriptor, WithoutStandard } from "../contract/descriptor.js";
import type { PublishAllOptions, Published, PublishOptions } from "./publisher.js";

/** Options of one `tell`. */
export interface TellOptions extends PublishOptions {
  /** The service that handles the command. @defaultValue the schema's default target; required where it has none */
  readonly targetService?: string;
}

/** Options of one `send`. */
export interface SendOptions extends Omit<PublishAllOptions, "durability">, Pick<TellOptions, "targetService"> {
  /**
   * The command's id, a UUID. Pass one to be able to repeat the command under it: if it was answered, it does not run again, and
   * the same answer comes. @defaultValue a new UUID
   */
  readonly id?: string;
  /** The time to wait for the answer, in whole seconds, 30 days at most. @defaultValue the schema's, 30 */
  readonly timeoutSeconds?: number;
  /** Ends the wait, but does not withdraw the command. If it is aborted before, nothing is sent. */
  readonly signal?: AbortSignal;
}

/** Sends commands whose answers nobody waits for: a messaging, or the outbox of a transaction. */
export interface Teller<Outcome = Published> {
  /**
   * Sends a command without waiting for an answer. Resolves when the command is stored. A handler that fails is retried
   * like that of an event.
   * @example
   * await messaging.tell(reloadConfig, {}, { targetService: "audit-service" });
   */
  tell<Payload>(
    descriptor: WithoutStandard<CommandDescriptor<unknown, Payload>>,
    payload: NoInfer<Payload>,
    options?: TellOptions,
  ): Promise<Outcome>;
}

/** Sends commands. The generated `send…` helpers take one. */
export interface Sender extends Teller {
  /**
   * Sends a command to its one service and resolves to the handler's result.
   * @throws {CommandFailedError} the handler failed or could not run; `errorCode` is its code
   * @throws {CommandTimeoutError} there was no answer in time; the command may still run
   * @throws {ContractError} the payload breaks its contract (nothing was sent), or the answer does
   * @example
   * const { valid } = await messaging.send(validateToken, { token: "secret" }, { timeoutSeconds: 5 });
   */
  send<Payload, Result>(
    descriptor: WithoutStandard<CommandDescriptor<unknown, Payload, Result>>,
    payload: NoInfer<Payload>,
    options?: SendOptions,
  ): Promise<Result>;
}
