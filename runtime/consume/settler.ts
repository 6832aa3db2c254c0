import type { Redis } from "ioredis";
import type { Answer, Delivery } from "../broker/delivery.js";
import type { Member } from "../broker/member.js";
import type { Config } from "../config/config.js";
import { describeFailure } from "../handle/failure.js";
import type { Connection } from "../redis/connection.js";
import { acknowledge } from "../redis/lua/acknowledge.js";
import { answer } from "../redis/lua/answer.js";
import { bury } from "../redis/lua/bury.js";
import { note } from "../redis/lua/note.js";
import { park } from "../redis/lua/park.js";
import { isRefusal } from "../redis/reply-error.js";
import type { Pause } from "../time/pause.js";
import { labelsOf } from "./dead-letter.js";

const MOST_ACKS = 100;
const ACK_DELAY_MS = 5;

/**
 * Tells Redis how deliveries ended. Acknowledgements are gathered to a hundred or five milliseconds, or until nothing
 * else is in hand; until one is confirmed its entry counts as in flight. When the connection is away, each is tried again
 * until it is back: an entry that is never settled comes again.
 */
export class Settler {
  readonly #member: Member;
  readonly #service: string;
  readonly #ackBatch: number;
  readonly #connection: Connection;
  readonly #onSettled: (id: string) => void;
  readonly #pause: Pause;
  #acks: string[] = [];
  /** Of those, the ones that failed before: the errors kept for them go too. */
  #retried: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #resting = false;
  #underWay = new Set<Promise<void>>();

  constructor(
    member: Member,
    config: Pick<Config, "service" | "concurrency">,
    connection: Connection,
    pause: Pause,
    onSettled: (id: string) => void,
  ) {
    this.#member = member;
    this.#service = config.service;
    // With few at once an entry that waits for its acknowledgement keeps the next from being read.
    this.#ackBatch = Math.min(MOST_ACKS, config.concurrency);
    this.#connection = connection;
    this.#pause = pause;
    this.#onSettled = onSettled;
  }

  /**
   * Acknowledges a handled entry. Plain XACK, without asking who owns it now: the entry *was* handled, so taking it
   * out of another consumer's pending list can only save a duplicate.
   */
  ack(id: string, attempt: number): void {
    this.#acks.push(id);
    if (attempt > 1) this.#retried.push(id);
    if (this.#acks.length >= this.#ackBatch) this.#sendAcks();
    else this.#timer ??= setTimeout(() => this.#sendAcks(), ACK_DELAY_MS);
  }

  /** Nothing else is in hand: what has been gathered need not wait for more. */
  rest(): void {
    if (this.#acks.length === 0 || this.#resting) return;
    this.#resting = true;
    setImmediate(() => {
      this.#resting = false;
      this.#sendAcks();
    });
  }

  /** Lays a failed entry aside until its retry is due, if it is still this consumer's. */
  park(id: string, delayMs: number, thrown: unknown): void {
    const { keys, group, consumer } = this.#member;
    const error = JSON.stringify(describeFailure(thrown));
    this.#settle([id], async () => {
      const client = await this.#connection.ready();
      await park.run(client, [keys.stream, keys.retry, keys.errors], [group, consumer, id, Math.ceil(delayMs), error]);
    });
  }

  /**
   * Answers a command that was handled and acknowledges it, in one step. It is tried until Redis is back: a command
   * that ran must not run again because its answer could not leave at once.
   *
   * @param refused - called when Redis will not have it sent: whoever waits hears nothing, and somebody must know why
   */
  answer(id: string, answered: Answer, refused: (error: unknown) => void): void {
    this.#settle([], () =>
      this.#send(answered, id).then(
        () => this.#onSettled(id),
        (error: unknown) => {
          if (!isRefusal(error)) throw error;
          refused(error);
        },
      ),
    );
  }

  /** Moves an entry to the dead letters, if it is still this consumer's, and before that answers whoever waits. */
  bury({ id, fields }: Delivery, thrown: unknown, answered: Answer | undefined): void {
    const { keys, group, consumer } = this.#member;
    const service = this.#service;
    const error = describeFailure(thrown);
    const record = { ...labelsOf(fields ?? []), service, failed_at: error.at, reason: error.code ?? error.name };
    this.#settle([id], async () => {
      if (answered !== undefined) await this.#send(answered, "").catch(unlessRefused);
      const client = await this.#connection.ready();
      await bury.run(
        client,
        [keys.stream, keys.dead, keys.retry, keys.errors],
        [group, consumer, id, JSON.stringify(error), ...Object.entries(record).flat()],
      );
    });
  }

  /** Notes a failed attempt of an entry that is kept in hand. */
  async note(id: string, thrown: unknown): Promise<void> {
    const error = JSON.stringify(describeFailure(thrown));
    await this.#tell([], async () => {
      await note.run(await this.#connection.ready(), [this.#member.keys.errors], [id, error]);
    });
  }

  /** Resolves when everything that is to be told now has been told. */
  async flushed(): Promise<void> {
    this.#sendAcks();
    await Promise.all(this.#underWay);
  }

  /** Resolves when nothing is left to be told, or it cannot be because the pause has ended. */
  async drained(): Promise<void> {
    do await this.flushed();
    while (this.#underWay.size > 0);
  }

  #sendAcks(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const ids = this.#acks;
    if (ids.length === 0) return;
    this.#acks = [];
    const retried = this.#retried;
    this.#retried = [];
    const others = retried.length === 0 ? ids : ids.filter((id) => !retried.includes(id));
    const { keys, group } = this.#member;
    this.#settle(ids, async () => {
      const client = await this.#connection.ready();
      if (retried.length === 0) await client.xack(keys.stream, group, ...ids);
      else await acknowledge.run(client, [keys.stream, keys.errors], [group, retried.length, ...retried, ...others]);
    });
  }

  #send({ key, text, keepMs, replyTo }: Answer, acknowledged: string): Promise<unknown> {
    const { keys, group } = this.#member;
    const send = (client: Redis): Promise<number> =>
      answer.run(client, [key, keys.stream, keys.errors], [text, keepMs, replyTo, group, acknowledged]);
    return this.#connection.isReady ? send(this.#connection.client) : this.#connection.ready().then(send);
  }

  #settle(ids: readonly string[], tell: () => Promise<void>): void {
    const told = this.#tell(ids, tell).finally(() => this.#underWay.delete(told));
    this.#underWay.add(told);
  }

  async #tell(ids: readonly string[], tell: () => Promise<void>): Promise<void> {
    for (let failures = 0; ; failures++) {
      try {
        await tell();
        break;
      } catch (error) {
        // The group or the stream is gone: nothing is pending any more, so nothing is left to settle.
        if (error instanceof Error && error.message.startsWith("NOGROUP")) break;
        if (!(await this.#pause.afterFailure(failures, "settling", error))) return;
      }
    }
    for (const id of ids) this.#onSettled(id);
  }
}

function unlessRefused(error: unknown): void {
  if (!isRefusal(error)) throw error;
}
