import type { MessageKind } from "../contract/descriptor.js";

/** What a handler is told about the delivery of its message. */
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
  /** The consumer, one for each process start. */
  readonly consumer: string;
  /** 1 at the first delivery. Counted by Redis, so that it survives a crash. */
  readonly attempt: number;
  /** Whether it was delivered before: a handler with effects that must not happen twice looks closer then. */
  readonly redelivered: boolean;
  /** When the message entered its stream, by Redis' clock. */
  readonly publishedAt: Date;
  /** Inherited by whatever the handler publishes or sends. */
  readonly correlationId: string | undefined;
  /** Aborted when the handler has used up its time, or the process its time to drain. Hand it to what you await. */
  readonly signal: AbortSignal;
}

/**
 * Handles one message. The message is acknowledged when the handler has returned (or its promise resolved), so it
 * is delivered **at least once**: after a crash it comes again. A handler that throws is not acknowledged.
 */
export type Handler<Message> = (message: Message, context: MessageContext) => unknown;

/** Handles a command: what it returns is the sender's answer. */
export type CommandHandler<Message, Result> = (command: Message, context: MessageContext) => Result | Promise<Result>;

/** How a handler's failures are treated, where that differs from the messaging's settings. */
export interface RetryOptions {
  /** How often a message that this handler fails is tried again. @defaultValue the messaging's `maxRetries` */
  readonly maxRetries?: number;
  /** The delay before its first retry; it doubles with each. @defaultValue the messaging's `retryDelaySeconds` */
  readonly retryDelaySeconds?: number;
}

/** Which commands a handler wants, beyond those whose `target_service` is this service, and how they are run. */
export interface CommandOptions extends RetryOptions {
  /**
   * Only commands on behalf of this company (`metadata.company_id`). Others are acknowledged unseen, and not answered:
   * another deployment of the service has them.
   */
  readonly company_id?: number | string;
}

/** Which messages of the matching types a handler wants. What does not match is acknowledged unseen. */
export interface HandlerOptions<Message = unknown> extends RetryOptions {
  /** Only messages of this company. Applied before the message is decoded. */
  readonly company_id?: number | string;
  /** Only messages of this service. Applied before the message is decoded. */
  readonly source_service?: string;
  /** Only messages for which this holds. Applied to the decoded message. */
  readonly where?: (message: Message) => boolean;
}
