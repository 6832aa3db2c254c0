// messaging/ holds the interfaces that a service sees. It may import contract/, time/ and errors.ts.
import type { Catalogue, Publishable } from "../contract/descriptor.js";
import type { Handler, HandlerOptions, Responder, Subscriber } from "./handler.js";
import type { Health } from "./health.js";
import type { Counts } from "./hooks.js";
import type { Listening, ListenOptions, NotificationListener, NotificationTarget } from "./notification.js";
import type { PublishAllOptions, Published, Publisher } from "./publisher.js";
import type { Sender } from "./sender.js";

/** Options of `start()`. */
export interface StartOptions {
  /**
   * Reject if Redis is not reached within the connection timeout, or cannot create the groups now, instead of waiting
   * for it. @defaultValue false
   */
  readonly requireRedis?: boolean;
}

/** A pattern over event types: one of them, all of an entity (`user.*`), or all (`*`). */
export type Pattern<Events> = "*" | (keyof Events & string) | `${Prefix<keyof Events & string>}.*`;

type Prefix<Type extends string> = Type extends `${infer Entity}.${string}` ? Entity : never;

/** The pattern, or, for one that matches nothing, those that may be meant: the compiler names them in its error. */
type Known<Events, Wanted extends string> = Wanted extends Pattern<Events> ? Wanted : Near<Events, Wanted>;

type Near<Events, Wanted extends string> = Wanted extends `${infer Entity}.${string}`
  ? Or<Extract<Pattern<Events>, `${Entity}.${string}`>, Alike<Events, Wanted>>
  : Alike<Events, Wanted>;

/** Those with the same first letter, or else all. */
type Alike<Events, Wanted extends string> = Wanted extends `${infer First}${string}`
  ? Or<Extract<Pattern<Events>, `${First}${string}`>, Pattern<Events>>
  : Pattern<Events>;

type Or<Type, Otherwise> = [Type] extends [never] ? Otherwise : Type;

/** The messages that a pattern matches, as a union discriminated by `event_type`. */
export type Matching<Events, Wanted> = Wanted extends "*"
  ? Events[keyof Events]
  : Wanted extends keyof Events
    ? Events[Wanted]
    : Wanted extends `${infer Entity}.*`
      ? Events[Extract<keyof Events, `${Entity}.${string}`>]
      : never;

interface PatternSubscriber<Events> {
  /**
   * Registers a handler of every event type that matches a pattern, before `start()`.
   * @throws {UsageError} `HANDLER_LATE` after `start()`
   * @example
   * messaging.on("user.*", (event) => console.log(event.event_type, event.entity_id), { company_id: 1 });
   */
  on<Wanted extends Pattern<Events> | (string & {})>(
    pattern: Known<Events, Wanted>,
    handler: Handler<Matching<Events, Wanted>>,
    options?: HandlerOptions<Matching<Events, Wanted>>,
  ): void;
}

/** An intersection, because an interface cannot inherit the overloads of one method from two others. */
type AnySubscriber<Events> = Subscriber & PatternSubscriber<Events>;

/** The messaging of one service: it publishes and sends messages, and receives those that it has handlers for. */
export interface Messaging<Events extends object = Record<never, never>, Outcome = Published>
  extends Publisher<Outcome>,
    Sender,
    AnySubscriber<Events>,
    Responder,
    AsyncDisposable {
  /** The service's name. */
  readonly service: string;
  /** The message types that this messaging knows. */
  readonly catalogue: Catalogue<Events>;
  /** The number of times that each event of the hooks has happened in this messaging. */
  readonly counts: Counts;

  /**
   * Publishes messages of one type, in their order. All are checked before the first is sent. A bounded number is under
   * way at once.
   * @throws {ContractError} with every issue of every message, as `[3].after_data.email`; nothing was sent
   * @throws {PublishError} of the first message that failed. Those before it are stored, those after it are not sent,
   * except those under way with it
   * @example
   * await messaging.publishAll(userDeleted, [{ entity_id: 123 }, { entity_id: 124 }]);
   */
  publishAll<Input>(
    descriptor: Publishable<unknown, Input>,
    messages: readonly NoInfer<Input>[],
    options?: PublishAllOptions,
  ): Promise<Published[]>;

  /**
   * Calls a listener, at most once, for each notification to a user, a company, a channel or a pattern of channels
   * while this process is connected, in every process that listens. It is meant for people's screens: use `on` for
   * those that must not be missed.
   * @throws {ConfigError} the target is malformed
   * @throws {ConnectionError} Redis cannot be reached; nothing is subscribed
   * @example
   * const listening = await messaging.listen({ userId: 123 }, (message, { entryId }) => console.log(message, entryId));
   * await listening.close();
   */
  listen<Message>(
    target: NotificationTarget,
    listener: NotificationListener<Message>,
    options?: ListenOptions,
  ): Promise<Listening>;

  /**
   * Tells the state of this service, for a readiness route. Resolves within the connection timeout and never rejects.
   * @example
   * const { status, details } = await messaging.health();
   * console.log(status, details.redis.connected);
   */
  health(): Promise<Health>;

  /**
   * Connects, creates missing groups, and begins to read. Every message that is published after this has resolved is
   * for them. If Redis cannot be reached yet, or cannot write, it resolves all the same: the groups are created when it
   * can, and a group that begins with `new` messages then begins with those added since this call. Until then `health()`
   * is `unhealthy`.
   * @throws {ConnectionError} Redis refuses this service or its commands, or is too old or, with `requireRedis`, cannot
   * be reached
   * @throws {ConfigError} more connections are needed than `REDIS_MAX_CONNECTIONS` allows
   * @example
   * await messaging.start({ requireRedis: true });
   */
  start(options?: StartOptions): Promise<void>;

  /**
   * Stops reading and lets running handlers finish, until the drain timeout. Publishing still works.
   * @example
   * await messaging.stop();
   */
  stop(): Promise<void>;

  /**
   * Stops, waits for publishes under way, and disconnects. Nothing is lost. A second call waits for the first.
   * @example
   * process.once("SIGTERM", () => messaging.close());
   */
  close(): Promise<void>;
}
