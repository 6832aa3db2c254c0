import { randomUUID } from "node:crypto";
import { YOUNG_MS } from "../broker/broker.js";
import type { Answer, Delivery, Take, Unhandled } from "../broker/delivery.js";
import type { Log } from "../broker/log.js";
import type { GroupState, Holder, Joined, MemberPlace, MemberSignals, Membership } from "../broker/membership.js";
import type { Clock } from "../time/clock.js";
import type { Client, Connection } from "./connection.js";
import type { EntrySource } from "./entry-source.js";
import { groupState } from "./group-state.js";
import { Handover } from "./handover.js";
import type { Heartbeat } from "./heartbeat.js";
import type { StreamKeys } from "./keys.js";
import { ensureGroup, leave } from "./lua/group.js";
import { deliveryOf, note, park, release, sweep, sweepHandover } from "./lua/retry.js";
import { acknowledge, bury, packed } from "./lua/settlement.js";
import { adopt, reap } from "./lua/takeover.js";
import { startId } from "./redis-clock.js";
import { isReply } from "./reply.js";
import { assertSupported } from "./requirement.js";
import { sendAnswer } from "./send-answer.js";
import { lookForSigns } from "./signs-of-life.js";
import { takeStrays } from "./stray-finder.js";

const SWEEP_PAGE = 500;

export interface MembershipParts {
  readonly keys: StreamKeys;
  readonly settle: Connection;
  readonly source: EntrySource;
  readonly heartbeat: Heartbeat;
  readonly log: Log;
  readonly leaseMs: number;
  readonly clock: Clock;
  readonly signals: MemberSignals;
}

/** A consumer of a Redis consumer group: the one place where the scripts that settle entries are called. */
export class RedisMembership implements Membership {
  readonly stream: string;
  readonly group: string;
  readonly consumer: string;
  readonly redriven: boolean;
  readonly handles: MemberPlace["handles"];
  readonly answers: boolean;
  readonly log: Log;
  readonly #handover: Handover;
  readonly #parts: MembershipParts;
  #isSupported = false;
  #lapses = 0;

  constructor({ group, consumer, redriven, handles, answers }: MemberPlace, parts: MembershipParts) {
    this.stream = parts.keys.stream;
    this.group = group;
    this.consumer = consumer;
    this.redriven = redriven;
    this.handles = handles;
    this.answers = answers;
    this.log = parts.log;
    this.#parts = parts;
    this.#handover = new Handover(this, parts);
  }

  join(startFrom: "all" | "new" | number): Promise<Joined> {
    const { keys, settle, heartbeat, clock, signals } = this.#parts;
    const join = async (client: Client): Promise<Joined> => {
      if (!this.#isSupported) await assertSupported(client, settle.address);
      this.#isSupported = true;
      const args = [this.group, await startId(client, startFrom, clock), YOUNG_MS];
      const found = await ensureGroup.run(client, [keys.stream, keys.floor, keys.groups], args);
      if (typeof found === "number") return { retryInMs: found };
      await this.#handover.enrol(client);
      await heartbeat.renew(settle);
      return { createdFrom: found ?? undefined };
    };
    return settle.ask(`joining the group ${this.group} of ${this.stream}`, join, signals.reading);
  }

  async leave(unbegun: readonly string[], begun: readonly string[]): Promise<void> {
    const { keys, settle } = this.#parts;
    if (!settle.isReady) return;
    const place = [this.group, this.consumer, randomUUID(), this.#keeps(false)];
    const args = [...place, unbegun.length, ...unbegun, ...begun];
    // After a failure, the member that takes over gets the entries a lease later.
    await leave.run(settle.client, [keys.stream, keys.retry, keys.alive, keys.types], args).catch(() => {});
  }

  lapsed(): boolean {
    const { lapsed, lapses } = this.#parts.heartbeat;
    const before = this.#lapses;
    this.#lapses = lapses;
    return lapsed || lapses !== before;
  }

  read(count: number, take: Take): Promise<void> {
    return this.#parts.source.read(count, take);
  }

  interrupt(): Promise<void> {
    return this.#parts.source.interrupt();
  }

  async takeStrays(holder: Holder): Promise<void> {
    const { settle, signals } = this.#parts;
    const take = (client: Client): Promise<void> => takeStrays(client, this, holder);
    await settle.ask(`looking for lost entries of ${this.stream}`, take, signals.reading);
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
      const reply = await this.#answer(given, unhandled.id, types.version);
      if (!Array.isArray(reply)) return { isHandedOver: false, error: reply };
      await this.#handover.learn(client, reply);
    }
  }

  async park(...[{ id, attempt }, record]: Parameters<Membership["park"]>): ReturnType<Membership["park"]> {
    const { stream, retry, errors } = this.#parts.keys;
    const { failure, isContested, delayMs } = record;
    const args = [this.group, this.consumer, id, Math.ceil(delayMs), failure, attempt, this.#keeps(isContested)];
    const parked = await this.#unlessGone(undefined, 0, (client) => park.run(client, [stream, retry, errors], args));
    return parked === 1 ? "kept" : parked === 0 ? "lost" : "deleted";
  }

  async bury(...[{ id, attempt, fields }, record]: Parameters<Membership["bury"]>): ReturnType<Membership["bury"]> {
    const { stream, dead, retry, errors } = this.#parts.keys;
    const { failure, isContested, labels } = record;
    const place = [this.group, this.consumer, id, failure, attempt, this.#keeps(isContested)];
    const move = (copy: string): Promise<string | null> => {
      const args = [...place, copy, ...Object.entries(labels).flat()];
      return this.#unlessGone(undefined, null, (client) => bury.run(client, [stream, dead, retry, errors], args));
    };
    const letter = await move("");
    return (letter === "deleted" ? await move(packed(fields ?? [])) : letter) === null ? "lost" : "kept";
  }

  async answer(given: Answer, id: string): Promise<unknown> {
    if (!this.#parts.settle.isReady) await this.#parts.settle.ready();
    return this.#answer(given, id);
  }

  async recordFailure(id: string, failure: string): Promise<void> {
    const { keys, settle } = this.#parts;
    await note.run(await settle.ready(), [keys.errors], [id, failure]);
  }

  adopt(id: string, attempt?: number): Promise<Delivery | undefined> {
    return this.#unlessGone(this.#parts.signals.settling, undefined, async (client) => {
      const args = [this.group, this.consumer, id, attempt ?? 0, this.#keeps(attempt === undefined)];
      const adopted = await adopt.run(client, [this.stream], args);
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
    });
  }

  async look(): ReturnType<Membership["look"]> {
    const { keys, settle, heartbeat, signals } = this.#parts;
    const signs = await lookForSigns(await settle.ready(signals.reading), keys, this);
    return { ...signs, confirmedMs: heartbeat.confirmedMs };
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

  /** The argument of a script that says whether nobody can have taken over or settled what this consumer holds. */
  #keeps(isContested: boolean): "kept" | "" {
    return !isContested && this.#parts.heartbeat.keepsAll ? "kept" : "";
  }

  #answer(given: Answer, id: string, version?: string): Promise<unknown> {
    return sendAnswer(this.#parts.settle, this.#parts.keys, this.group, { given, id, version });
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
