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

export type HealthTarget = Pick<StreamConsumer, "membership" | "loop">;

export interface ConsumptionParts extends RuntimeParts {
  readonly broker: Broker;
  /** @param handling - aborted when handlers must give up */
  readonly dispatcherOf: (place: MemberPlace, routes: StreamRoutes, handling: AbortSignal) => Dispatcher;
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

  /** @param beforeDrain - called first, if it had started */
  async stop(beforeDrain: () => Promise<void>): Promise<void> {
    const starting = this.#starting;
    if (starting === undefined) return;
    this.#startup.abort();
    await starting.catch(() => {});
    this.#starting = undefined;
    await beforeDrain();
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
    const { broker } = this.#parts;
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
    for (const consumer of this.#consumers) consumer.start();
    // Groups that begin with new entries must exist before this resolves: messages published after it are for them.
    if (broker.isReady) await Promise.all(this.#consumers.map(({ attempted }) => attempted));
  }

  async #connect({ requireRedis = false }: StartOptions): Promise<void> {
    const { broker, hooks } = this.#parts;
    try {
      const { evictionPolicy } = await broker.connect(this.#startup.signal);
      if (evictionPolicy !== undefined) hooks.emit("evictionPossible", { policy: evictionPolicy });
    } catch (error) {
      const isAway = error instanceof ConnectionError && error.code === "REDIS_UNAVAILABLE";
      if (!isAway || requireRedis) throw error;
      hooks.trouble("connecting at start", error);
    }
  }

  /** One for the stream, and one for the entries that are redriven to this group from its dead letters. */
  #consumersOf(routes: StreamRoutes, members: Members): StreamConsumer[] {
    const { clock, hooks, dispatcherOf } = this.#parts;
    const config = this.#config;
    const stream = prefixed(config, routes.stream);
    const handles = [...routes.byType.keys(), ...(routes.untyped === undefined ? [] : [undefined])];
    return [false, true].map((redriven) => {
      const place = { stream, group: config.group, consumer: this.#consumer, redriven, handles };
      const dispatcher = dispatcherOf(place, routes, this.#handling.signal);
      return new StreamConsumer(place, members, { config, dispatcher, clock, hooks });
    });
  }
}
