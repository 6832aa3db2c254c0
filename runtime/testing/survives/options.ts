import type { MessageContext } from "../../messaging/handler.js";

/** A state that outlives a schedule, such as a database. */
export interface StateSource<State> {
  /** Returns the state as it is before the message arrives. Called before each schedule. */
  readonly reset: () => State | Promise<State>;
  /** Returns what counts of the state, as plain data: leave out what differs each time, such as the time of a row. */
  readonly snapshot: (state: State) => unknown;
}

/** What the handler of a process works with. Each call of their methods is a point at which the process can die. */
export interface World<State, Effects> {
  readonly state: State;
  readonly effects: Effects;
}

/** For each effect whose receiver is idempotent: returns the idempotency key of a call. */
export type IdempotencyKeys<Effects> = {
  readonly [Name in keyof Effects]?: Effects[Name] extends (...args: infer Args) => unknown
    ? (...args: Args) => unknown
    : never;
};

/** The state and the effects of a handler, and how many schedules are tried. */
export interface SurvivesOptions<State, Effects> {
  /**
   * What the handler reads and writes: a function that makes it anew for each schedule, or how a database is reset. The
   * methods return promises, and each call of one is atomic. A made state is compared by its method `snapshot`, else by its
   * own properties. @defaultValue none
   */
  readonly state?: (() => State | Promise<State>) | StateSource<State>;
  /**
   * The calls of the handler that others see: mails, payments. An object, or a function that makes one for each schedule.
   * @defaultValue none
   */
  readonly effects?: Effects | (() => Effects);
  /**
   * The effects whose receiver does the work of an idempotency key once. Calls with the same key count as one, and have the
   * reply of the first. @defaultValue none: every call counts
   */
  readonly keys?: IdempotencyKeys<NoInfer<Effects>>;
  /** The methods of the state that run a function in a transaction. @defaultValue `["transaction", "$transaction"]` */
  readonly transactions?: readonly string[];
  /** The number of schedules that are tried at most; those with one deviation are always tried. @defaultValue 1000 */
  readonly schedules?: number;
  /** Chooses the random schedules, which are tried when not all with equally many deviations fit. @defaultValue 1 */
  readonly seed?: number;
  /** Tries one schedule alone: the `schedule` of a {@link NotSurvivedError}. */
  readonly repeat?: string;
  /**
   * `entity` where the service keeps the order of an entity's messages, and all of the messages are of one: then each waits
   * for those before it, also for their retries. @defaultValue "none"
   */
  readonly order?: "none" | "entity";
  /** Overrides of the handler's context. */
  readonly context?: Partial<MessageContext>;
  /** The time that the handler may await what is neither state nor effects. @defaultValue 5 */
  readonly timeoutSeconds?: number;
}
