import { randomUUID } from "node:crypto";
import { YOUNG_MS } from "../broker/broker.js";
import type { Answer, Delivery, Take, Unhandled } from "../broker/delivery.js";
import type { Log } from "../broker/log.js";
import type { GroupState, Holder, Joined, MemberPlace, MemberSignals, Membership } from "../broker/membership.js";
import type { Client, Connection } from "./connection.js";
import type { EntrySource } from "./entry-source.js";
import { groupState } from "./group-state.js";
import { Handover } from "./handover.js";
import type { Heartbeat } from "./heartbeat.js";
import { HANDOVER, PARKED, type StreamKeys } from "./keys.js";
import { ensureGroup, leave } from "./lua/group.js";
import { deliveryOf, note, park, release, sweep, sweepErrors, sweepHandover } from "./lua/retry.js";
import { acknowledge, bury } from "./lua/settlement.js";
import { adopt, reap } from "./lua/takeover.js";
import { field, isReply } from "./reply.js";
import { assertSupported } from "./requirement.js";
import { sendAnswer } from "./send-answer.js";
import { takeStrays } from "./stray-finder.js";

const SWEEP_PAGE = 500;

export interface MembershipParts {
  readonly keys: StreamKeys;
  readonly settle: Connection;
  readonly source: EntrySource;
  readonly heartbeat: Heartbeat;
  readonly log: Log;
  readonly leaseMs: number;
  readonly signals: MemberSignals;
}

/** A consumer of a Redis consumer group: the one place where the scripts that settle entries are called. */
export class RedisMembership implements Membership {
  readonly stream: string;
  readonly group: string;
  readonly consumer: string;
  readonly redriven: boolean;
  readonly handles: MemberPlace["handles"];
  readonly log: Log;
  readonly #handover: Handover;
  readonly #parts: MembershipParts;
  #isSupported = false;
  #lapses = 0;

  constructor({ group, consumer, redriven, handles }: MemberPlace, parts: MembershipParts) {
    this.stream = parts.keys.stream;
    this.group = group;
    this.consumer = consumer;
    this.redriven = redriven;
    this.handles = handles;
    this.log = parts.log;
    this.#parts = parts;
    this.#handover = new Handover(this, parts);
  }

  async join(startFrom: "all" | "new"): Promise<Joined> {
    const { keys, settle, heartbeat, signals } = this.#parts;
    const client = await settle.ready(signals.reading);
    if (!this.#isSupported) await assertSupported(client, settle.address);
    this.#isSupported = true;
    const start = startFrom === "new" ? "$" : "0";
    const { stream, floor, groups, retry, errors, handover, marks, retention } = keys;
    const groupKeys = [stream, floor, groups, retry, errors, handover, marks, retention];
    const found = await ensureGroup.run(client, groupKeys, [this.group, start, YOUNG_MS]);
    if (typeof found === "number") return { retryInMs: found };
    await this.#handover.enrol(client);
    await heartbeat.renew(settle);
    return { createdFrom: found ?? undefined };
  }

  async leave(unbegun: readonly string[]): Promise<void> {
    const { keys, settle } = this.#parts;
    if (!settle.isReady) return;
    const args = [this.group, this.consumer, randomUUID(), ...unbegun];
    // After a failure, the member that takes over gets the entries a lease later.
    await leave.run(settle.client, [keys.stream, keys.retry, keys.alive, keys.types], args).catch(() => {});
  }

  lapsed(): boolean {
    const { lapsed, lapses } = this.#parts.heartbeat;
    const hasLapsed = lapsed || lapses !== this.#lapses;
    this.#lapses = lapses;
    return hasLapsed;
  }

  read(count: number, take: Take): Promise<void> {
    return this.#parts.source.read(count, take);
  }

  interrupt(): Promise<void> {
    return this.#parts.source.interrupt();
  }

  async takeStrays(holder: Holder): Promise<void> {
    const { settle, signals } = this.#parts;
    await takeStrays(await settle.ready(signals.reading), this, holder);
  }

  async acknowledge(ids: readonly string[], retried: readonly string[]): Promise<void> {
    const { keys, settle } = this.#parts;
    const client = await settle.ready();
    if (retried.length === 0) await client.xack(keys.stream, this.group, ...ids);
    else {
      const args = [this.group, retried.length, ...retried, ...ids.filter((id) => !retried.includes(id))];
      await acknowledge.run(client, [keys.stream, keys.errors], args);
    }
  }

  get receives(): boolean {
    return this.#handover.types.receives;
  }

  acknowledgeUnhandled(unhandled: readonly Unhandled[], ids: readonly string[]): Promise<readonly Unhandled[]> {
    // When the group is gone, nothing is acknowledged: the entries are delivered again.
    return this.#unlessGone(undefined, [], (client) => this.#handover.acknowledge(client, unhandled, ids));
  }

  handOver(unhandled: Unhandled): Promise<boolean> {
    return this.#unlessGone(undefined, true, (client) => this.#handover.give(client, unhandled));
  }

  async refuse(given: Answer, unhandled: Unhandled): Promise<{ isHandedOver: boolean; error?: unknown }> {
    for (;;) {
      const { types } = this.#handover;
      if (types.isHandledElsewhere(unhandled.type) && (await this.handOver(unhandled))) return { isHandedOver: true };
      const client = await this.#parts.settle.ready();
      const reply = await this.#answer(client, given, unhandled.id, types.version);
      if (!Array.isArray(reply)) return { isHandedOver: false, error: reply };
      await this.#handover.learn(client, reply);
    }
  }

  async park(id: string, delayMs: number, failure: string): Promise<void> {
    const { stream, retry, errors } = this.#parts.keys;
    const args = [this.group, this.consumer, id, Math.ceil(delayMs), failure];
    await this.#unlessGone(undefined, 0, (client) => park.run(client, [stream, retry, errors], args));
  }

  async bury(id: string, failure: string, record: Readonly<Record<string, string>>): Promise<void> {
    const { stream, dead, retry, errors } = this.#parts.keys;
    const args = [this.group, this.consumer, id, failure, ...Object.entries(record).flat()];
    await this.#unlessGone(undefined, null, (client) => bury.run(client, [stream, dead, retry, errors], args));
  }

  answer(given: Answer, id: string): Promise<unknown> {
    const { settle } = this.#parts;
    const send = (client: Client): Promise<unknown> => this.#answer(client, given, id);
    return settle.isReady ? send(settle.client) : settle.ready().then(send);
  }

  async recordFailure(id: string, failure: string): Promise<void> {
    const { keys, settle } = this.#parts;
    await note.run(await settle.ready(), [keys.errors], [id, failure]);
  }

  adopt(id: string): Promise<Delivery | undefined> {
    return this.#unlessGone(this.#parts.signals.settling, undefined, async (client) => {
      const adopted = await adopt.run(client, [this.stream], [this.group, this.consumer, id]);
      return adopted === null ? undefined : { id, fields: adopted[0], attempt: adopted[1] };
    });
  }

  release(count: number): ReturnType<Membership["release"]> {
    const { keys, signals } = this.#parts;
    const scriptKeys = [keys.stream, keys.retry, keys.errors, keys.types, keys.handover];
    const none = { deliveries: [], nextMs: -1, areHandedOver: false, isOutdated: false };
    return this.#unlessGone(signals.reading, none, async (client) => {
      const reply = await release.run(client, scriptKeys, [this.group, this.consumer, count]);
      const [released, nextMs, handedOver, version] = reply;
      const isOutdated = version !== this.#handover.types.version;
      return { deliveries: released.map(deliveryOf), nextMs, areHandedOver: handedOver > 0, isOutdated };
    });
  }

  receive(count: number, most: number): ReturnType<Membership["receive"]> {
    const none = { deliveries: [], suspects: [], areMore: false };
    return this.#unlessGone(this.#parts.signals.reading, none, (client) => this.#handover.take(client, count, most));
  }

  sweep(): Promise<void> {
    const { keys, signals } = this.#parts;
    return this.#unlessGone(signals.reading, undefined, async (client) => {
      for (let after: string | null = "-"; after !== null; ) {
        after = await sweep.run(client, [keys.stream, keys.retry], [this.group, after, SWEEP_PAGE]);
      }
      const handoverKeys = [keys.stream, keys.retry, keys.handover];
      while ((await sweepHandover.run(client, handoverKeys, [this.group, SWEEP_PAGE])) > 0);
      const errorKeys = [keys.stream, keys.retry, keys.errors];
      for (let from: string | null = "0"; from !== null; ) {
        from = await sweepErrors.run(client, errorKeys, [this.group, from, SWEEP_PAGE]);
      }
    });
  }

  async heartbeats(): Promise<{ readonly session: number; readonly beats: ReadonlyMap<string, string> }> {
    const { keys, settle, signals } = this.#parts;
    const client = await settle.ready(signals.reading);
    const { session } = settle;
    const reply = await client.zrange(keys.alive, "0", "-1", "WITHSCORES");
    const beats = new Map<string, string>();
    for (let at = 0; at < reply.length; at += 2) beats.set(reply[at] as string, reply[at + 1] as string);
    return { session, beats };
  }

  foreigners(beating: ReadonlyMap<string, string>): Promise<{ readonly name: string; readonly idleMs: number }[]> {
    return this.#unlessGone(this.#parts.signals.reading, [], async (client) => {
      const members = (await client.xinfo("CONSUMERS", this.stream, this.group)) as unknown[][];
      return members
        .map((member) => ({ name: String(field(member, "name")), idleMs: Number(field(member, "idle")) }))
        .filter(({ name }) => ![this.consumer, PARKED, HANDOVER].includes(name) && !beating.has(name));
    });
  }

  takeOver(consumer: string, beat: string, most: number): Promise<readonly string[] | undefined> {
    const { keys, signals } = this.#parts;
    const args = [this.group, this.consumer, consumer, beat, most, randomUUID()];
    return this.#unlessGone(signals.reading, undefined, async (client) => {
      return (await reap.run(client, [keys.stream, keys.alive, keys.types], args)) ?? undefined;
    });
  }

  async enrol(beats?: ReadonlyMap<string, string>): Promise<void> {
    const { settle, signals } = this.#parts;
    await this.#handover.refresh(() => settle.ready(signals.reading), beats);
  }

  async state(): Promise<GroupState> {
    const { keys, settle } = this.#parts;
    return groupState(await settle.ready(), keys, this.group);
  }

  #answer(client: Client, given: Answer, id: string, version?: string): Promise<unknown> {
    return sendAnswer(client, this.#parts.keys, this.group, { given, id, version });
  }

  /** When the group or its stream is gone, nothing is pending in it, so there is nothing to do. */
  async #unlessGone<Result>(
    waiting: AbortSignal | undefined,
    otherwise: Result,
    command: (client: Client) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await command(await this.#parts.settle.ready(waiting));
    } catch (error) {
      if (isReply(error, "NOGROUP")) return otherwise;
      throw error;
    }
  }
}
