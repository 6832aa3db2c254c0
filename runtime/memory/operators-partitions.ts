import {
  assertUnhindered,
  nameProblems,
  type PartitionControl,
  type PartitionGroup,
  type PartitionHindrance,
  type PartitionPlan,
  type PartitionState,
  partitionProblems,
  removedFrom,
  repartitioned,
} from "../broker/partition-control.js";
import { readStreams } from "../broker/topology.js";
import { type Config, prefixed } from "../config/config.js";
import { ConfigError } from "../errors.js";
import type { MemoryGroup } from "./memory-group.js";
import { redriveName, type Store } from "./store.js";

/** The partitions of a test's broker, as an operator has them. */
export class OperatorsPartitions implements PartitionControl {
  readonly #store: Store;
  readonly #config: Pick<Config, "environment" | "leaseMs">;

  constructor(store: Store, config: Pick<Config, "environment" | "leaseMs">) {
    this.#store = store;
    this.#config = config;
  }

  async list(stream: string): Promise<readonly PartitionState[]> {
    const name = this.#named(stream, nameProblems(stream));
    const topology = this.#store.topology(name);
    return readStreams(topology).map((partition) => {
      const { log, groups } = this.#store.stream(partition);
      const states = [...groups.values()].map((group) => this.#stateOf(group, name, partition));
      const isRetired = topology.retired.includes(partition);
      return { stream: partition, isRetired, entries: log.length, groups: states };
    });
  }

  async plan(stream: string, count: number): Promise<PartitionPlan> {
    const name = this.#named(stream, partitionProblems(stream, count));
    const before = this.#store.topology(name);
    const nowMs = this.#store.clock.wall();
    const filled = removedFrom(before, count).filter((each) => this.#hasContent(each));
    const after = repartitioned(before, count, { nowMs, filled });
    const groups = [...this.#store.stream(name).groups.keys()];
    const hindrances = groups.flatMap((group) => this.#hindrancesOf(group, name, readStreams(before)));
    return { stream: name, before, after, hindrances };
  }

  async set(
    stream: string,
    count: number,
    { force = false }: { readonly force?: boolean } = {},
  ): Promise<PartitionPlan> {
    const plan = await this.plan(stream, count);
    const { stream: name, after } = plan;
    if (!force) assertUnhindered(plan);
    // A group that begins in a partition later would not be given what was added before.
    for (const group of this.#store.stream(name).groups.keys()) {
      for (const partition of after.streams.slice(1).map((each) => this.#store.stream(each))) {
        if (partition.group(group) === undefined) partition.createGroup(group, 0).servedAt = this.#store.clock.wall();
      }
    }
    this.#store.partition(name, after);
    return plan;
  }

  /** @throws {ConfigError} there are problems */
  #named(stream: string, problems: readonly string[]): string {
    if (problems.length > 0) throw new ConfigError(problems);
    return prefixed(this.#config, stream);
  }

  #stateOf({ name, lag, pending }: MemoryGroup, stream: string, partition: string): PartitionGroup {
    const lease = this.#store.sharing(stream, name).leaseOf(partition);
    return { group: name, owner: lease?.owner || undefined, epoch: lease?.epoch, lag, pending: pending.size };
  }

  #hindrancesOf(name: string, stream: string, partitions: readonly string[]): readonly PartitionHindrance[] {
    const now = this.#store.clock.now();
    const withinMs = 2 * this.#config.leaseMs;
    const groups = partitions.flatMap((each) => this.#store.stream(each).group(name) ?? []);
    const reading = (this.#store.stream(stream).group(name)?.members.all ?? [])
      .filter(({ state, livedAt }) => state === "living" || (state === "crashed" && now - livedAt < withinMs))
      .map((member) => member.name);
    const living = [...new Set([...reading, ...this.#store.sharing(stream, name).livingWithin(withinMs)])];
    const unread = groups.reduce((sum, { lag }) => sum + lag, 0);
    const pending = groups.reduce((sum, group) => sum + group.pending.size, 0);
    const [alive, work] = [
      `${living.join(", ")} of ${name} reads, or did within two leases: close it before, and have so much time pass. One that began before the stream had partitions would read the first alone (force)`,
      `${name} has not handled ${unread} unread and ${pending} pending entries: await settled() before. Otherwise what is published next of an entity may be handled before them (force)`,
    ];
    return [
      ...(living.length > 0 ? [{ kind: "alive", text: alive } as const] : []),
      ...(unread + pending > 0 ? [{ kind: "work", text: work } as const] : []),
    ];
  }

  #hasContent(partition: string): boolean {
    const { log, groups } = this.#store.stream(partition);
    const letters = this.#store.letters(partition).all;
    const redriven = [...groups.keys()].some((name) => this.#store.stream(redriveName(partition, name)).log.length > 0);
    return log.length > 0 || redriven || letters.some(({ mark }) => mark === null);
  }
}
