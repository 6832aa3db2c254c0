import type { Answer, Delivery, Outcome } from "../broker/delivery.js";
import { typeOf } from "../contract/codec.js";
import { describeFailure } from "../handle/failure.js";
import type { Timer } from "../time/clock.js";
import type { Alarm } from "./alarm.js";
import { labelsOf } from "./dead-letter.js";
import type { ConsumerParts } from "./parts.js";

const MOST_ACKS = 100;
const ACK_DELAY_MS = 5;

/**
 * Settles deliveries by their outcomes: acknowledges, answers, parks, or moves to the dead letters. Acknowledgements
 * are gathered to a hundred or for five milliseconds, or until the consumer is idle; an entry counts as in flight until
 * its settlement is confirmed. Without a connection each settlement is repeated until there is one: an entry that is
 * never settled is redelivered.
 */
export class Settler {
  readonly #parts: ConsumerParts;
  readonly #alarm: Alarm;
  readonly #settled: (id: string) => void;
  readonly #ackBatch: number;
  #acks: string[] = [];
  /** Those of them that failed before: the errors recorded for them are deleted, too. */
  #retried: string[] = [];
  #timer: Timer | undefined;
  #resting = false;
  #underWay = new Set<Promise<void>>();

  /**
   * @param alarm - rings when a parked entry is due
   * @param settled - called when the settlement of an entry is confirmed
   */
  constructor(parts: ConsumerParts, alarm: Alarm, settled: (id: string) => void) {
    this.#parts = parts;
    this.#alarm = alarm;
    this.#settled = settled;
    // With low concurrency an entry that waits for its acknowledgement keeps the next one from being read.
    this.#ackBatch = Math.min(MOST_ACKS, parts.config.concurrency);
  }

  settle(delivery: Delivery, outcome: Outcome): void {
    switch (outcome.kind) {
      case "done":
        if (outcome.answer === undefined) this.#acknowledge(delivery);
        else this.#answer(delivery, outcome.answer);
        return;
      case "retry":
        this.#park(delivery, outcome.delayMs, outcome.error);
        return;
      case "dead":
        this.#bury(delivery, outcome.error, outcome.answer);
    }
  }

  /** The consumer is idle: acknowledgements need not wait for more. */
  rest(): void {
    if (this.#acks.length === 0 || this.#resting) return;
    this.#resting = true;
    setImmediate(() => {
      this.#resting = false;
      this.#sendAcks();
    });
  }

  /** Records a failed attempt of an entry that this consumer keeps. */
  async recordFailure(id: string, thrown: unknown): Promise<void> {
    const failure = JSON.stringify(describeFailure(thrown));
    await this.#repeat([], () => this.#parts.membership.recordFailure(id, failure));
  }

  /** Resolves when every settlement that is to be sent now is confirmed. */
  async flushed(): Promise<void> {
    this.#sendAcks();
    await Promise.all(this.#underWay);
  }

  /** Resolves when nothing is left to settle, or settling has ended. */
  async drained(): Promise<void> {
    do await this.flushed();
    while (this.#underWay.size > 0);
  }

  /**
   * Acknowledges without asking to whom the entry belongs now: it was handled, so removing it from the pending list of
   * another consumer can only save a duplicate.
   */
  #acknowledge({ id, attempt }: Delivery): void {
    this.#acks.push(id);
    if (attempt > 1) this.#retried.push(id);
    if (this.#acks.length >= this.#ackBatch) this.#sendAcks();
    else this.#timer ??= this.#parts.clock.after(ACK_DELAY_MS, () => this.#sendAcks());
  }

  #sendAcks(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const ids = this.#acks;
    if (ids.length === 0) return;
    const retried = this.#retried;
    this.#acks = [];
    this.#retried = [];
    this.#start(ids, () => this.#parts.membership.acknowledge(ids, retried));
  }

  /** Repeated until Redis is back: a command that ran must not run again because its answer could not be sent at once. */
  #answer(delivery: Delivery, answer: Answer): void {
    let refused: unknown;
    this.#start([], async () => {
      refused = await this.#parts.membership.answer(answer, delivery.id);
      // Nobody receives the answer, so the dead letter says why.
      if (refused === undefined) this.#settled(delivery.id);
      else this.#bury(delivery, refused, undefined);
    });
  }

  #park({ id }: Delivery, delayMs: number, thrown: unknown): void {
    const failure = JSON.stringify(describeFailure(thrown));
    this.#start([id], () => this.#parts.membership.park(id, delayMs, failure));
    this.#alarm.ringIn(delayMs + 5);
  }

  /** The sender of a command is answered before its entry is moved. */
  #bury(delivery: Delivery, error: unknown, answer: Answer | undefined): void {
    const { id, fields, attempt } = delivery;
    const failure = describeFailure(error);
    const reason = failure.code ?? failure.name;
    const record = { ...labelsOf(fields ?? []), service: this.#parts.config.service, failed_at: failure.at, reason };
    this.#start([id], async () => {
      if (answer !== undefined) await this.#parts.membership.answer(answer, "");
      await this.#parts.membership.bury(id, JSON.stringify(failure), record);
    });
    const { stream, group } = this.#parts.membership;
    const type = fields === null ? undefined : typeOf(fields);
    this.#parts.hooks.emit("deadLettered", { stream, group, entryId: id, type, attempt, error });
  }

  #start(ids: readonly string[], work: () => Promise<void>): void {
    const done = this.#repeat(ids, work).finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
  }

  async #repeat(ids: readonly string[], work: () => Promise<void>): Promise<void> {
    for (let failures = 0; ; failures++) {
      try {
        await work();
        break;
      } catch (error) {
        if (!(await this.#parts.settling.afterFailure(failures, "settling", error))) return;
      }
    }
    for (const id of ids) this.#settled(id);
  }
}
