import type { Broker } from "../broker/broker.js";
import type { MemberPlace, Members } from "../broker/membership.js";
import type { Shares } from "../broker/shares.js";
import { readStreams, type Topology } from "../broker/topology.js";
import type { Config } from "../config/config.js";
import type { RuntimeParts } from "../messaging/hooks.js";
import { Pause } from "../time/pause.js";
import type { StreamConsumer } from "./consumer.js";
import { DeathWatch } from "./death-watch.js";
import { type Owned, PartitionOwner } from "./partition-owner.js";

const LOOK_EVERY_MS = 1000;
/** How often it looks whether the stream has other partitions. */
const TOPOLOGY_EVERY_MS = 10_000;
/** Between two attempts to acquire a partition whose owner has not given it up yet. */
const [SHORTEST_MS, LONGEST_MS] = [100, 1000];

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
  /** Resolves when its group is registered in each partition, or to the error with which that failed for the first time. */
  readonly attempted: Promise<unknown>;
  readonly #stream: string;
  readonly #parts: PartitionedStreamParts;
  readonly #shares: Shares;
  readonly #home: StreamConsumer;
  readonly #owners = new Map<string, PartitionOwner>();
  readonly #following = new AbortController();
  readonly #pause: Pause;
  readonly #watch: DeathWatch;
  #topology: Topology;
  #version = "";
  /** What it is to own. */
  #share: ReadonlySet<string> = new Set();
  /** What is being acquired. */
  readonly #acquiring = new Map<string, Promise<void>>();
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
    this.#home = parts.consumerOf({ stream, redriven: true });
    const attempted = new Promise((resolve) => {
      this.#attempt = resolve;
    });
    this.attempted = Promise.all([this.#home.attempted, attempted]).then(([home, own]) => home ?? own);
  }

  get consumers(): readonly StreamConsumer[] {
    return [...[...this.#owners.values()].flatMap((owner) => owner.consumers), this.#home];
  }

  start(since: number, isAwaited: boolean): void {
    this.#since = since;
    this.#home.start(since, isAwaited);
    this.#parts.begun(this.#home);
    this.#loops = Promise.all([this.#follow(), this.#watchOthers()]);
  }

  /** Has its partitions go to others as their handlers end, and lets these go on until the deadline resolves. */
  async stop(deadline: Promise<unknown>): Promise<void> {
    this.#following.abort();
    this.#attempt();
    await this.#loops;
    this.#share = new Set();
    await Promise.all(this.#acquiring.values());
    // Those who have nothing to wait for get theirs at once. Without Redis they get them when this member is dead.
    const retired = this.#shares.retire(this.#topology).catch(() => {});
    await Promise.race([retired, deadline]);
    const owners = [...this.#owners.values()];
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
    let isRegistered = false;
    for (let failures = 0; !this.#pause.signal.aborted; ) {
      try {
        if (clock.now() - lookedAt > TOPOLOGY_EVERY_MS) {
          lookedAt = clock.now();
          isRegistered &&= !(await this.#learnTopology());
        }
        if (!isRegistered) {
          await this.#register(failures === 0 ? config.startFrom : "all");
          isRegistered = true;
        }
        if (!(await this.#shares.isCurrent(this.#version))) await this.#join();
        this.#attempt();
        if (clock.now() - servedAt > (config.leaseMs * 2) / 3) {
          servedAt = clock.now();
          await this.#shares.serve([...this.#owners.keys()]);
        }
        failures = 0;
        if (!(await this.#pause.for(LOOK_EVERY_MS * (0.75 + clock.chance() / 2)))) return;
      } catch (error) {
        this.#attempt(error);
        if (!(await this.#pause.afterFailure(failures++, `sharing the partitions of ${this.#stream}`, error))) return;
      }
    }
  }

  /** Resolves to whether the stream has other partitions than before. */
  async #learnTopology(): Promise<boolean> {
    const topology = await this.#parts.broker.topology(this.#stream, this.#pause.signal);
    if (topology.version <= this.#topology.version) return false;
    this.#topology = topology;
    this.#version = "";
    return true;
  }

  async #register(startFrom: "all" | "new"): Promise<void> {
    const { config, hooks } = this.#parts;
    const from = startFrom === "new" ? this.#since : startFrom;
    const created = await this.#shares.register(this.#topology, from, this.#pause.signal);
    for (const each of created) {
      hooks.emit("groupCreated", { stream: each.stream, group: config.group, from: each.from, again: false });
    }
  }

  async #join(): Promise<void> {
    const { version, partitions } = await this.#shares.join(this.#topology, this.#version);
    this.#version = version;
    if (partitions === undefined || this.#pause.signal.aborted) return;
    this.#share = new Set(partitions);
    for (const [partition, owner] of this.#owners) if (!this.#share.has(partition)) void owner.giveUp();
    for (const partition of partitions) this.#take(partition);
  }

  /** Acquires a partition, and reads it, unless that is done already. */
  #take(partition: string): void {
    if (this.#acquiring.has(partition) || this.#owners.has(partition)) return;
    const acquired = this.#acquire(partition).then(async (owned) => {
      if (owned !== undefined && this.#share.has(partition)) this.#own(owned);
      // It is to be another's by now, or this service stops.
      else if (owned !== undefined) await this.#shares.release(owned).catch(() => {});
      this.#acquiring.delete(partition);
    });
    this.#acquiring.set(partition, acquired);
  }

  async #acquire(partition: string): Promise<Owned | undefined> {
    for (let [tries, failures] = [0, 0]; this.#share.has(partition); tries++) {
      try {
        const { epoch } = await this.#shares.acquire(partition);
        const index = readStreams(this.#topology).indexOf(partition);
        if (epoch !== undefined) return { stream: this.#stream, partition, index, epoch };
        failures = 0;
        if (!(await this.#pause.for(Math.min(LONGEST_MS, SHORTEST_MS * 1.25 ** tries)))) return undefined;
      } catch (error) {
        if (!(await this.#pause.afterFailure(failures++, `acquiring ${partition}`, error))) return undefined;
      }
    }
    return undefined;
  }

  #own(owned: Owned): void {
    const { consumerOf, begun, ended } = this.#parts;
    const owner = new PartitionOwner(owned, {
      shares: this.#shares,
      home: this.#home.membership,
      consumerOf: (place, handling) => consumerOf({ stream: owned.partition, ...place }, handling),
      ended: () => {
        for (const consumer of owner.consumers) ended(consumer);
        this.#owners.delete(owned.partition);
        // The plan may have changed once more, or another member had taken it for dead.
        if (this.#share.has(owned.partition)) this.#take(owned.partition);
      },
    });
    this.#owners.set(owned.partition, owner);
    for (const consumer of owner.consumers) begun(consumer);
    owner.start(this.#since);
    // It is repeated with those of the others.
    this.#shares.serve([owned.partition]).catch(() => {});
  }

  /** Expels members that are dead, so that what they owned is dealt to others. */
  async #watchOthers(): Promise<void> {
    const { clock, config, hooks } = this.#parts;
    const pauseMs = (): number => (config.leaseMs / 4) * (0.75 + clock.chance() / 2);
    while (await this.#pause.for(pauseMs())) {
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
