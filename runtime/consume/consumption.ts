import { once, setMaxListeners } from "node:events";
import type { Broker } from "../broker/broker.js";
import type { MemberPlace, Members, Membership } from "../broker/membership.js";
import { type Config, prefixed } from "../config/config.js";
import { ClosedError, ConnectionError } from "../errors.js";
import type { Dispatcher } from "../handle/dispatcher.js";
import type { StreamRoutes } from "../handle/router.js";
import type { HeartbeatHealth } from "../messaging/health.js";
import type { RuntimeParts } from "../messaging/hooks.js";
import type { StartOptions } from "../messaging/messaging.js";
import { StreamConsumer } from "./consumer.js";

export type HealthTarget = Pick<StreamConsumer, "membership" | "loop" | "pauses">;

export interface ConsumptionParts extends RuntimeParts {
  readonly broker: Broker;
  /** @param handling - aborted when handlers must give up */
  readonly dispatcherOf: (place: MemberPlace, routes: StreamRoutes, handling: AbortSignal) => Dispatcher;
}

/** Who is told when it stops. */
interface StopListener {
  /** Before it reads no longer. */
  stopping(): Promise<void>;
  /** When the handlers have ended. */
  stopped(): void;
}

/** The consuming side of a service: its consumers, which share a heartbeat and start and stop together. */
export class Consumption {
  readonly #config: Config;
  readonly #consumer: string;
  readonly #parts: ConsumptionParts;
  #consumers: readonly StreamConsumer[] = [];
  #members: Members | undefined;
  #starting: Promise<void> | undefined;
  #startup = new AbortController();
  /** Tells handlers to give up, when the drain deadline has passed. */
  #handling = new AbortController();

  /** @param instance - distinguishes this process from others of its service; never used twice */
  constructor(config: Config, instance: string, parts: ConsumptionParts) {
    this.#config = config;
    this.#consumer = `${config.service}-${instance}`;
    this.#parts = parts;
  }

  /** Also true while it is being started. */
  get isStarted(): boolean {
    return this.#starting !== undefined;
  }

  /** Its memberships in the groups of streams, and of the entries that are redriven to them. */
  get memberships(): readonly Membership[] {
    return this.#consumers.map(({ membership }) => membership);
  }

  /** The streams that it reads. */
  get streams(): readonly string[] {
    return this.targets.map(({ membership }) => membership.stream);
  }

  /** The streams whose health is checked, without those of redriven entries. */
  get targets(): readonly HealthTarget[] {
    return this.#consumers.filter(({ membership }) => !membership.redriven);
  }

  get heartbeat(): HeartbeatHealth | null {
    return this.#consumers.length > 0 ? (this.#members?.heartbeat ?? null) : null;
  }

  start(streams: readonly StreamRoutes[], options: StartOptions): Promise<void> {
    this.#starting ??= this.#start(streams, options).catch((error: unknown) => {
      this.#starting = undefined;
      throw error;
    });
    return this.#starting;
  }

  /** Calls back before and after what it does, if it had started. */
  async stop(told: StopListener): Promise<void> {
    const starting = this.#starting;
    if (starting === undefined) return;
    this.#startup.abort();
    await starting.catch(() => {});
    this.#starting = undefined;
    await told.stopping();
    await this.#halt();
    told.stopped();
  }

  async #halt(): Promise<void> {
    const consumers = this.#consumers;
    const deadline = once(this.#handling.signal, "abort");
    const timer = this.#parts.clock.after(this.#config.drainTimeoutMs, () => this.#handling.abort());
    await Promise.all(consumers.map((consumer) => consumer.stop(deadline)));
    timer.cancel();
    await this.#members?.stop();
    await Promise.all(consumers.map((consumer) => consumer.leave()));
    this.#consumers = [];
  }

  async #start(streams: readonly StreamRoutes[], options: StartOptions): Promise<void> {
    const { broker, clock } = this.#parts;
    const since = clock.now();
    broker.assertAffordable(streams.map(({ stream }) => stream));
    this.#startup = new AbortController();
    await this.#connect(options);
    if (this.#startup.signal.aborted) throw new ClosedError("cannot start");
    this.#handling = new AbortController();
    // Each delivery whose handler reads its signal adds a listener, until the handler has ended.
    setMaxListeners(0, this.#handling.signal);
    const members = broker.members();
    this.#members = members;
    this.#consumers = streams.flatMap((routes) => this.#consumersOf(routes, members));
    if (this.#consumers.length > 0) members.start();
    const isAwaited = broker.isReady || options.requireRedis === true;
    for (const consumer of this.#consumers) consumer.start(since, isAwaited);
    if (!isAwaited) return;
    const attempted = Promise.all(this.#consumers.map((consumer) => consumer.attempted));
    const { signal } = this.#startup;
    const stopped = once(signal, "abort").then(() => [new ClosedError("cannot start")]);
    const failures = await Promise.race([attempted, stopped]);
    const failure = failures.find((each) => each !== undefined);
    if (failure === undefined || isWaitedFor(failure, options)) return;
    await this.#halt();
    throw failure;
  }

  async #connect(options: StartOptions): Promise<void> {
    const { broker, hooks } = this.#parts;
    try {
      const { evictionPolicy } = await broker.connect(this.#startup.signal);
      if (evictionPolicy !== undefined) hooks.emit("evictionPossible", { policy: evictionPolicy });
    } catch (error) {
      if (!isWaitedFor(error, options)) throw error;
      hooks.trouble("connecting at start", error);
    }
  }

  /** One for the stream, and one for the entries that are redriven to this group from its dead letters. */
  #consumersOf(routes: StreamRoutes, members: Members): StreamConsumer[] {
    const { clock, hooks, dispatcherOf } = this.#parts;
    const config = this.#config;
    const stream = prefixed(config, routes.stream);
    const handles = [...routes.byType.keys(), ...(routes.untyped === undefined ? [] : [undefined])];
    const answers = [...routes.byType.values()].some(([route]) => route?.descriptor.kind === "command");
    return [false, true].map((redriven) => {
      const place = { stream, group: config.group, consumer: this.#consumer, redriven, handles, answers };
      const dispatcher = dispatcherOf(place, routes, this.#handling.signal);
      return new StreamConsumer(place, members, { config, dispatcher, clock, hooks });
    });
  }
}

/** Whether a start that failed so goes on in the background: Redis may be away, or unable to write for a while. */
function isWaitedFor(failure: unknown, { requireRedis = false }: StartOptions): boolean {
  return !requireRedis && failure instanceof ConnectionError && failure.code === "REDIS_UNAVAILABLE";
}
