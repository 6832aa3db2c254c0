import { YOUNG_MS } from "../broker/broker.js";
import type { Answer, Delivery, Take } from "../broker/delivery.js";
import { addedAt } from "../broker/entry-id.js";
import type { Log } from "../broker/log.js";
import type { GroupState, Holder, Joined, MemberPlace, Membership } from "../broker/membership.js";
import type { Client, Connection } from "./connection.js";
import type { EntrySource } from "./entry-source.js";
import type { Heartbeat } from "./heartbeat.js";
import { field } from "./info.js";
import { answerKey, PARKED, type StreamKeys } from "./keys.js";
import { acknowledge } from "./lua/acknowledge.js";
import { adopt } from "./lua/adopt.js";
import { answer } from "./lua/answer.js";
import { bury } from "./lua/bury.js";
import { ensureGroup } from "./lua/ensure-group.js";
import { leave } from "./lua/leave.js";
import { note } from "./lua/note.js";
import { park } from "./lua/park.js";
import { reap } from "./lua/reap.js";
import { release } from "./lua/release.js";
import { sweep } from "./lua/sweep.js";
import { isGroupMissing, isRefusal } from "./reply-error.js";
import { assertSupported } from "./requirement.js";
import { takeStrays } from "./stray-finder.js";

const SWEEP_PAGE = 500;

/** What a membership works with. */
export interface MembershipParts {
  readonly keys: StreamKeys;
  readonly settle: Connection;
  readonly source: EntrySource;
  readonly heartbeat: Heartbeat;
  readonly log: Log;
  /** Ends its waiting for a connection, while it reads and while it settles. */
  readonly reading: AbortSignal;
  readonly settling: AbortSignal;
}

/** A consumer of a Redis consumer group: the one place where the scripts that settle entries are called. */
export class RedisMembership implements Membership {
  readonly stream: string;
  readonly group: string;
  readonly consumer: string;
  readonly redriven: boolean;
  readonly log: Log;
  readonly #keys: StreamKeys;
  readonly #settle: Connection;
  readonly #source: EntrySource;
  readonly #heartbeat: Heartbeat;
  readonly #reading: AbortSignal;
  readonly #settling: AbortSignal;
  #isSupported = false;
  /** How many lapses of the heartbeat have been told. */
  #lapses = 0;

  constructor({ group, consumer, redriven }: MemberPlace, parts: MembershipParts) {
    this.#keys = parts.keys;
    this.stream = parts.keys.stream;
    this.group = group;
    this.consumer = consumer;
    this.redriven = redriven;
    this.log = parts.log;
    this.#settle = parts.settle;
    this.#source = parts.source;
    this.#heartbeat = parts.heartbeat;
    this.#reading = parts.reading;
    this.#settling = parts.settling;
  }

  async join(startFrom: "all" | "new"): Promise<Joined> {
    const { stream, floor, groups } = this.#keys;
    const client = await this.#settle.ready(this.#reading);
    if (!this.#isSupported) await assertSupported(client, this.#settle.address);
    this.#isSupported = true;
    const start = startFrom === "new" ? "$" : "0";
    const found = await ensureGroup.run(client, [stream, floor, groups], [this.group, start, YOUNG_MS]);
    if (typeof found === "number") return { retryInMs: found };
    await this.#heartbeat.renew(this.#settle);
    return { createdFrom: found ?? undefined };
  }

  async leave(unbegun: readonly string[]): Promise<void> {
    if (!this.#settle.isReady) return;
    const { stream, retry, alive } = this.#keys;
    await leave
      .run(this.#settle.client, [stream, retry, alive], [this.group, this.consumer, ...unbegun])
      // Whoever takes over from it does the same, a lease later.
      .catch(() => {});
  }

  lapsed(): boolean {
    const { lapsed, lapses } = this.#heartbeat;
    if (!lapsed && lapses === this.#lapses) return false;
    this.#lapses = lapses;
    return true;
  }

  read(count: number, take: Take): Promise<void> {
    return this.#source.read(count, take);
  }

  interrupt(): Promise<void> {
    return this.#source.interrupt(this.#settle);
  }

  async takeStrays(holder: Holder): Promise<void> {
    const client = await this.#settle.ready(this.#reading);
    await takeStrays(client, this, holder);
  }

  async acknowledge(ids: readonly string[], retried: readonly string[]): Promise<void> {
    const { stream, errors } = this.#keys;
    const client = await this.#settle.ready();
    if (retried.length === 0) {
      await client.xack(stream, this.group, ...ids);
      return;
    }
    const others = ids.filter((id) => !retried.includes(id));
    await acknowledge.run(client, [stream, errors], [this.group, retried.length, ...retried, ...others]);
  }

  async park(id: string, delayMs: number, failure: string): Promise<void> {
    const { stream, retry, errors } = this.#keys;
    const args = [this.group, this.consumer, id, Math.ceil(delayMs), failure];
    await unlessMissing(undefined, async () => park.run(await this.#settle.ready(), [stream, retry, errors], args));
  }

  async bury(id: string, failure: string, record: Readonly<Record<string, string>>): Promise<void> {
    const { stream, dead, retry, errors } = this.#keys;
    const args = [this.group, this.consumer, id, failure, ...Object.entries(record).flat()];
    await unlessMissing(null, async () => bury.run(await this.#settle.ready(), [stream, dead, retry, errors], args));
  }

  answer({ stream, commandId, text, keepMs, replyTo }: Answer, id: string): Promise<unknown> {
    const keys = [answerKey(stream, commandId), this.stream, this.#keys.errors];
    const send = (client: Client): Promise<unknown> =>
      answer.run(client, keys, [text, keepMs, replyTo, this.group, id]).then(
        () => undefined,
        (error: unknown) => {
          if (isGroupMissing(error)) return undefined;
          if (isRefusal(error)) return error;
          throw error;
        },
      );
    return this.#settle.isReady ? send(this.#settle.client) : this.#settle.ready().then(send);
  }

  async recordFailure(id: string, failure: string): Promise<void> {
    await note.run(await this.#settle.ready(), [this.#keys.errors], [id, failure]);
  }

  async adopt(id: string): Promise<Delivery | undefined> {
    return unlessMissing(undefined, async () => {
      const client = await this.#settle.ready(this.#settling);
      const adopted = await adopt.run(client, [this.stream], [this.group, this.consumer, id]);
      return adopted === null ? undefined : { id, fields: adopted[0], attempt: adopted[1] };
    });
  }

  async release(count: number): Promise<{ readonly deliveries: readonly Delivery[]; readonly nextMs: number }> {
    const { stream, retry, errors } = this.#keys;
    return unlessMissing({ deliveries: [], nextMs: -1 }, async () => {
      const client = await this.#settle.ready(this.#reading);
      const [released, nextMs] = await release.run(client, [stream, retry, errors], [this.group, this.consumer, count]);
      return { deliveries: released.map(([id, fields, attempt]) => ({ id, fields, attempt })), nextMs };
    });
  }

  async sweep(): Promise<void> {
    const { stream, retry } = this.#keys;
    await unlessMissing(undefined, async () => {
      const client = await this.#settle.ready(this.#reading);
      for (let after: string | null = "-"; after !== null; ) {
        after = await sweep.run(client, [stream, retry], [this.group, after, SWEEP_PAGE]);
      }
    });
  }

  async heartbeats(): Promise<{ readonly session: number; readonly beats: ReadonlyMap<string, string> }> {
    const client = await this.#settle.ready(this.#reading);
    const { session } = this.#settle;
    const reply = await client.zrange(this.#keys.alive, "0", "-1", "WITHSCORES");
    const beats = new Map<string, string>();
    for (let at = 0; at < reply.length; at += 2) beats.set(reply[at] as string, reply[at + 1] as string);
    return { session, beats };
  }

  async foreigners(
    beating: ReadonlyMap<string, string>,
  ): Promise<{ readonly name: string; readonly idleMs: number }[]> {
    return unlessMissing([], async () => {
      const client = await this.#settle.ready(this.#reading);
      const members = (await client.xinfo("CONSUMERS", this.stream, this.group)) as unknown[][];
      return members
        .map((member) => ({ name: String(field(member, "name")), idleMs: Number(field(member, "idle")) }))
        .filter(({ name }) => name !== this.consumer && name !== PARKED && !beating.has(name));
    });
  }

  async takeOver(consumer: string, beat: string, most: number): Promise<readonly string[] | undefined> {
    return unlessMissing(undefined, async () => {
      const client = await this.#settle.ready(this.#reading);
      const args = [this.group, this.consumer, consumer, beat, most];
      return (await reap.run(client, [this.stream, this.#keys.alive], args)) ?? undefined;
    });
  }

  async state(): Promise<GroupState> {
    const client = await this.#settle.ready();
    const [groups, oldest, parked, deadLetters, [seconds]] = await Promise.all([
      client.xinfo("GROUPS", this.stream).catch(() => []) as Promise<unknown[][]>,
      client.xpending(this.stream, this.group, "-", "+", 1).catch(() => []) as Promise<[string][]>,
      client.zcard(this.#keys.retry),
      client.xlen(this.#keys.dead),
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
}

/** The group or its stream is gone: nothing is pending in it, so there is nothing to do. */
async function unlessMissing<Result>(otherwise: Result, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (isGroupMissing(error)) return otherwise;
    throw error;
  }
}
