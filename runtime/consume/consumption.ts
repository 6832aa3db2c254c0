import { once, setMaxListeners } from "node:events";
import type { Broker } from "../broker/broker.js";
import type { Log } from "../broker/log.js";
import type { MemberPlace, Members } from "../broker/membership.js";
import { isPartitioned, type Topology, unpartitioned } from "../broker/topology.js";
import { type Config, prefixed } from "../config/config.js";
import { ClosedError, ConnectionError } from "../errors.js";
import type { Dispatcher } from "../handle/dispatcher.js";
import type { StreamRoutes } from "../handle/router.js";
import type { HeartbeatHealth } from "../messaging/health.js";
import type { RuntimeParts } from "../messaging/hooks.js";
import type { StartOptions } from "../messaging/messaging.js";
import { Pause } from "../time/pause.js";
import { StreamConsumer } from "./consumer.js";
import { PartitionedStream, type PartitionedStreamParts } from "./partitioned-stream.js";

export type HealthTarget = Pick<StreamConsumer, "membership" | "loop" | "pauses">;

export interface ConsumptionParts extends RuntimeParts {
  readonly broker: Broker;
  /** @param handling - aborted when handlers must give up */
  readonly dispatcherOf: (place: MemberPlace, routes: StreamRoutes, handling: AbortSignal) => Dispatcher;
  /** Has a stream that is read here trimmed, until it is no longer. */
  readonly retained: (log: Log, isRead: boolean) => void;
}

/** Who is told when it stops. */
interface StopListener {
  /** Before it reads no longer. */
  stopping(): Promise<void>;
  /** When the handlers have ended. */
  stopped(): void;
}

/** Reads a stream, or this service's share of it. */
type StreamReader = Pick<PartitionedStream, "attempted" | "consumers" | "start" | "stop" | "leave">;

/** The consuming side of a service: its consumers, which share a heartbeat and start and stop together. */
export class Consumption {
  readonly #config: Config;
  readonly #consumer: string;
  readonly #parts: ConsumptionParts;
  /** Those of each stream that it has begun to read. */
  readonly #readers = new Map<string, readonly StreamReader[]>();
  #streams: readonly string[] = [];
  #members: Members | undefined;
  #starting: Promise<void> | undefined;
  #startup = new AbortController();
  /** Each ends when the readers of a stream have begun, or are not to begin any more. */
  #beginnings: Promise<unknown>[] = [];
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

  /** The streams that it reads. */
  get streams(): readonly string[] {
    return this.#streams;
  }

  /** Those of its streams that it does not read yet, because Redis has not said which partitions they have. */
  get unbegun(): readonly string[] {
    return this.isStarted ? this.#streams.filter((stream) => !this.#readers.has(stream)) : [];
  }

  /** The streams whose health is checked, without those of redriven entries: of a stream with partitions those that it owns. */
  get targets(): readonly HealthTarget[] {
    return this.#all.flatMap(({ consumers }) => consumers).filter(({ membership }) => !membership.redriven);
  }

  get heartbeat(): HeartbeatHealth | null {
    return this.#readers.size > 0 ? (this.#members?.heartbeat ?? null) : null;
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
    await Promise.all(this.#beginnings);
    this.#starting = undefined;
    await told.stopping();
    await this.#halt();
    told.stopped();
  }

  get #all(): readonly StreamReader[] {
    return [...this.#readers.values()].flat();
  }

  async #halt(): Promise<void> {
    const readers = this.#all;
    const deadline = once(this.#handling.signal, "abort");
    const timer = this.#parts.clock.after(this.#config.drainTimeoutMs, () => this.#handling.abort());
    await Promise.all(readers.map((reader) => reader.stop(deadline)));
    timer.cancel();
    await this.#members?.stop();
    await Promise.all(readers.map((reader) => reader.leave()));
    this.#readers.clear();
  }

  async #start(streams: readonly StreamRoutes[], options: StartOptions): Promise<void> {
    const { broker, clock } = this.#parts;
    const since = clock.now();
    this.#streams = streams.map(({ stream }) => prefixed(this.#config, stream));
    broker.assertAffordable(streams.map(({ stream }) => stream));
    this.#startup = new AbortController();
    await this.#connect(options);
    if (this.#startup.signal.aborted) throw new ClosedError("cannot start");
    this.#handling = new AbortController();
    // Each delivery whose handler reads its signal adds a listener, until the handler has ended.
    setMaxListeners(0, this.#handling.signal);
    this.#members = broker.members();
    this.#beginnings = [];
    const isAwaited = broker.isReady || options.requireRedis === true;
    if (!isAwaited) {
      for (const routes of streams) this.#beginLater(routes, since);
      return;
    }
    const { signal } = this.#startup;
    const stopped = once(signal, "abort").then(() => Promise.reject(new ClosedError("cannot start")));
    try {
      await Promise.race([Promise.all(streams.map((routes) => this.#attempt(routes, since, options))), stopped]);
    } catch (error) {
      this.#startup.abort();
      await Promise.all(this.#beginnings);
      await this.#halt();
      throw error;
    }
  }

  /** Resolves when a stream is read, or goes on in the background to be. @throws why it cannot be read */
  async #attempt(routes: StreamRoutes, since: number, options: StartOptions): Promise<void> {
    let failure: unknown;
    try {
      const begun = this.#begin(routes, since, true);
      this.#beginnings.push(begun.catch(() => {}));
      const failures = await Promise.all((await begun).map(({ attempted }) => attempted));
      failure = failures.find((each) => each !== undefined);
    } catch (error) {
      failure = error;
      if (isWaitedFor(error, options)) this.#beginLater(routes, since);
    }
    if (failure !== undefined && !isWaitedFor(failure, options)) throw failure;
  }

  /** Begins in the background. Nobody waits for that, so nothing is missed that is published after the call of `start()`. */
  #beginLater(routes: StreamRoutes, since: number): void {
    const { clock, hooks } = this.#parts;
    const pause = new Pause(this.#startup.signal, clock, hooks.trouble);
    const begin = async (): Promise<void> => {
      for (let failures = 0; !pause.signal.aborted; failures++) {
        try {
          await this.#begin(routes, since, false);
          return;
        } catch (error) {
          const stream = prefixed(this.#config, routes.stream);
          if (!(await pause.afterFailure(failures, `reading the partitions of ${stream}`, error))) return;
        }
      }
    };
    this.#beginnings.push(begin());
  }

  /**
   * Begins to read a stream as soon as Redis says which partitions it has: on a cluster, the masters of others may be away.
   *
   * @param isAwaited - whether what is published next waits for it
   */
  async #begin(routes: StreamRoutes, since: number, isAwaited: boolean): Promise<readonly StreamReader[]> {
    const members = this.#members as Members;
    const stream = prefixed(this.#config, routes.stream);
    const { broker, retained } = this.#parts;
    const topology = mayBePartitioned(routes)
      ? await broker.topology(stream, this.#startup.signal)
      : unpartitioned(stream);
    const readers = this.#readersOf(routes, topology, members);
    members.start();
    this.#readers.set(stream, readers);
    for (const reader of readers) reader.start(since, isAwaited);
    for (const { membership } of readers.flatMap(({ consumers }) => consumers)) retained(membership.log, true);
    return readers;
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

  /** One for the stream, and one for the entries that are redriven to this group from its dead letters; or its partitions. */
  #readersOf(routes: StreamRoutes, topology: Topology, members: Members): readonly StreamReader[] {
    const { broker, clock, hooks, dispatcherOf, retained } = this.#parts;
    const config = this.#config;
    const handles = [...routes.byType.keys(), ...(routes.untyped === undefined ? [] : [undefined])];
    const answers = [...routes.byType.values()].some(([route]) => route?.descriptor.kind === "command");
    const own = { group: config.group, consumer: this.#consumer, handles, answers };
    const consumerOf: PartitionedStreamParts["consumerOf"] = (given, handling = this.#handling.signal) => {
      const place = { ...own, ...given };
      return new StreamConsumer(place, members, {
        config,
        dispatcher: dispatcherOf(place, routes, handling),
        clock,
        hooks,
      });
    };
    const stream = prefixed(config, routes.stream);
    if (!isPartitioned(topology)) return [false, true].map((redriven) => consumerOf({ stream, redriven }));
    const begun = ({ membership }: StreamConsumer): void => retained(membership.log, true);
    const ended = ({ membership }: StreamConsumer): void => retained(membership.log, false);
    const parts = { broker, config, members, clock, hooks, consumerOf, begun, ended };
    return [new PartitionedStream(stream, this.#consumer, topology, parts)];
  }
}

/** Streams of notifications and health are never partitioned. */
function mayBePartitioned({ byType }: StreamRoutes): boolean {
  return [...byType.values()].some(([route]) => ["event", "command"].includes(route?.descriptor.kind ?? ""));
}

/** Whether a start that failed so goes on in the background: Redis may be away, or unable to write for a while. */
function isWaitedFor(failure: unknown, { requireRedis = false }: StartOptions): boolean {
  return !requireRedis && failure instanceof ConnectionError && failure.code === "REDIS_UNAVAILABLE";
}
