import type { Acquired, Lease, News, Plan, Shares } from "../broker/shares.js";
import { readStreams, type Topology } from "../broker/topology.js";
import type { Clock } from "../time/clock.js";
import type { Client } from "./connection.js";
import type { Copies } from "./copies.js";
import { createMissing } from "./create-missing.js";
import type { Heartbeat } from "./heartbeat.js";
import { leaseKey, type ShareKeys, shareKeys, streamKeys } from "./keys.js";
import { acquireLease, type MemberStep, member, releaseLease, serve } from "./lua/shares.js";
import { shortFields } from "./lua/short-fields.js";
import { readBeats } from "./read-beats.js";
import { startId } from "./redis-clock.js";
import type { Route } from "./route.js";

export interface SharePlace {
  /** The whole name of the stream, in whose slot the plan is. */
  readonly stream: string;
  readonly group: string;
  readonly consumer: string;
}

export interface SharesParts {
  readonly heartbeat: Heartbeat;
  /** The way to a stream or to one of its partitions. */
  readonly linkOf: (stream: string) => Route;
  readonly copies: Copies;
  readonly clock: Clock;
  readonly leaseMs: number;
  /** Ends the waits for a connection. */
  readonly signal: AbortSignal;
}

/** A member's share of a stream's partitions, in Redis. */
export class RedisShares implements Shares {
  readonly #place: SharePlace;
  readonly #parts: SharesParts;
  readonly #keys: ShareKeys;
  /** The last epoch that this member was given for each partition. */
  readonly #epochs = new Map<string, number>();

  constructor(place: SharePlace, parts: SharesParts) {
    this.#place = place;
    this.#parts = parts;
    this.#keys = shareKeys(place.stream, place.group);
    parts.heartbeat.addShare(this.#keys.members, streamKeys(place.stream, place.group), place.group, place.consumer);
  }

  async register(...[partition, startFrom, signal]: Parameters<Shares["register"]>): ReturnType<Shares["register"]> {
    const { group } = this.#place;
    const from = await this.#parts.linkOf(partition).ask(
      `creating the group ${group} of ${partition}`,
      async (client) => {
        const keys = streamKeys(partition, group);
        return createMissing(client, keys, group, await startId(client, startFrom, this.#parts.clock));
      },
      signal,
    );
    // One that is to wait is created when its owner joins.
    return typeof from === "string" ? from : undefined;
  }

  async news(version: string): Promise<News> {
    const fields = ["version", claimOn(this.#place.consumer)];
    const [current, claimed] = await shortFields.run(await this.#ready(), [this.#keys.plan], fields);
    return { isCurrent: current === version, claimed: claimed ?? undefined };
  }

  async untilChanged(): Promise<void> {}

  async join(topology: Topology, version: string): Promise<Plan> {
    const [next, ...partitions] = await this.#step("beat", this.#place.consumer, this.#parts.clock.wall(), {
      topology,
      version,
    });
    return { version: next, partitions: next === version ? undefined : partitions };
  }

  async retire(topology: Topology): Promise<void> {
    await this.#step("retire", this.#place.consumer, "", { topology, version: "" });
  }

  async leave(topology: Topology): Promise<void> {
    await this.#step("leave", this.#place.consumer, "", { topology, version: "" });
  }

  async look(): ReturnType<Shares["look"]> {
    // Where others have written very many, those are expelled first: their heartbeats stand still.
    const beats = await readBeats(await this.#ready(), this.#keys.members, async () => [this.#place.consumer]);
    return { beats, confirmedMs: this.#parts.heartbeat.confirmedMs };
  }

  async expel(name: string, beat: string, topology: Topology): Promise<void> {
    await this.#step("expel", name, beat, { topology, version: "" });
  }

  async acquire(partition: string): Promise<Acquired> {
    const { consumer } = this.#place;
    for (let dead = ""; ; ) {
      const args = [consumer, dead, this.#epochs.get(partition) ?? 0];
      const client = await this.#ready(partition);
      const [owner, epoch] = await acquireLease.run(client, this.#leaseKeys(partition), args);
      if (epoch !== "") {
        this.#epochs.set(partition, Number(epoch));
        await this.#parts.copies.made(this.#parts.linkOf(partition));
        return { epoch: Number(epoch) };
      }
      const lives = (await (await this.#ready()).zscore(this.#keys.members, owner)) !== null;
      if (lives || owner === dead) return { epoch: undefined, owner, lives };
      dead = owner;
    }
  }

  async serve(partitions: readonly string[]): Promise<void> {
    const { group, consumer } = this.#place;
    const served = partitions.map(async (partition) => {
      const { floor, alive } = streamKeys(partition, group);
      const keys = [leaseKey(partition, group), floor, alive];
      await serve.run(await this.#ready(partition), keys, [consumer, 2 * this.#parts.leaseMs]);
    });
    await Promise.all(served);
  }

  async release({ partition, epoch }: Pick<Lease, "partition" | "epoch">): Promise<void> {
    const keys = this.#leaseKeys(partition);
    const release = (client: Client): Promise<unknown> => releaseLease.run(client, keys, [epoch]);
    await this.#parts.linkOf(partition).ask(`releasing ${partition}`, release, this.#parts.signal);
  }

  async claim(partition: string, owner: string): Promise<void> {
    await (await this.#ready()).hset(this.#keys.plan, claimOn(owner), partition);
  }

  async concede(partition: string): Promise<void> {
    const client = await this.#ready(partition);
    const [owner, epoch] = await shortFields.run(client, this.#leaseKeys(partition), ["owner", "epoch"]);
    // By its epoch: should this come late, it does not free what has been acquired anew.
    if (owner === this.#place.consumer) await this.release({ partition, epoch: Number(epoch) });
    await (await this.#ready()).hdel(this.#keys.plan, claimOn(this.#place.consumer));
  }

  #step(
    what: MemberStep,
    name: string,
    beat: number | string,
    { topology, version }: { readonly topology: Topology; readonly version: string },
  ): Promise<[string, ...string[]]> {
    const { members, plan } = this.#keys;
    const args = [what, name, beat, version, topology.version, ...readStreams(topology)];
    return this.#ready().then((client) => member.run(client, [members, plan], args));
  }

  #leaseKeys(partition: string): readonly string[] {
    return [leaseKey(partition, this.#place.group)];
  }

  #ready(stream = this.#place.stream): Promise<Client> {
    return this.#parts.linkOf(stream).ready(this.#parts.signal);
  }
}

/** The field of the plan that names a partition which a member is asked to free. */
function claimOn(owner: string): string {
  return `?${owner}`;
}
