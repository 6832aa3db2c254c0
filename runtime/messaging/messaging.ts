import type { Catalogue } from "../contract/catalogue.js";
import type { CommandDescriptor, Descriptor, Publishable } from "../contract/descriptor.js";
import type { NotificationTarget } from "../notification/channel.js";
import type { Listening, ListenOptions, NotificationListener } from "../notification/hub.js";
import type { Health } from "../service/health.js";
import type { CommandHandler, CommandOptions, Handler, HandlerOptions } from "./handler.js";
import type { Counts } from "./hooks.js";

/** Where a published message now is. */
export interface Published {
  /** The message's id: yours, or a new uuid. `undefined` where the wire has none (health). */
  readonly id: string | undefined;
  /** The entry's id in its stream. */
  readonly entryId: string;
  /** The whole name of the stream. */
  readonly stream: string;
}

/** What can be said about one publish. */
export interface PublishOptions {
  /**
   * The message's id, a uuid: give one to be able to repeat the publish under the same id.
   * @defaultValue a new uuid
   */
  readonly id?: string;
  /**
   * Store it once, however often it is published under the same `id` within `MESSAGE_TTL`: a publish that failed with
   * `PUBLISH_UNCERTAIN` may then be repeated. Every repeat must say so, the first attempt included.
   * @defaultValue false
   */
  readonly once?: boolean;
  /** @defaultValue that of the message being handled, if one is */
  readonly correlationId?: string;
  /** The message belongs to no company, although `tenancy` is `required`. @defaultValue false */
  readonly withoutCompany?: boolean;
}

/** What can be said about one send. */
export interface SendOptions {
  /** The service to ask. @defaultValue the schema's default target; required where it has none */
  readonly targetService?: string;
  /** How long to wait for the answer, in whole seconds. @defaultValue the schema's, 30 */
  readonly timeoutSeconds?: number;
  /** Ends the wait. The command itself is not withdrawn; one whose signal is aborted before is not sent. */
  readonly signal?: AbortSignal;
  /** @defaultValue that of the message being handled, if one is */
  readonly correlationId?: string;
  /** The command is on behalf of no company, although `tenancy` is `required`. @defaultValue false */
  readonly withoutCompany?: boolean;
}

/** What can be said about a command for whose answer nobody waits. */
export interface TellOptions extends PublishOptions {
  /** The service to tell. @defaultValue the schema's default target; required where it has none */
  readonly targetService?: string;
}

/** Whatever can publish: what the generated `publish…` and `notify…` helpers take. */
export interface Publisher<Outcome = Published> {
  /**
   * Publishes a message to its stream. Resolved: the message is there, as durable as that Redis is, and every group
   * gets it at least once. Connects at the first call; needs no `start()`.
   *
   * @throws {ContractError} with every way in which the message breaks its contract; nothing was sent
   * @throws {ConnectionError} Redis cannot be reached or refuses this service; nothing was sent
   * @throws {PublishError} Redis refused the message (`PUBLISH_FAILED`), or the connection broke before its reply
   * (`PUBLISH_UNCERTAIN`). `retryable` says whether a repeat is safe
   */
  publish<Input>(
    descriptor: Publishable<unknown, Input>,
    message: NoInfer<Input>,
    options?: PublishOptions,
  ): Promise<Outcome>;
}

/** What can be said about many publishes of one type. */
export type PublishAllOptions = Pick<PublishOptions, "correlationId" | "withoutCompany">;

/** Whatever can send commands: what the generated `send…` helpers take. */
export interface Sender {
  /**
   * Sends a command to its one service and resolves to the result.
   *
   * @throws {CommandFailedError} the handler failed, or could not run; `errorCode` is its code
   * @throws {CommandTimeoutError} nobody answered in time; the command may still run
   * @throws {ContractError} the payload breaks its contract (nothing was sent), or the answer does
   */
  send<Payload, Result>(
    descriptor: CommandDescriptor<unknown, Payload, Result>,
    payload: NoInfer<Payload>,
    options?: SendOptions,
  ): Promise<Result>;

  /**
   * Sends a command without waiting for an answer. Resolves when it is in its stream; a failing handler is tried again
   * like an event's.
   */
  tell<Payload>(
    descriptor: CommandDescriptor<unknown, Payload>,
    payload: NoInfer<Payload>,
    options?: TellOptions,
  ): Promise<Published>;
}

/** Whatever takes handlers of messages: what the generated `on…` helpers take. */
export interface Subscriber {
  /**
   * Registers a handler, before `start()`. Several handlers of one type run one after another, and stand or fall
   * together: when one throws, the message comes again to all.
   *
   * @throws {UsageError} `HANDLER_LATE` after `start()`
   */
  on<Message>(
    descriptor: Descriptor<Message>,
    handler: Handler<NoInfer<Message>>,
    options?: HandlerOptions<NoInfer<Message>>,
  ): void;
}

/** Whatever takes handlers of commands: what the generated `handle…` helpers take. */
export interface Responder {
  /**
   * Registers the one handler of a command, before `start()`. It is given the commands whose `target_service` is
   * this service. Its options are for commands that nobody waits for: a failure that somebody waits for is answered.
   *
   * @throws {UsageError} `HANDLER_CONFLICT` for a second one, `HANDLER_LATE` after `start()`
   */
  handle<Message, Result>(
    descriptor: CommandDescriptor<Message, never, Result>,
    handler: CommandHandler<NoInfer<Message>, NoInfer<Result>>,
    options?: CommandOptions,
  ): void;
}

/** A pattern over event types: one of them, an entity's (`user.*`) or all (`*`). */
export type Pattern<Events> = "*" | (keyof Events & string) | `${Prefix<keyof Events & string>}.*`;

type Prefix<Type extends string> = Type extends `${infer Entity}.${string}` ? Entity : never;

/** The messages that a pattern matches, as a union to be told apart by `event_type`. */
export type Matching<Events, Wanted> = Wanted extends "*"
  ? Events[keyof Events]
  : Wanted extends keyof Events
    ? Events[Wanted]
    : Wanted extends `${infer Entity}.*`
      ? Events[Extract<keyof Events, `${Entity}.${string}`>]
      : never;

/** How `start()` treats a Redis that is not there. */
export interface StartOptions {
  /**
   * Reject when Redis cannot be reached within the connection timeout, instead of waiting for it in the background.
   * @defaultValue false
   */
  readonly requireRedis?: boolean;
}

/** One service's membership in the messaging: publishes, sends, and takes what it has handlers for. */
export interface Messaging<Events extends object = Record<never, never>, Outcome = Published>
  extends Publisher<Outcome>,
    Sender,
    Subscriber,
    Responder,
    AsyncDisposable {
  /**
   * Publishes many messages of one type, in their order. All are checked before the first is sent, and only so many are
   * under way at once, however long the list is.
   *
   * @throws {ContractError} with every issue of every message, as `[3].after_data.email`; nothing was sent
   * @throws {PublishError} of the first that failed; what came before it is stored, what comes after it is not sent,
   * but for what was under way with it
   */
  publishAll<Input>(
    descriptor: Publishable<unknown, Input>,
    messages: readonly NoInfer<Input>[],
    options?: PublishAllOptions,
  ): Promise<Published[]>;

  readonly service: string;
  readonly catalogue: Catalogue<Events>;
  /** How often each thing happened since this messaging was created. */
  readonly counts: Counts;

  on<Message>(
    descriptor: Descriptor<Message>,
    handler: Handler<NoInfer<Message>>,
    options?: HandlerOptions<NoInfer<Message>>,
  ): void;
  /** The same for every event that matches, known when this was generated. */
  on<Wanted extends Pattern<Events>>(
    pattern: Wanted,
    handler: Handler<Matching<Events, Wanted>>,
    options?: HandlerOptions<Matching<Events, Wanted>>,
  ): void;

  /**
   * Has a listener called for each notification that is sent to a user, a company, a channel or a pattern of them,
   * while it is connected. At most once, and to every process that listens: made for people's screens. What must not
   * be missed is handled from the stream (`on`).
   *
   * @throws {ConfigError} the target is malformed
   */
  listen<Message>(
    target: NotificationTarget,
    listener: NotificationListener<Message>,
    options?: ListenOptions,
  ): Promise<Listening>;

  /** How this service is doing, for a readiness route: never rejects, and answers within the connection timeout. */
  health(): Promise<Health>;

  /**
   * Connects, creates the groups that are missing, and begins to read. A Redis that is not there yet is waited for
   * in the background: the service starts, and takes part as soon as it can.
   *
   * @throws {ConnectionError} Redis refuses this service or is too old; with `requireRedis` also when it cannot be
   * reached
   * @throws {ConfigError} more connections would be needed than `REDIS_MAX_CONNECTIONS` allows
   */
  start(options?: StartOptions): Promise<void>;
  /** Reads no more and lets what runs finish, until the drain timeout. Publishing goes on. */
  stop(): Promise<void>;
  /** Stops, waits for publishes under way, and disconnects. Loses nothing; a second call waits for the first. */
  close(): Promise<void>;
}
