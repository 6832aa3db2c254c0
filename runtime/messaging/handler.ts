import type { CommandDescriptor, Descriptor, MessageKind } from "../contract/descriptor.js";

/** The delivery of the message that a handler is given. */
export interface MessageContext {
  /** The message's own id, the same in every delivery. `undefined` where the wire has none (health). */
  readonly messageId: string | undefined;
  /** The message's type: `user.created`. */
  readonly type: string;
  readonly kind: MessageKind;
  /** The whole name of the stream, with the environment's prefix. */
  readonly stream: string;
  /** The entry's id in that stream. Later entries have greater ids. */
  readonly entryId: string;
  /** The consumer group that this delivery belongs to. */
  readonly group: string;
  /** The consumer, unique for each start of a process. */
  readonly consumer: string;
  /** 1 at the first delivery. Redis counts it, so it survives a crash. */
  readonly attempt: number;
  /** Whether the message was delivered before. */
  readonly redelivered: boolean;
  /** When the message entered its stream, by Redis' clock. */
  readonly publishedAt: Date;
  /** Inherited by every message that the handler publishes or sends. */
  readonly correlationId: string | undefined;
  /** Aborted when the handler has used up its time, or the process its time to drain. Pass it to what you await. */
  readonly signal: AbortSignal;
}

/**
 * Handles one message. The message is acknowledged when the handler has returned (or its promise resolved), so it is
 * delivered **at least once**: after a crash it is redelivered, so handlers must be idempotent. If a handler throws, the
 * message is not acknowledged.
 *
 * A handler runs in no AsyncLocalStorage context of yours, but with the correlation of its message.
 */
export type Handler<Message> = (message: Message, context: MessageContext) => unknown;

/** Handles a command. It returns the answer to the sender. */
export type CommandHandler<Message, Result> = (command: Message, context: MessageContext) => Result | Promise<Result>;

/** How failures of one handler are retried, where that differs from the messaging's settings. */
export interface RetryOptions {
  /** How often a failed message is retried. @defaultValue the messaging's `maxRetries` */
  readonly maxRetries?: number;
  /** The delay before the first retry; it doubles with each. @defaultValue the messaging's `retryDelaySeconds` */
  readonly retryDelaySeconds?: number;
}

/** Which commands a handler takes, besides having this service as their `target_service`, and how they are retried. */
export interface CommandOptions extends RetryOptions {
  /**
   * Only commands on behalf of this company (`metadata.company_id`). Others are acknowledged and not answered: they are
   * for another deployment of the service.
   */
  readonly company_id?: number | string;
}

/** Which messages of its types a handler takes. Others are acknowledged without it. */
export interface HandlerOptions<Message = unknown> extends RetryOptions {
  /** Only messages of this company. Applied before the message is decoded. */
  readonly company_id?: number | string;
  /** Only messages of this service. Applied before the message is decoded. */
  readonly source_service?: string;
  /** Only messages for which this returns `true`. Applied to the decoded message. */
  readonly where?: (message: Message) => boolean;
}

/** Takes handlers of messages. The generated `on…` helpers take one. */
export interface Subscriber {
  /**
   * Registers a handler, before `start()`. Several handlers of one type run one after another, and succeed or fail
   * together: if one throws, all of them are called again.
   *
   * @throws {UsageError} `HANDLER_LATE` after `start()`
   *
   * @example
   * messaging.on(userCreated, (event) => console.log(event.after_data.email));
   */
  on<Message>(
    descriptor: Descriptor<Message>,
    handler: Handler<NoInfer<Message>>,
    options?: HandlerOptions<NoInfer<Message>>,
  ): void;
}

/** Takes handlers of commands. The generated `handle…` helpers take one. */
export interface Responder {
  /**
   * Registers the one handler of a command, before `start()`. It is given the commands whose `target_service` is this
   * service. Its retry options apply to commands for whose answer nobody waits: otherwise a failure is the answer.
   *
   * @throws {UsageError} `HANDLER_CONFLICT` for a second handler, `HANDLER_LATE` after `start()`
   *
   * @example
   * messaging.handle(validateToken, ({ payload }) => ({ valid: payload.token === "secret" }));
   */
  handle<Message, Result>(
    descriptor: CommandDescriptor<Message, never, Result>,
    handler: CommandHandler<NoInfer<Message>, NoInfer<Result>>,
    options?: CommandOptions,
  ): void;
}
