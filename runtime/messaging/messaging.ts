import type { Catalogue } from "../contract/catalogue.js";
import type { Descriptor, Publishable } from "../contract/descriptor.js";
import type { Handler, HandlerOptions, Responder, Subscriber } from "./handler.js";
import type { Health } from "./health.js";
import type { Counts } from "./hooks.js";
import type { Listening, ListenOptions, NotificationListener, NotificationTarget } from "./notification.js";
import type { Matching, Pattern } from "./pattern.js";
import type { PublishAllOptions, Published, Publisher } from "./publisher.js";
import type { Sender } from "./sender.js";

/** Options of `start()`. */
export interface StartOptions {
  /**
   * Reject when Redis cannot be reached within the connection timeout, instead of waiting for it in the background.
   * @defaultValue false
   */
  readonly requireRedis?: boolean;
}

/** The messaging of one service: it publishes, sends, and receives the messages that it has handlers for. */
export interface Messaging<Events extends object = Record<never, never>, Outcome = Published>
  extends Publisher<Outcome>,
    Sender,
    Subscriber,
    Responder,
    AsyncDisposable {
  /** The name of the service. */
  readonly service: string;
  /** The message types that this messaging knows. */
  readonly catalogue: Catalogue<Events>;
  /** How often each event of the hooks happened since this messaging was created. */
  readonly counts: Counts;

  /**
   * Publishes many messages of one type, in their order. All of them are checked before the first is sent, and a
   * bounded number is under way at once, however long the list is.
   *
   * @throws {ContractError} with every issue of every message, as `[3].after_data.email`; nothing was sent
   * @throws {PublishError} of the first message that failed. Those before it are stored; those after it are not sent,
   * except the ones that were under way with it
   *
   * @example
   * await messaging.publishAll(userDeleted, [{ entity_id: 123 }, { entity_id: 124 }]);
   */
  publishAll<Input>(
    descriptor: Publishable<unknown, Input>,
    messages: readonly NoInfer<Input>[],
    options?: PublishAllOptions,
  ): Promise<Published[]>;

  /**
   * Registers a handler of one type, before `start()`.
   *
   * @throws {UsageError} `HANDLER_LATE` after `start()`
   *
   * @example
   * messaging.on(userCreated, async (event, { attempt }) => {
   *   console.log(event.after_data.email, attempt);
   * });
   */
  on<Message>(
    descriptor: Descriptor<Message>,
    handler: Handler<NoInfer<Message>>,
    options?: HandlerOptions<NoInfer<Message>>,
  ): void;
  /**
   * Registers a handler of every event type that matches a pattern.
   *
   * @example
   * messaging.on("user.*", (event) => console.log(event.event_type, event.entity_id), { company_id: 1 });
   */
  on<Wanted extends Pattern<Events>>(
    pattern: Wanted,
    handler: Handler<Matching<Events, Wanted>>,
    options?: HandlerOptions<Matching<Events, Wanted>>,
  ): void;

  /**
   * Calls a listener for each notification to a user, a company, a channel or a pattern of them, while this process is
   * connected: at most once, and in every process that listens. It is meant for people's screens. Notifications that
   * must not be missed are handled from the stream, with `on`.
   *
   * @throws {ConfigError} the target is malformed
   * @throws {ConnectionError} Redis cannot be reached; nothing is subscribed
   *
   * @example
   * const listening = await messaging.listen({ userId: 123 }, (notification, { entryId }) => {
   *   console.log(notification, entryId);
   * });
   * await listening.close();
   */
  listen<Message>(
    target: NotificationTarget,
    listener: NotificationListener<Message>,
    options?: ListenOptions,
  ): Promise<Listening>;

  /**
   * Resolves to the state of this service, for a readiness route. It never rejects, and resolves within the connection
   * timeout.
   *
   * @example
   * const { status, details } = await messaging.health();
   * console.log(status, details.redis.connected);
   */
  health(): Promise<Health>;

  /**
   * Connects, creates the groups that are missing, and begins to read. If Redis is not there yet, it is waited for in
   * the background: the service starts, and takes part as soon as it can.
   *
   * @throws {ConnectionError} Redis refuses this service or is too old; with `requireRedis` also when it cannot be
   * reached
   * @throws {ConfigError} more connections are needed than `REDIS_MAX_CONNECTIONS` allows
   *
   * @example
   * await messaging.start({ requireRedis: true });
   */
  start(options?: StartOptions): Promise<void>;

  /**
   * Stops reading and lets running handlers finish, until the drain timeout. Publishing still works.
   *
   * @example
   * await messaging.stop();
   */
  stop(): Promise<void>;

  /**
   * Stops, waits for publishes under way, and disconnects. Nothing is lost. A second call waits for the first.
   *
   * @example
   * process.once("SIGTERM", () => messaging.close());
   */
  close(): Promise<void>;
}
