import { randomUUID } from "node:crypto";
import { YOUNG_MS } from "../broker/broker.js";
import type { Answer, Delivery, Take, Unhandled } from "../broker/delivery.js";
import { addedAt } from "../broker/entry-id.js";
import type { Log } from "../broker/log.js";
import type {
  GroupState,
  HandedOver,
  Holder,
  Joined,
  MemberPlace,
  MemberSignals,
  Membership,
  Released,
} from "../broker/membership.js";
import type { Client, Connection } from "./connection.js";
import type { EntrySource } from "./entry-source.js";
import { HandledTypes } from "./handled-types.js";
import type { Heartbeat } from "./heartbeat.js";
import { field } from "./info.js";
import { answerKey, HANDOVER, PARKED, type StreamKeys } from "./keys.js";
import { answer } from "./lua/answer.js";
import { ensureGroup, leave } from "./lua/group.js";
import { enrol, handoverMember, settleUnhandled, takeHandedOver } from "./lua/handover.js";
import { note, park, type Released as ReleasedEntry, release, sweep, sweepHandover } from "./lua/retry.js";
import { acknowledge, bury } from "./lua/settlement.js";
import { adopt, reap } from "./lua/takeover.js";
import { isRefusal, isReply } from "./reply-error.js";
import { assertSupported } from "./requirement.js";
import { takeStrays } from "./stray-finder.js";

const SWEEP_PAGE = 500;

export interface MembershipParts {
  readonly keys: StreamKeys;
  readonly settle: Connection;
  readonly source: EntrySource;
  readonly heartbeat: Heartbeat;
  readonly log: Log;
  readonly leaseMs: number;
  /** These end its waits for a connection. */
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
  readonly #types: HandledTypes;
  readonly #parts: MembershipParts;
  #isSupported = false;
  /** The lapses of the heartbeat that `lapsed` has reported. */
  #lapses = 0;

  constructor({ group, consumer, redriven, handles }: MemberPlace, parts: MembershipParts) {
    this.stream = parts.keys.stream;
    this.group = group;
    this.consumer = consumer;
    this.redriven = redriven;
    this.handles = handles;
    this.log = parts.log;
    this.#types = new HandledTypes(consumer, handles);
    this.#parts = parts;
  }

  async join(startFrom: "all" | "new"): Promise<Joined> {
    const { keys, settle, heartbeat, signals } = this.#parts;
    const client = await settle.ready(signals.reading);
    if (!this.#isSupported) await assertSupported(client, settle.address);
    this.#isSupported = true;
    const start = startFrom === "new" ? "$" : "0";
    const found = await ensureGroup.run(client, [keys.stream, keys.floor, keys.groups], [this.group, start, YOUNG_MS]);
    if (typeof found === "number") return { retryInMs: found };
    await this.#enrol(client);
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
    if (!lapsed && lapses === this.#lapses) return false;
    this.#lapses = lapses;
    return true;
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
    if (retried.length === 0) {
      await client.xack(keys.stream, this.group, ...ids);
      return;
    }
    const others = ids.filter((id) => !retried.includes(id));
    await acknowledge.run(client, [keys.stream, keys.errors], [this.group, retried.length, ...retried, ...others]);
  }

  get receives(): boolean {
    return this.#types.receives;
  }

  acknowledgeUnhandled(unhandled: readonly Unhandled[], ids: readonly string[]): Promise<readonly Unhandled[]> {
    // When the group is gone, nothing is acknowledged: the entries are delivered again.
    return this.#unlessGone(undefined, [], async (client) => {
      for (let others = ids; ; others = []) {
        const free = unhandled.filter(({ type }) => !this.#types.isHandledElsewhere(type));
        const given = unhandled.filter(({ type }) => this.#types.isHandledElsewhere(type));
        if (await this.#settleUnhandled(client, given, free, others)) return free;
      }
    });
  }

  handOver(unhandled: Unhandled): Promise<boolean> {
    return this.#unlessGone(undefined, true, async (client) => {
      for (;;) {
        const isHandled = this.#types.isHandledElsewhere(unhandled.type);
        // With nothing to hand over it only confirms that nobody handles the type.
        if (await this.#settleUnhandled(client, isHandled ? [unhandled] : [], [], [])) return isHandled;
      }
    });
  }

  async refuse(given: Answer, unhandled: Unhandled): Promise<{ isHandedOver: boolean; error?: unknown }> {
    for (;;) {
      if (this.#types.isHandledElsewhere(unhandled.type) && (await this.handOver(unhandled))) {
        return { isHandedOver: true };
      }
      const client = await this.#parts.settle.ready();
      const reply = await this.#answer(client, given, unhandled.id, this.#types.version);
      if (!Array.isArray(reply)) return { isHandedOver: false, error: reply };
      await this.#learn(client, reply);
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
    if (settle.isReady) return this.#answer(settle.client, given, id);
    return settle.ready().then((client) => this.#answer(client, given, id));
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

  release(count: number): Promise<Released> {
    const { keys, signals } = this.#parts;
    const scriptKeys = [keys.stream, keys.retry, keys.errors, keys.types, keys.handover];
    const none = { deliveries: [], nextMs: -1, areHandedOver: false, isOutdated: false };
    return this.#unlessGone(signals.reading, none, async (client) => {
      const reply = await release.run(client, scriptKeys, [this.group, this.consumer, count]);
      const [released, nextMs, handedOver, version] = reply;
      const isOutdated = version !== this.#types.version;
      return { deliveries: released.map(deliveryOf), nextMs, areHandedOver: handedOver > 0, isOutdated };
    });
  }

  receive(count: number, most: number): Promise<HandedOver> {
    const { keys, signals } = this.#parts;
    const scriptKeys = [keys.stream, keys.errors, keys.types, keys.handover];
    return this.#unlessGone(signals.reading, { deliveries: [], suspects: [], areMore: false }, async (client) => {
      const args = [this.group, this.consumer, count, most];
      const [taken, suspects, more] = await takeHandedOver.run(client, scriptKeys, args);
      return { deliveries: taken.map(deliveryOf), suspects, areMore: more === 1 };
    });
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
    const reapKeys = [keys.stream, keys.alive, keys.types];
    const command = async (client: Client) => (await reap.run(client, reapKeys, args)) ?? undefined;
    return this.#unlessGone(signals.reading, undefined, command);
  }

  async enrol(beats?: ReadonlyMap<string, string>): Promise<void> {
    // It has not joined yet.
    if (this.#types.version === "") return;
    const { keys, settle, signals } = this.#parts;
    const client = await settle.ready(signals.reading);
    if (beats !== undefined && this.#types.isSettled(beats)) {
      const [version, record] = await client.hmget(keys.types, "version", this.consumer);
      if (version === this.#types.version && record === this.#types.record) return;
    }
    await this.#enrol(client);
  }

  async state(): Promise<GroupState> {
    const { keys, settle } = this.#parts;
    const client = await settle.ready();
    const [groups, oldest, parked, deadLetters, [seconds]] = await Promise.all([
      client.xinfo("GROUPS", this.stream).catch(() => []) as Promise<unknown[][]>,
      client.xpending(this.stream, this.group, "-", "+", 1).catch(() => []) as Promise<[string][]>,
      client.zcard(keys.retry),
      client.xlen(keys.dead),
      client.time(),
    ]);
    const own = groups.find((info) => field(info, "name") === this.group) ?? [];
    const age = oldest[0] === undefined ? 0 : Number(seconds) - addedAt(oldest[0][0]) / 1000;
    return {
      lag: (field(own, "lag") ?? null) as number | null,
      pending: Number(field(own, "pending") ?? 0),
      oldestPendingSeconds: Math.max(0, Math.round(age * 1000) / 1000),
      parked,
      deadLetters,
    };
  }

  /** Resolves to `undefined`, to the error with which Redis refuses it, or to the handled types if they have changed. */
  async #answer(client: Client, given: Answer, id: string, version?: string): Promise<unknown> {
    const { stream, commandId, text, keepMs, replyTo } = given;
    const { keys } = this.#parts;
    const scriptKeys = [answerKey(stream, commandId), keys.stream, keys.errors];
    const args = [text, keepMs, replyTo, this.group, id];
    try {
      if (version === undefined) return (await answer.run(client, scriptKeys, args)) ?? undefined;
      return (await answer.run(client, [...scriptKeys, keys.types], [...args, version])) ?? undefined;
    } catch (error) {
      if (isReply(error, "NOGROUP")) return undefined;
      if (isRefusal(error)) return error;
      throw error;
    }
  }

  /** Resolves to `false` when the handled types have changed, so that it has to be decided again what to do. */
  async #settleUnhandled(
    client: Client,
    given: readonly Unhandled[],
    free: readonly Unhandled[],
    others: readonly string[],
  ): Promise<boolean> {
    const { stream, errors, types, handover } = this.#parts.keys;
    const counts = [others.length, free.length];
    const members = given.flatMap((each) => [each.id, handoverMember(each)]);
    const args = [this.group, this.consumer, this.#types.version, ...counts, ...others, ...free.map(({ id }) => id)];
    const changed = await settleUnhandled.run(client, [stream, errors, types, handover], [...args, ...members]);
    if (changed === null) return true;
    await this.#learn(client, changed);
    return false;
  }

  async #learn(client: Client, reply: readonly string[]): Promise<void> {
    if (!this.#types.learn(reply)) await this.#enrol(client);
  }

  async #enrol(client: Client): Promise<void> {
    const { keys, leaseMs } = this.#parts;
    const args = [this.consumer, this.#types.record, randomUUID(), leaseMs, this.#types.version === "" ? "" : "again"];
    this.#types.learn(await enrol.run(client, [keys.types, keys.alive], args));
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

function deliveryOf([id, fields, attempt]: ReleasedEntry): Delivery {
  return { id, fields, attempt };
}
