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
  #readers: readonly StreamReader[] = [];
  #streams: readonly string[] = [];
  #members: Members | undefined;
  #starting: Promise<void> | undefined;
  #startup = new AbortController();
  /** Where Redis was away at the start: ends when the readers have begun. */
  #beginning: Promise<unknown> = Promise.resolve();
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

  /** The streams whose health is checked, without those of redriven entries: of a stream with partitions those that it owns. */
  get targets(): readonly HealthTarget[] {
    return this.#readers.flatMap(({ consumers }) => consumers).filter(({ membership }) => !membership.redriven);
  }

  get heartbeat(): HeartbeatHealth | null {
    return this.#readers.length > 0 ? (this.#members?.heartbeat ?? null) : null;
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
    await this.#beginning;
    this.#starting = undefined;
    await told.stopping();
    await this.#halt();
    told.stopped();
  }

  async #halt(): Promise<void> {
    const readers = this.#readers;
    const deadline = once(this.#handling.signal, "abort");
    const timer = this.#parts.clock.after(this.#config.drainTimeoutMs, () => this.#handling.abort());
    await Promise.all(readers.map((reader) => reader.stop(deadline)));
    timer.cancel();
    await this.#members?.stop();
    await Promise.all(readers.map((reader) => reader.leave()));
    this.#readers = [];
  }

  async #start(streams: readonly StreamRoutes[], options: StartOptions): Promise<void> {
    const { broker, clock, hooks } = this.#parts;
    const since = clock.now();
    this.#streams = streams.map(({ stream }) => prefixed(this.#config, stream));
    broker.assertAffordable(streams.map(({ stream }) => stream));
    this.#startup = new AbortController();
    await this.#connect(options);
    if (this.#startup.signal.aborted) throw new ClosedError("cannot start");
    this.#handling = new AbortController();
    // Each delivery whose handler reads its signal adds a listener, until the handler has ended.
    setMaxListeners(0, this.#handling.signal);
    const isAwaited = broker.isReady || options.requireRedis === true;
    const begin = async (): Promise<void> => this.#begin(streams, await this.#topologiesOf(streams), since, isAwaited);
    if (!isAwaited) {
      const pause = new Pause(this.#startup.signal, clock, hooks.trouble);
      this.#beginning = begunLater(begin, pause);
      return;
    }
    try {
      await begin();
    } catch (error) {
      if (!isWaitedFor(error, options)) throw error;
      this.#beginning = begunLater(begin, new Pause(this.#startup.signal, clock, hooks.trouble));
      return;
    }
    const attempted = Promise.all(this.#readers.map((reader) => reader.attempted));
    const { signal } = this.#startup;
    const stopped = once(signal, "abort").then(() => [new ClosedError("cannot start")]);
    const failures = await Promise.race([attempted, stopped]);
    const failure = failures.find((each) => each !== undefined);
    if (failure === undefined || isWaitedFor(failure, options)) return;
    await this.#halt();
    throw failure;
  }

  /** Which partitions each of the streams has. */
  #topologiesOf(streams: readonly StreamRoutes[]): Promise<readonly Topology[]> {
    const { signal } = this.#startup;
    return Promise.all(
      streams.map((routes) => {
        const stream = prefixed(this.#config, routes.stream);
        return mayBePartitioned(routes) ? this.#parts.broker.topology(stream, signal) : unpartitioned(stream);
      }),
    );
  }

  #begin(streams: readonly StreamRoutes[], topologies: readonly Topology[], since: number, isAwaited: boolean): void {
    const members = this.#parts.broker.members();
    this.#members = members;
    this.#readers = streams.flatMap((routes, at) => this.#readersOf(routes, topologies[at] as Topology, members));
    if (this.#readers.length > 0) members.start();
    for (const reader of this.#readers) reader.start(since, isAwaited);
    for (const { membership } of this.#readers.flatMap((reader) => reader.consumers)) {
      this.#parts.retained(membership.log, true);
    }
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

/** What begins cannot be known before Redis says which partitions the streams have. */
async function begunLater(begin: () => Promise<void>, pause: Pause): Promise<void> {
  for (let failures = 0; !pause.signal.aborted; failures++) {
    try {
      await begin();
      return;
    } catch (error) {
      if (!(await pause.afterFailure(failures, "reading the partitions of the streams", error))) return;
    }
  }
}

/** Whether a start that failed so goes on in the background: Redis may be away, or unable to write for a while. */
function isWaitedFor(failure: unknown, { requireRedis = false }: StartOptions): boolean {
  return !requireRedis && failure instanceof ConnectionError && failure.code === "REDIS_UNAVAILABLE";
}
