import type { Delivery, Unhandled } from "../broker/delivery.js";
import type { GroupState, Joined, MemberPlace, Membership } from "../broker/membership.js";
import type { HandedOn, Lease } from "../broker/shares.js";
import { acknowledgeEntries } from "./acknowledge-entries.js";
import { type Ownership, supersede } from "./fenced.js";
import type { StreamKeys } from "./keys.js";
import type { RedisMembership } from "./redis-membership.js";
import { isReply } from "./reply.js";
import type { Route } from "./route.js";

export interface OwnedMembershipParts {
  readonly lease: Lease;
  readonly ownership: Ownership;
  readonly keys: StreamKeys;
  /** It carries the fence of the lease, as that of the membership does. */
  readonly settle: Pick<Route, "ready" | "ask">;
  /** Aborted when it reads no more. */
  readonly reading: AbortSignal;
}

/**
 * The membership of a partition's owner. Whatever is refused because another member owns the partition by now is over:
 * nothing is left to settle, for it is pending there and the new owner's.
 */
export class OwnedMembership implements Membership {
  readonly receives = false;
  readonly #inner: RedisMembership;
  readonly #parts: OwnedMembershipParts;

  constructor(inner: RedisMembership, parts: OwnedMembershipParts) {
    this.#inner = inner;
    this.#parts = parts;
  }

  get lease(): Lease {
    return this.#parts.lease;
  }
  get stream(): string {
    return this.#inner.stream;
  }
  get group(): string {
    return this.#inner.group;
  }
  get consumer(): string {
    return this.#inner.consumer;
  }
  get redriven(): boolean {
    return this.#inner.redriven;
  }
  get handles(): MemberPlace["handles"] {
    return this.#inner.handles;
  }
  get answers(): boolean {
    return this.#inner.answers;
  }
  get log(): Membership["log"] {
    return this.#inner.log;
  }

  join(startFrom: "all" | "new" | number): Promise<Joined> {
    return this.#unlessLost({ retryInMs: 0 }, this.#inner.join(startFrom));
  }
  leave(...given: Parameters<Membership["leave"]>): Promise<void> {
    return this.#inner.leave(...given);
  }
  lapsed(): boolean {
    return this.#inner.lapsed();
  }
  hasTakenNothing(error: unknown): boolean {
    return this.#inner.hasTakenNothing(error);
  }
  read(...given: Parameters<Membership["read"]>): Promise<void> {
    return this.#unlessLost(undefined, this.#inner.read(...given));
  }
  interrupt(): Promise<void> {
    return this.#inner.interrupt();
  }
  async takeStrays(...given: Parameters<Membership["takeStrays"]>): Promise<void> {
    await this.#unlessLost(undefined, this.#supersede());
    await this.#unlessLost(undefined, this.#inner.takeStrays(...given));
  }

  async acknowledge(ids: readonly string[], retried: readonly string[]): Promise<void> {
    const { keys, settle } = this.#parts;
    const client = await settle.ready();
    await this.#unlessLost(undefined, acknowledgeEntries(client, keys, this.group, { ids, retried }));
  }

  /** They are handed on first: if this process dies before they are acknowledged, they are handled twice. */
  async acknowledgeUnhandled(unhandled: readonly Unhandled[], ids: readonly string[]): Promise<readonly Unhandled[]> {
    const isHandedOn = await this.lease.home.handOn(unhandled.map((each) => this.#handedOn(each)));
    const all = unhandled.map(({ id }) => id);
    await this.acknowledge([...ids, ...all], all);
    return unhandled.filter((_, at) => isHandedOn[at] !== true);
  }

  async handOver(unhandled: Unhandled): Promise<boolean> {
    const [isHandedOn = false] = await this.lease.home.handOn([this.#handedOn(unhandled)]);
    if (isHandedOn) await this.acknowledge([unhandled.id], [unhandled.id]);
    return isHandedOn;
  }

  async refuse(...[given, unhandled]: Parameters<Membership["refuse"]>): ReturnType<Membership["refuse"]> {
    if (await this.handOver(unhandled)) return { isHandedOver: true };
    return { isHandedOver: false, error: await this.answer(given, unhandled.id) };
  }

  async handOn(): Promise<readonly boolean[]> {
    return [];
  }

  recordFailure(...given: Parameters<Membership["recordFailure"]>): ReturnType<Membership["recordFailure"]> {
    return this.#unlessLost("lost", this.#inner.recordFailure(...given));
  }
  bury(...given: Parameters<Membership["bury"]>): ReturnType<Membership["bury"]> {
    return this.#unlessLost(null, this.#inner.bury(...given));
  }
  answer(...given: Parameters<Membership["answer"]>): ReturnType<Membership["answer"]> {
    return this.#unlessLost(undefined, this.#inner.answer(...given));
  }
  fetch(...given: Parameters<Membership["fetch"]>): ReturnType<Membership["fetch"]> {
    const none = { deliveries: [] as readonly Delivery[], looked: given[0].length };
    return this.#unlessLost(none, this.#inner.fetch(...given));
  }
  owned(ids: readonly string[]): Promise<ReadonlySet<string>> {
    return this.#inner.owned(ids);
  }
  buried(ids: readonly string[]): Promise<ReadonlySet<string>> {
    return this.#inner.buried(ids);
  }
  async release(...given: Parameters<Membership["release"]>): ReturnType<Membership["release"]> {
    const none = { deliveries: [], nextMs: -1, areHandedOver: false, isOutdated: false, pauses: undefined, calls: [] };
    const released = await this.#unlessLost(none, this.#inner.release(...given));
    return { ...released, isOutdated: false };
  }
  setAside(...given: Parameters<Membership["setAside"]>): Promise<void> {
    return this.#unlessLost(undefined, this.#inner.setAside(...given));
  }
  receive(...given: Parameters<Membership["receive"]>): ReturnType<Membership["receive"]> {
    const none = { deliveries: [], takenOver: [], areMore: false };
    return this.#unlessLost(none, this.#inner.receive(...given));
  }
  sweep(): Promise<void> {
    return this.#unlessLost(undefined, this.#inner.sweep());
  }
  until(...given: Parameters<Membership["until"]>): Promise<boolean> {
    return this.#inner.until(...given);
  }
  look(): ReturnType<Membership["look"]> {
    return this.#inner.look();
  }
  takeOver(...given: Parameters<Membership["takeOver"]>): ReturnType<Membership["takeOver"]> {
    return this.#unlessLost(undefined, this.#inner.takeOver(...given));
  }
  async enrol(): Promise<void> {}
  state(): Promise<GroupState> {
    return this.#inner.state();
  }

  async #supersede(): Promise<void> {
    const { settle, ownership, reading } = this.#parts;
    await settle.ask(`renewing the reader of ${this.stream}`, (client) => supersede(client, ownership), reading);
  }

  #handedOn({ id, type }: Unhandled): HandedOn {
    const { settle } = this.#parts;
    const fields = async (): Promise<readonly Uint8Array[] | null> => {
      const [entry] = await (await settle.ready()).xrangeBuffer(this.stream, id, id);
      return entry?.[1] ?? null;
    };
    return { type, fields };
  }

  async #unlessLost<Result>(otherwise: Result, attempt: Promise<Result>): Promise<Result> {
    try {
      return await attempt;
    } catch (error) {
      if (!isFenced(error)) throw error;
      this.lease.lost();
      return otherwise;
    }
  }
}

/** Also within an error of ours. */
function isFenced(error: unknown): boolean {
  return isReply(error, "FENCED") || isReply((error as Error | undefined)?.cause, "FENCED");
}
