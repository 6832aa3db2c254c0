import type { CommandDescriptor, Descriptor, MessageKind, WithoutStandard } from "../contract/descriptor.js";

/** The delivery of the message that a handler receives. */
export interface MessageContext {
  /** The message's own id, the same in every delivery. `undefined` where the wire has none (health). */
  readonly messageId: string | undefined;
  /** The message's type: `user.created`. */
  readonly type: string;
  /** The type on the wire, if an upcaster made this message of an older one. */
  readonly originalType?: string | undefined;
  readonly kind: MessageKind;
  /** The whole name of the stream, with the environment's prefix. */
  readonly stream: string;
  /** The entry's id in that stream. Later entries have greater ids. */
  readonly entryId: string;
  /** The consumer group that this delivery belongs to. */
  readonly group: string;
  /** The place of the message's partition among those of its stream. `undefined` where the stream has none. */
  readonly partition?: number | undefined;
  /**
   * Greater than that of whoever read the partition before: a database that refuses a smaller one for it than it has seen refuses
   * a handler whose process was stopped for longer than its lease. `undefined` where the stream has no partitions.
   */
  readonly fence?: number | undefined;
  /** The consumer, unique for each start of a process. */
  readonly consumer: string;
  /**
   * 1 at the first delivery, and again at the first one after a redrive. Redis counts it, so it survives a crash. A
   * delivery that was given back before its handler began does not count.
   */
  readonly attempt: number;
  /**
   * Whether a handler of the group may have been given the message before: at a retry, after a takeover from a dead
   * process, after a redrive. The signal for a second look at what was done already. After an operator has created the
   * group anew or set it back, Redis counts from 1 again, and it is `false`.
   */
  readonly redelivered: boolean;
  /**
   * `true` while `replay` or `merp replay` handles the message again: leave out what others would notice, such as an
   * email.
   */
  readonly replay?: boolean;
  /** When the message entered its stream, by Redis' clock. */
  readonly publishedAt: Date;
  /** Inherited by every message that the handler publishes or sends. */
  readonly correlationId: string | undefined;
  /** Aborted at the handler's timeout and at the process's drain timeout. Pass it to the calls that you await. */
  readonly signal: AbortSignal;
}

/**
 * Handles one message. It is acknowledged when the handler has returned or its promise has resolved, and not if the
 * handler throws. Delivery is **at least once**: a crash causes a redelivery, so handlers must be idempotent.
 * A handler runs with the correlation of its message and in no AsyncLocalStorage context of yours.
 */
export type Handler<Message> = (message: Message, context: MessageContext) => unknown;

/** Handles a command and returns the answer to its sender. */
export type CommandHandler<Message, Result> = (command: Message, context: MessageContext) => Result | Promise<Result>;

/** Retries of one handler, where they differ from the messaging's settings. */
export interface RetryOptions {
  /** The number of retries of a failed message. @defaultValue the messaging's `maxRetries` */
  readonly maxRetries?: number;
  /** The delay before the first retry; it doubles with each. @defaultValue the messaging's `retryDelaySeconds` */
  readonly retryDelaySeconds?: number;
}

/** The commands for this service that a handler takes, and their retries. */
export interface CommandOptions extends RetryOptions {
  /** Only commands of this company (`metadata.company_id`). Others, for other deployments, are only acknowledged. */
  readonly company_id?: number | string;
}

/** The messages that a handler takes, and their retries. Others are acknowledged without it. */
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
   * Registers a handler, before `start()`. Several handlers of one type run one after another. If one throws, all of
   * them run again.
   * @throws {UsageError} `HANDLER_LATE` after `start()`
   * @example
   * messaging.on(userCreated, async (event, { attempt }) => console.log(event.after_data.email, attempt));
   */
  on<Message>(
    descriptor: WithoutStandard<Descriptor<Message>>,
    handler: Handler<NoInfer<Message>>,
    options?: HandlerOptions<NoInfer<Message>>,
  ): void;
}

/** Takes handlers of commands. The generated `handle…` helpers take one. */
export interface Responder {
  /**
   * Registers the only handler of a command, before `start()`. It receives the commands whose `target_service` is this
   * service. Its retry options apply to commands of `tell`. To `send`, a failure is the answer.
   * @throws {UsageError} `HANDLER_CONFLICT` for a second handler, `HANDLER_LATE` after `start()`
   * @example
   * messaging.handle(validateToken, ({ payload }) => ({ valid: payload.token === "secret" }));
   */
  handle<Message, Result>(
    descriptor: WithoutStandard<CommandDescriptor<Message, never, Result>>,
    handler: CommandHandler<NoInfer<Message>, NoInfer<Result>>,
    options?: CommandOptions,
  ): void;
}
