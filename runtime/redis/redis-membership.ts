import { YOUNG_MS } from "../broker/broker.js";
import type { Answer, Delivery, Take } from "../broker/delivery.js";
import { addedAt } from "../broker/entry-id.js";
import type { Log } from "../broker/log.js";
import type { GroupState, Holder, Joined, MemberPlace, MemberSignals, Membership } from "../broker/membership.js";
import type { Client, Connection } from "./connection.js";
import type { EntrySource } from "./entry-source.js";
import type { Heartbeat } from "./heartbeat.js";
import { answerKey, PARKED, type StreamKeys } from "./keys.js";
import { answer } from "./lua/answer.js";
import { ensureGroup, leave } from "./lua/group.js";
import { note, park, release, sweep } from "./lua/retry.js";
import { acknowledge, bury } from "./lua/settlement.js";
import { adopt, reap } from "./lua/takeover.js";
import { field, isRefusal, isReply } from "./reply.js";
import { assertSupported } from "./requirement.js";
import { takeStrays } from "./stray-finder.js";

const SWEEP_PAGE = 500;

export interface MembershipParts {
  readonly keys: StreamKeys;
  readonly settle: Connection;
  readonly source: EntrySource;
  readonly heartbeat: Heartbeat;
  readonly log: Log;
  readonly signals: MemberSignals;
}

/** A consumer of a Redis consumer group: the one place where the scripts that settle entries are called. */
export class RedisMembership implements Membership {
  readonly stream: string;
  readonly group: string;
  readonly consumer: string;
  readonly redriven: boolean;
  readonly log: Log;
  readonly #parts: MembershipParts;
  #isSupported = false;
  #lapses = 0;

  constructor({ group, consumer, redriven }: MemberPlace, parts: MembershipParts) {
    this.stream = parts.keys.stream;
    this.group = group;
    this.consumer = consumer;
    this.redriven = redriven;
    this.log = parts.log;
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
    await heartbeat.renew(settle);
    return { createdFrom: found ?? undefined };
  }

  async leave(unbegun: readonly string[]): Promise<void> {
    const { keys, settle } = this.#parts;
    if (!settle.isReady) return;
    const args = [this.group, this.consumer, ...unbegun];
    // After a failure, the member that takes over gets the entries a lease later.
    await leave.run(settle.client, [keys.stream, keys.retry, keys.alive], args).catch(() => {});
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

  answer({ stream, commandId, text, keepMs, replyTo }: Answer, id: string): Promise<unknown> {
    const { keys, settle } = this.#parts;
    const answerKeys = [answerKey(stream, commandId), keys.stream, keys.errors];
    const send = (client: Client): Promise<unknown> =>
      answer.run(client, answerKeys, [text, keepMs, replyTo, this.group, id]).then(
        () => undefined,
        (error: unknown) => {
          if (isReply(error, "NOGROUP")) return undefined;
          if (isRefusal(error)) return error;
          throw error;
        },
      );
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

  release(count: number): Promise<{ readonly deliveries: readonly Delivery[]; readonly nextMs: number }> {
    const { keys, signals } = this.#parts;
    const scriptKeys = [keys.stream, keys.retry, keys.errors];
    return this.#unlessGone(signals.reading, { deliveries: [], nextMs: -1 }, async (client) => {
      const [released, nextMs] = await release.run(client, scriptKeys, [this.group, this.consumer, count]);
      return { deliveries: released.map(([id, fields, attempt]) => ({ id, fields, attempt })), nextMs };
    });
  }

  sweep(): Promise<void> {
    const { keys, signals } = this.#parts;
    return this.#unlessGone(signals.reading, undefined, async (client) => {
      for (let after: string | null = "-"; after !== null; ) {
        after = await sweep.run(client, [keys.stream, keys.retry], [this.group, after, SWEEP_PAGE]);
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
        .filter(({ name }) => name !== this.consumer && name !== PARKED && !beating.has(name));
    });
  }

  takeOver(consumer: string, beat: string, most: number): Promise<readonly string[] | undefined> {
    const { keys, signals } = this.#parts;
    const args = [this.group, this.consumer, consumer, beat, most];
    const command = async (client: Client) => (await reap.run(client, [keys.stream, keys.alive], args)) ?? undefined;
    return this.#unlessGone(signals.reading, undefined, command);
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
