import type { Answer, Delivery, Outcome } from "../broker/delivery.js";
import type { Membership } from "../broker/membership.js";
import type { Config } from "../config/config.js";
import { typeOf } from "../contract/codec.js";
import { describeFailure } from "../handle/failure.js";
import type { HookBus } from "../messaging/hooks.js";
import type { Clock, Timer } from "../time/clock.js";
import type { Pause } from "../time/pause.js";
import type { Alarm } from "./alarm.js";
import { labelsOf } from "./dead-letter.js";

const MOST_ACKS = 100;
const ACK_DELAY_MS = 5;

/** What a settler works with. */
export interface SettlerParts {
  /** Rings when a parked entry is due. */
  readonly alarm: Alarm;
  /** Waits between attempts until the consumer settles no more. */
  readonly pause: Pause;
  readonly clock: Clock;
  readonly hooks: HookBus;
}

/**
 * Settles deliveries by their outcomes: acknowledges, answers, parks, or moves to the dead letters. Acknowledgements
 * are gathered to a hundred or for five milliseconds, or until the consumer is idle; an entry counts as in flight until
 * its settlement is confirmed. Without a connection each settlement is repeated until there is one: an entry that is
 * never settled is redelivered.
 */
export class Settler {
  readonly #membership: Membership;
  readonly #service: string;
  readonly #ackBatch: number;
  readonly #alarm: Alarm;
  readonly #pause: Pause;
  readonly #clock: Clock;
  readonly #hooks: HookBus;
  readonly #settled: (id: string) => void;
  #acks: string[] = [];
  /** Those of them that failed before: the errors recorded for them are deleted, too. */
  #retried: string[] = [];
  #timer: Timer | undefined;
  #resting = false;
  #underWay = new Set<Promise<void>>();

  /** @param settled - called when the settlement of an entry is confirmed */
  constructor(
    membership: Membership,
    config: Pick<Config, "service" | "concurrency">,
    { alarm, pause, clock, hooks }: SettlerParts,
    settled: (id: string) => void,
  ) {
    this.#membership = membership;
    this.#service = config.service;
    // With low concurrency an entry that waits for its acknowledgement keeps the next one from being read.
    this.#ackBatch = Math.min(MOST_ACKS, config.concurrency);
    this.#alarm = alarm;
    this.#pause = pause;
    this.#clock = clock;
    this.#hooks = hooks;
    this.#settled = settled;
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
    await this.#repeat([], () => this.#membership.recordFailure(id, failure));
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
    else this.#timer ??= this.#clock.after(ACK_DELAY_MS, () => this.#sendAcks());
  }

  #sendAcks(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const ids = this.#acks;
    if (ids.length === 0) return;
    const retried = this.#retried;
    this.#acks = [];
    this.#retried = [];
    this.#start(ids, () => this.#membership.acknowledge(ids, retried));
  }

  /** Repeated until Redis is back: a command that ran must not run again because its answer could not be sent at once. */
  #answer(delivery: Delivery, answer: Answer): void {
    let refused: unknown;
    this.#start([], async () => {
      refused = await this.#membership.answer(answer, delivery.id);
      // Nobody receives the answer, so the dead letter says why.
      if (refused === undefined) this.#settled(delivery.id);
      else this.#bury(delivery, refused, undefined);
    });
  }

  #park({ id }: Delivery, delayMs: number, thrown: unknown): void {
    const failure = JSON.stringify(describeFailure(thrown));
    this.#start([id], () => this.#membership.park(id, delayMs, failure));
    this.#alarm.ringIn(delayMs + 5);
  }

  /** The sender of a command is answered before its entry is moved. */
  #bury(delivery: Delivery, error: unknown, answer: Answer | undefined): void {
    const { id, fields, attempt } = delivery;
    const failure = describeFailure(error);
    const reason = failure.code ?? failure.name;
    const record = { ...labelsOf(fields ?? []), service: this.#service, failed_at: failure.at, reason };
    this.#start([id], async () => {
      if (answer !== undefined) await this.#membership.answer(answer, "");
      await this.#membership.bury(id, JSON.stringify(failure), record);
    });
    const { stream, group } = this.#membership;
    const type = fields === null ? undefined : typeOf(fields);
    this.#hooks.emit("deadLettered", { stream, group, entryId: id, type, attempt, error });
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
        if (!(await this.#pause.afterFailure(failures, "settling", error))) return;
      }
    }
    for (const id of ids) this.#settled(id);
  }
}
