import {
  assertUnhindered,
  nameProblems,
  type PartitionControl,
  type PartitionPlan,
  type PartitionState,
  partitionProblems,
  removedFrom,
  repartitioned,
} from "../../broker/partition-control.js";
import { readStreams, recordOf, type Topology, unpartitioned } from "../../broker/topology.js";
import { type Config, prefixed } from "../../config/config.js";
import { printable } from "../../contract/printable.js";
import { ConfigError, MessagingError } from "../../errors.js";
import type { Client } from "../../redis/connection.js";
import { streamKeys, topologyKey } from "../../redis/keys.js";
import { openLetters } from "../../redis/letters.js";
import { recordTopology } from "../../redis/lua/shares.js";
import { instantIn } from "../../redis/redis-clock.js";
import { readTopology } from "../../redis/topologies.js";
import type { Seen } from "../ask-each.js";
import { groupsOf } from "../groups/group-place.js";
import type { AtStream, Routes } from "../routes.js";
import { hindrancesOf } from "./hindrances.js";
import { partitionStates } from "./partition-state.js";

/** The partitions of the streams: how many there are, who owns them, what waits in them. */
export class Partitions implements PartitionControl {
  readonly #config: Config;
  readonly #routes: Routes;

  /** Partitions are spread over the masters of a cluster. */
  readonly #at: AtStream = (stream, question) => this.#routes.at(stream).ask(`looking at ${stream}`, question);

  constructor(config: Config, routes: Routes) {
    this.#config = config;
    this.#routes = routes;
  }

  async list(stream: string): Promise<readonly PartitionState[]> {
    const { found, away } = await this.seen(stream);
    if (away !== undefined) throw away;
    return found;
  }

  /** Lists the same, and of which partitions nothing is known because a master of a cluster is away. */
  async seen(stream: string): Promise<Seen<PartitionState>> {
    const topology = await this.#ask("listing the partitions of", stream, readTopology);
    return partitionStates(this.#routes, this.#at, topology);
  }

  plan(stream: string, count: number): Promise<PartitionPlan> {
    const problems = partitionProblems(stream, count);
    if (problems.length > 0) throw new ConfigError(problems);
    return this.#ask("examining", stream, async (client, name) => {
      const before = await this.#topologyOf(client, name);
      const nowMs = instantIn(await client.time());
      const filled = await this.#withContent(removedFrom(before, count), (await groupsOf(client, name)) ?? []);
      const after = repartitioned(before, count, { nowMs, filled });
      const hindrances = await hindrancesOf(this.#at, name, readStreams(before), this.#config.leaseMs);
      return { stream: name, before, after, hindrances };
    });
  }

  async set(
    stream: string,
    count: number,
    { force = false }: { readonly force?: boolean } = {},
  ): Promise<PartitionPlan> {
    const plan = await this.plan(stream, count);
    if (!force) assertUnhindered(plan);
    await this.#ask("partitioning", stream, async (client, name) => {
      await this.#createGroups(client, plan);
      const record = Object.entries(recordOf(plan.after)).flat();
      const key = topologyKey(name);
      const known = plan.before.version === 0 ? ((await client.hget(key, "version")) ?? "0") : plan.before.version;
      const isDone = await recordTopology.run(client, [key], [known, ...record]);
      if (isDone === 1) return;
      throw new MessagingError(
        "GROUP_IN_USE",
        `the partitions of ${printable(name)} were changed meanwhile: look again`,
      );
    });
    return plan;
  }

  /** A group that begins in a partition later than its publishers would not be given what they have added before. */
  async #createGroups(client: Client, { stream, after }: PartitionPlan): Promise<void> {
    const groups = (await groupsOf(client, stream)) ?? [];
    const nowMs = Math.floor(instantIn(await client.time()));
    for (const partition of after.streams.slice(1)) {
      await this.#at(partition, async (own) => {
        for (const group of groups) {
          const { floor, groups: served } = streamKeys(partition, group);
          const created = own.xgroup("CREATE", partition, group, "0", "MKSTREAM").then(
            () => own.hset(floor, "position", "0-0", "added", 0, "served", nowMs),
            (error: Error) => {
              if (!error.message.startsWith("BUSYGROUP")) throw error;
            },
          );
          await created;
          await own.zadd(served, "NX", nowMs, group);
        }
      });
    }
  }

  /** A record that is none of ours is written anew. */
  async #topologyOf(client: Client, stream: string): Promise<Topology> {
    return readTopology(client, stream).catch((error: unknown) => {
      if (error instanceof ConfigError) return unpartitioned(stream);
      throw error;
    });
  }

  /**
   * Those in which nothing is left need not be read any more. What was redriven to a group outlives the entries of the stream,
   * and a dead letter that is open may still be redriven.
   */
  async #withContent(streams: readonly string[], groups: readonly string[]): Promise<readonly string[]> {
    const looking = streams.map((stream) => this.#at(stream, (client) => hasContent(client, stream, groups)));
    const found = await Promise.all(looking);
    return streams.filter((_, at) => found[at]);
  }

  #ask<Reply>(
    what: string,
    stream: string,
    question: (client: Client, name: string) => Promise<Reply>,
  ): Promise<Reply> {
    const problems = nameProblems(stream);
    if (problems.length > 0) throw new ConfigError(problems);
    const name = prefixed(this.#config, stream);
    return this.#routes.at(name).ask(`${what} ${name}`, (client) => question(client, name));
  }
}

async function hasContent(client: Client, stream: string, groups: readonly string[]): Promise<boolean> {
  if ((await client.xlen(stream)) > 0) return true;
  for (const group of groups) {
    const keys = streamKeys(stream, group);
    if ((await client.xlen(keys.redrive)) > 0) return true;
    if ((await openLetters(client, keys, group, 0)).count > 0) return true;
  }
  return false;
}
