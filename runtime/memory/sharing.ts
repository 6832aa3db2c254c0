import type { Acquired, Lease, News, Plan } from "../broker/shares.js";
import { readStreams, type Topology } from "../broker/topology.js";
import type { Clock } from "../time/clock.js";
import { dealt } from "./dealing.js";
import { Signal } from "./signal.js";

interface SharingMember {
  /** When its heartbeat stood still. `undefined` while it lives. */
  silentAt: number | undefined;
  /** It will leave when its handlers have ended, and has no share. */
  isRetired: boolean;
}

interface LeaseRecord {
  /** Empty while it is free. */
  readonly owner: string;
  readonly epoch: number;
}

/** How the members of a group share the partitions of a stream: who they are, the plan, and the leases. */
export class Sharing {
  /** Told when a member may find something new. */
  readonly stirred: Signal = new Signal();
  /** Told when the heartbeat of a member stands still. */
  readonly silent: Signal = new Signal();
  readonly #clock: Pick<Clock, "now" | "wall">;
  readonly #members = new Map<string, SharingMember>();
  readonly #leases = new Map<string, LeaseRecord>();
  /** The partition that each of these members is asked to free. */
  readonly #claims = new Map<string, string>();
  /** The member that is to own each partition. */
  #plan: ReadonlyMap<string, string> = new Map();
  #partitions: readonly string[] = [];
  #topology = -1;
  #version = 0;
  #looks = 0;
  #stirredAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Pick<Clock, "now" | "wall">) {
    this.#clock = clock;
  }

  /** For how many ms nothing has changed. */
  get quietMs(): number {
    return this.#clock.now() - this.#stirredAt;
  }

  get areAllLiving(): boolean {
    return [...this.#members.values()].every(({ silentAt }) => silentAt === undefined);
  }

  get plan(): ReadonlyMap<string, string> {
    return this.#plan;
  }

  /** The members that live, or died less than so many ms ago. */
  livingWithin(ms: number): readonly string[] {
    const lives = ({ silentAt = Number.POSITIVE_INFINITY }: SharingMember): boolean =>
      this.#clock.now() - silentAt < ms;
    return [...this.#members].filter(([, member]) => lives(member)).map(([name]) => name);
  }

  /** Tells the members to look. */
  stir(): void {
    this.#stirredAt = this.#clock.now();
    this.stirred.tell();
  }

  news(name: string, version: string): News {
    return { isCurrent: version === String(this.#version), claimed: this.#claims.get(name) };
  }

  join(name: string, topology: Topology, version: string): Plan {
    const member = this.#members.get(name);
    const isNew = member === undefined || member.isRetired;
    if (isNew) this.#members.set(name, { silentAt: undefined, isRetired: false });
    this.#settle(topology, isNew);
    const partitions = [...this.#plan].filter(([, owner]) => owner === name).map(([partition]) => partition);
    const current = String(this.#version);
    return { version: current, partitions: current === version ? undefined : partitions };
  }

  retire(name: string, topology: Topology): void {
    const member = this.#members.get(name);
    const isStaying = member?.isRetired === false;
    if (isStaying) member.isRetired = true;
    this.#settle(topology, isStaying);
  }

  leave(name: string, topology: Topology): void {
    this.#claims.delete(name);
    this.#settle(topology, this.#members.delete(name));
  }

  /** The heartbeats: that of a living member is another one at each look. */
  beats(): ReadonlyMap<string, string> {
    this.#looks++;
    return new Map([...this.#members].map(([name, member]) => [name, beatOf(member) ?? `lives ${this.#looks}`]));
  }

  expel(name: string, beat: string, topology: Topology): void {
    const member = this.#members.get(name);
    if (member !== undefined && beatOf(member) === beat) this.leave(name, topology);
    else this.#settle(topology, false);
  }

  /** The heartbeat of a member stands still from now on. */
  silence(name: string): void {
    const member = this.#members.get(name);
    if (member !== undefined) member.silentAt = this.#clock.now();
    this.silent.tell();
  }

  acquire(partition: string, name: string): Acquired {
    const { owner, epoch } = this.leaseOf(partition) ?? { owner: "", epoch: 0 };
    if (owner !== "" && owner !== name && this.#members.has(owner)) return { epoch: undefined, owner, lives: true };
    const next = Math.max(epoch + 1, this.#ticks);
    this.#leases.set(partition, { owner: name, epoch: next });
    return { epoch: next };
  }

  release({ partition, epoch }: Pick<Lease, "partition" | "epoch">): void {
    if (this.isCurrent({ partition, epoch })) this.#leases.set(partition, { owner: "", epoch });
  }

  claim(partition: string, owner: string): void {
    this.#claims.set(owner, partition);
    this.stir();
  }

  concede(partition: string, name: string): void {
    const lease = this.leaseOf(partition);
    if (lease?.owner === name) this.release({ partition, epoch: lease.epoch });
    this.#claims.delete(name);
  }

  leaseOf(partition: string): LeaseRecord | undefined {
    return this.#leases.get(partition);
  }

  /** Whether nobody has become the owner of the partition since. */
  isCurrent({ partition, epoch }: Pick<Lease, "partition" | "epoch">): boolean {
    return this.leaseOf(partition)?.epoch === epoch;
  }

  /** Makes the plan anew where the members have changed or the topology is newer. */
  #settle({ version, ...topology }: Topology, haveChanged: boolean): void {
    if (this.#members.size === 0) {
      this.#plan = new Map();
      this.#topology = -1;
      this.#version = 0;
      return;
    }
    const isNewer = version > this.#topology;
    // Who knows an older topology changes the members of the plan, and not its partitions.
    if (isNewer) this.#partitions = readStreams({ version, ...topology });
    if (!haveChanged && !isNewer) return;
    const staying = [...this.#members].filter(([, { isRetired }]) => !isRetired).map(([name]) => name);
    this.#plan = dealt(this.#partitions, staying, this.#plan);
    this.#topology = Math.max(this.#topology, version);
    this.#version = Math.max(this.#version + 1, this.#ticks);
    this.stir();
  }

  /** As on Redis: epochs and versions never fall behind the clock, in hundredths of a millisecond. */
  get #ticks(): number {
    return this.#clock.wall() * 100;
  }
}

function beatOf({ silentAt }: SharingMember): string | undefined {
  return silentAt === undefined ? undefined : `stands still since ${silentAt}`;
}
