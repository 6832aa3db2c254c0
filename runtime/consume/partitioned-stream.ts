import type { Broker } from "../broker/broker.js";
import type { MemberPlace, Members } from "../broker/membership.js";
import type { Shares } from "../broker/shares.js";
import { readStreams, type Topology } from "../broker/topology.js";
import type { Config } from "../config/config.js";
import type { RuntimeParts } from "../messaging/hooks.js";
import { Pause } from "../time/pause.js";
import type { StreamConsumer } from "./consumer.js";
import { DeathWatch } from "./death-watch.js";
import { OwnPartitions } from "./own-partitions.js";
import { Registration } from "./registration.js";

const LOOK_EVERY_MS = 1000;
/** How often it looks whether the stream has other partitions. */
const TOPOLOGY_EVERY_MS = 10_000;

export interface PartitionedStreamParts extends RuntimeParts {
  readonly broker: Broker;
  readonly config: Config;
  readonly members: Members;
  /**
   * Makes a consumer of the stream, or of one of its partitions.
   * @param handling - aborted when its handlers must give up
   */
  readonly consumerOf: (
    place: Omit<MemberPlace, "group" | "consumer" | "handles" | "answers">,
    handling?: AbortSignal,
  ) => StreamConsumer;
  /** Told of each consumer that begins to read, and that has ended. */
  readonly begun: (consumer: StreamConsumer) => void;
  readonly ended: (consumer: StreamConsumer) => void;
}

/**
 * One member's part in a stream with partitions. It follows the plan: what it is to own it acquires, what is no longer its
 * own it gives up. Beside that it reads, like every member, what is redriven to the stream as a whole.
 */
export class PartitionedStream {
  /**
   * Resolves when it shares the partitions, and has tried once to register its group in each; or to the error with which it
   * failed to share them for the first time.
   */
  readonly attempted: Promise<unknown>;
  readonly #stream: string;
  readonly #parts: PartitionedStreamParts;
  readonly #shares: Shares;
  readonly #home: StreamConsumer;
  readonly #own: OwnPartitions;
  readonly #following = new AbortController();
  readonly #pause: Pause;
  readonly #watch: DeathWatch;
  readonly #registration: Registration;
  #topology: Topology;
  #version = "";
  /** Resolves when its group was registered once in each partition; `undefined` where that is to be done. */
  #registered: Promise<void> | undefined;
  #loops: Promise<unknown> | undefined;
  #since = 0;
  #attempt: (failure?: unknown) => void = () => {};

  constructor(stream: string, consumer: string, topology: Topology, parts: PartitionedStreamParts) {
    const { clock, hooks, config, members } = parts;
    this.#stream = stream;
    this.#topology = topology;
    this.#parts = parts;
    this.#pause = new Pause(this.#following.signal, clock, hooks.trouble);
    this.#watch = new DeathWatch(clock, config.leaseMs);
    this.#shares = members.share(stream, consumer, this.#pause.signal);
    this.#registration = new Registration({ stream, pause: this.#pause, register: (each) => this.#register(each) });
    this.#home = parts.consumerOf({ stream, redriven: true });
    this.#own = new OwnPartitions({
      ...{ stream, shares: this.#shares, home: this.#home.membership, pause: this.#pause, trouble: hooks.trouble },
      indexOf: (partition) => readStreams(this.#topology).indexOf(partition),
      consumerOf: (partition, place, handling) => parts.consumerOf({ stream: partition, ...place }, handling),
      begun: parts.begun,
      ended: parts.ended,
    });
    const attempted = new Promise((resolve) => {
      this.#attempt = resolve;
    });
    this.attempted = Promise.all([this.#home.attempted, attempted]).then(([home, own]) => home ?? own);
  }

  get consumers(): readonly StreamConsumer[] {
    return [...this.#own.consumers, this.#home];
  }

  start(since: number, isAwaited: boolean): void {
    this.#since = since;
    this.#own.start(since);
    this.#home.start(since, isAwaited);
    this.#parts.begun(this.#home);
    this.#loops = Promise.all([this.#follow(), this.#watchOthers()]);
  }

  /** Has its partitions go to others as their handlers end, and lets these go on until the deadline resolves. */
  async stop(deadline: Promise<unknown>): Promise<void> {
    this.#following.abort();
    this.#attempt();
    await this.#loops;
    const owners = await this.#own.close();
    // Those who have nothing to wait for get theirs at once. Without Redis they get them when this member is dead.
    const retired = this.#shares.retire(this.#topology).catch(() => {});
    await Promise.race([retired, deadline]);
    await Promise.all([this.#home.stop(deadline), ...owners.map((owner) => owner.stop(deadline))]);
  }

  async leave(): Promise<void> {
    await Promise.all([this.#home.leave(), this.#shares.leave(this.#topology).catch(() => {})]);
    this.#parts.ended(this.#home);
  }

  async #follow(): Promise<void> {
    const { clock, config } = this.#parts;
    let lookedAt = clock.now();
    let servedAt = Number.NEGATIVE_INFINITY;
    for (let failures = 0; !this.#pause.signal.aborted; ) {
      try {
        if (clock.now() - lookedAt > TOPOLOGY_EVERY_MS) {
          lookedAt = clock.now();
          await this.#learnTopology();
        }
        this.#registered ??= this.#registration.add(readStreams(this.#topology));
        const registered = this.#registered;
        const { isCurrent, claimed } = await this.#shares.news(this.#version);
        if (!isCurrent) await this.#join();
        if (claimed !== undefined) this.#own.concede(claimed);
        void registered.then(() => this.#attempt());
        if (clock.now() - servedAt > (config.leaseMs * 2) / 3) {
          servedAt = clock.now();
          this.#serve();
        }
        failures = 0;
        await this.#shares.untilChanged("plan");
        if (!(await this.#pause.for(LOOK_EVERY_MS * (0.75 + clock.chance() / 2)))) return;
      } catch (error) {
        this.#attempt(error);
        if (!(await this.#pause.afterFailure(failures++, `sharing the partitions of ${this.#stream}`, error))) return;
      }
    }
  }

  async #learnTopology(): Promise<void> {
    const topology = await this.#parts.broker.topology(this.#stream, this.#pause.signal);
    if (topology.version <= this.#topology.version) return;
    this.#topology = topology;
    this.#version = "";
    this.#registered = undefined;
  }

  async #register(partition: string): Promise<void> {
    const { config, hooks } = this.#parts;
    // Whenever it succeeds, what was published since then must not be missed.
    const startFrom = config.startFrom === "new" ? this.#since : config.startFrom;
    const from = await this.#shares.register(partition, startFrom, this.#pause.signal);
    if (from === undefined) return;
    hooks.emit("groupCreated", { stream: partition, group: config.group, from, again: false });
  }

  /** Nothing waits for it: the master of one partition may be away. It is repeated in any case. */
  #serve(): void {
    this.#shares.serve(this.#own.names).catch((error: unknown) => {
      if (!this.#pause.signal.aborted) this.#parts.hooks.trouble(`serving the partitions of ${this.#stream}`, error);
    });
  }

  /** Another member may have made the plan for partitions that this one has not heard of yet. */
  async #join(): Promise<void> {
    const { version, partitions } = await this.#shares.join(this.#topology, this.#version);
    this.#version = version;
    if (partitions === undefined || this.#pause.signal.aborted) return;
    const isKnown = (partition: string): boolean => readStreams(this.#topology).includes(partition);
    if (!partitions.every(isKnown)) {
      this.#version = "";
      await this.#learnTopology();
    }
    this.#own.share(partitions.filter(isKnown));
  }

  /** Expels members that are dead, so that what they owned is dealt to others. */
  async #watchOthers(): Promise<void> {
    const { clock, config, hooks } = this.#parts;
    const later = async (): Promise<boolean> => {
      await this.#shares.untilChanged("members");
      return this.#pause.for((config.leaseMs / 4) * (0.75 + clock.chance() / 2));
    };
    while (await later()) {
      try {
        const { beats, confirmedMs } = await this.#shares.look();
        for (const [name, beat] of beats) {
          if (name === this.#home.membership.consumer || !this.#watch.isDead(name, beat, confirmedMs)) continue;
          await this.#shares.expel(name, beat, this.#topology);
        }
        this.#watch.forget(beats);
        // The record of the members is lost: it joins again.
        if (!beats.has(this.#home.membership.consumer)) this.#version = "";
      } catch (error) {
        hooks.trouble(`watching the members of ${this.#stream}`, error);
      }
    }
  }
}
