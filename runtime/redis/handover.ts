import { randomUUID } from "node:crypto";
import type { Unhandled } from "../broker/delivery.js";
import type { HandedOver, MemberPlace } from "../broker/membership.js";
import type { HandedOn } from "../broker/shares.js";
import type { Client } from "./connection.js";
import { HandledTypes } from "./handled-types.js";
import type { StreamKeys } from "./keys.js";
import { enrol, handoverMember, isRecorded, settleUnhandled, takeHandedOver } from "./lua/handover.js";
import { deliveryOf } from "./lua/retry.js";
import { takenOverOf } from "./lua/takeover.js";

export interface HandoverParts {
  readonly keys: StreamKeys;
  readonly leaseMs: number;
  /** After how much text a reply ends. */
  readonly replyBytes: number;
  /** An entry of more bytes is abridged. */
  readonly maxEntryBytes: number;
}

/** Hands entries over between the members of a group, to one that handles their type. */
export class Handover {
  readonly types: HandledTypes;
  readonly #place: MemberPlace;
  readonly #keys: StreamKeys;
  readonly #leaseMs: number;
  readonly #replyBytes: number;
  readonly #maxEntryBytes: number;

  constructor(place: MemberPlace, { keys, leaseMs, replyBytes, maxEntryBytes }: HandoverParts) {
    this.types = new HandledTypes(place.consumer, place.handles);
    this.#place = place;
    this.#keys = keys;
    this.#leaseMs = leaseMs;
    this.#replyBytes = replyBytes;
    this.#maxEntryBytes = maxEntryBytes;
  }

  /**
   * Acknowledges entries, and of the unhandled ones those whose type no member handles. The others are handed over.
   * Resolves to the unhandled ones that were acknowledged.
   */
  async acknowledge(
    client: Client,
    unhandled: readonly Unhandled[],
    ids: readonly string[],
  ): Promise<readonly Unhandled[]> {
    for (let others = ids; ; others = []) {
      const free: Unhandled[] = [];
      const given: Unhandled[] = [];
      for (const each of unhandled) (this.types.isHandledElsewhere(each.type) ? given : free).push(each);
      if (await this.#settle(client, given, free, others)) return free;
    }
  }

  /** Hands an entry over. Resolves to `false` when no other member handles its type. */
  async give(client: Client, unhandled: Unhandled): Promise<boolean> {
    for (;;) {
      const isHandled = this.types.isHandledElsewhere(unhandled.type);
      // With nothing to hand over it only confirms that nobody handles the type.
      if (await this.#settle(client, isHandled ? [unhandled] : [], [], [])) return isHandled;
    }
  }

  /**
   * Adds copies of entries of a partition to this stream, of those whose types other members handle. Resolves to whether each was.
   */
  async add(client: Client, entries: readonly HandedOn[]): Promise<readonly boolean[]> {
    // What is known now is newer than the entries: a type counts as handled once the first that handles it has started.
    await this.confirm(client);
    const given: boolean[] = [];
    for (const { type, fields } of entries) {
      const isHandled = this.types.isHandledElsewhere(type);
      const found = isHandled ? await fields() : null;
      if (found !== null) await client.xadd(this.#keys.stream, "*", ...(found as Buffer[]));
      given.push(isHandled);
    }
    return given;
  }

  /**
   * Has a command handed over, or answered where no other member handles its type.
   *
   * @param answer - if the handled types still have that version. Resolves to these types if not, else to the error if there is one
   */
  async refuse(
    client: Client,
    { type }: Unhandled,
    { handOver, answer }: { readonly handOver: () => Promise<boolean>; readonly answer: (version: string) => unknown },
  ): Promise<{ isHandedOver: boolean; error?: unknown }> {
    for (;;) {
      if (this.types.isHandledElsewhere(type) && (await handOver())) return { isHandedOver: true };
      const reply = await answer(this.types.version);
      if (!Array.isArray(reply)) return { isHandedOver: false, error: reply };
      await this.learn(client, reply);
    }
  }

  /** Takes entries that others handed over. */
  async take(client: Client, count: number, most: number): Promise<HandedOver> {
    const { stream, errors, types, handover } = this.#keys;
    const args = [this.#place.group, this.#place.consumer, count, most, this.#replyBytes, this.#maxEntryBytes];
    const [taken, takenOver, more] = await takeHandedOver.run(client, [stream, errors, types, handover], args);
    return { deliveries: taken.map(deliveryOf), takenOver: takenOver.map(takenOverOf), areMore: more === 1 };
  }

  /** Records the types of this member, and learns those of the others. */
  async enrol(client: Client): Promise<void> {
    const again = this.types.version === "" ? "" : "again";
    const args = [this.#place.consumer, this.types.record, randomUUID(), this.#leaseMs, again];
    this.types.learn(await enrol.run(client, [this.#keys.types, this.#keys.alive], args));
  }

  /** Enrols again, unless everything is as it was. */
  async refresh(ready: () => Promise<Client>, beats: ReadonlyMap<string, string> | undefined): Promise<void> {
    // It has not joined yet.
    if (this.types.version === "") return;
    const client = await ready();
    if (beats !== undefined && this.types.isSettled(beats)) {
      const known = ["version", this.types.version, this.#place.consumer, this.types.record];
      if ((await isRecorded.run(client, [this.#keys.types], known)) === 1) return;
    }
    await this.enrol(client);
  }

  /** Learns what the others handle now, if that has changed. @throws {Error} it has not joined yet */
  async confirm(client: Client): Promise<void> {
    if (this.types.version === "") throw new Error(`${this.#place.group} has not been joined yet`);
    // With nothing to settle it only learns what has changed.
    await this.#settle(client, [], [], []);
  }

  /** Learns the types with which a script answered that they have changed. */
  async learn(client: Client, reply: readonly string[]): Promise<void> {
    if (!this.types.learn(reply)) await this.enrol(client);
  }

  /** Resolves to `false` when the handled types have changed, so that it has to be decided again what to do. */
  async #settle(
    client: Client,
    given: readonly Unhandled[],
    free: readonly Unhandled[],
    others: readonly string[],
  ): Promise<boolean> {
    const { stream, errors, types, handover } = this.#keys;
    const counts = [others.length, free.length];
    const members = given.flatMap((each) => [each.id, handoverMember(each)]);
    const place = [this.#place.group, this.#place.consumer, this.types.version];
    const args = [...place, ...counts, ...others, ...free.map(({ id }) => id), ...members];
    const changed = await settleUnhandled.run(client, [stream, errors, types, handover], args);
    if (changed === null) return true;
    await this.learn(client, changed);
    return false;
  }
}
