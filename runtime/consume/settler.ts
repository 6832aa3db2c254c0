import type { Answer, Delivery, Outcome, Unhandled } from "../broker/delivery.js";
import { type FlatFields, textReader, typeOf } from "../contract/codec.js";
import { describeFailure } from "../handle/failure.js";
import type { HookEvents } from "../messaging/hooks.js";
import type { Timer } from "../time/clock.js";
import type { ConsumerParts } from "./parts.js";

const MOST_ACKS = 100;
const ACK_DELAY_MS = 5;
const LONGEST_LABEL = 200;

/**
 * Settles deliveries by their outcomes: acknowledges, answers, parks, hands over, or moves to the dead letters. Acknowledgements
 * are gathered up to a hundred or for five milliseconds, or until the consumer is idle. Without a connection each
 * settlement is repeated until there is one. An entry that is never settled is redelivered.
 */
export class Settler {
  readonly #parts: ConsumerParts;
  readonly #settled: (id: string) => void;
  readonly #ackBatch: number;
  #acks: string[] = [];
  /** Those of them that failed before: the errors recorded for them are deleted, too. */
  #retried: string[] = [];
  /** Entries whose type is not handled here. They are acknowledged with the others if no member handles it. */
  #unhandled: Unhandled[] = [];
  #timer: Timer | undefined;
  #resting = false;
  readonly #underWay = new Set<Promise<unknown>>();
  /** Ends the wait for a parked entry that is under way. */
  #wake = (): void => {};

  constructor(parts: ConsumerParts, settled: (id: string) => void) {
    this.#parts = parts;
    this.#settled = settled;
    // With low concurrency an entry that waits for its acknowledgement keeps the next one from being read.
    this.#ackBatch = Math.min(MOST_ACKS, parts.config.concurrency);
  }

  /** @param isSuspect - the entry was taken over from a dead consumer */
  settle(delivery: Delivery, outcome: Outcome, isSuspect = false): void {
    if (outcome.kind === "retry") this.#park(delivery, outcome.delayMs, outcome.error);
    else if (outcome.kind === "dead") this.#bury(delivery, outcome.error, outcome.answer);
    else if (outcome.kind === "unhandled") this.#settleUnhandled(delivery, outcome, isSuspect);
    else if (outcome.answer !== undefined) this.#answer(delivery, outcome.answer);
    else this.#acknowledge(delivery);
  }

  rest(): void {
    if (this.#gathered === 0 || this.#resting) return;
    this.#resting = true;
    setImmediate(() => {
      this.#resting = false;
      this.#sendAcks();
    });
  }

  /** Records a failed attempt of an entry that this consumer keeps until its retry. */
  async recordFailure(delivery: Delivery, delayMs: number, thrown: unknown): Promise<void> {
    const failure = this.#retry(delivery, delayMs, thrown);
    await this.#repeat([], "settling", () => this.#parts.membership.recordFailure(delivery.id, failure));
  }

  /** Has the membership adopt an entry, just before its handler runs. Resolves to `null` when settling has ended. */
  adopt(id: string): Promise<Delivery | undefined | null> {
    return this.#repeat([], "taking over an entry", () => this.#parts.membership.adopt(id));
  }

  /** Waits until an entry that was parked here is due, but at most so long, and no longer than the consumer reads. */
  async parkedDue(mostMs: number): Promise<void> {
    const due = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    await Promise.race([this.#parts.reading.for(mostMs), due]);
  }

  /** Resolves when every settlement so far is confirmed. */
  async flushed(): Promise<void> {
    this.#sendAcks();
    await Promise.all(this.#underWay);
  }

  /** Resolves when nothing is left to settle, or settling has ended. */
  async drained(): Promise<void> {
    do await this.flushed();
    while (this.#underWay.size > 0);
  }

  /** The entry may belong to another consumer by now. It was handled, so acknowledging it only saves a duplicate. */
  #acknowledge({ id, attempt }: Delivery): void {
    this.#acks.push(id);
    if (attempt > 1) this.#retried.push(id);
    this.#gather();
  }

  /** What becomes of it is decided when it is known whether another member handles its type. */
  #settleUnhandled(
    delivery: Delivery,
    { type, otherwise }: Extract<Outcome, { kind: "unhandled" }>,
    isSuspect: boolean,
  ): void {
    const { membership } = this.#parts;
    const unhandled = { id: delivery.id, type, isSuspect };
    if (otherwise.kind === "dead") {
      this.#start([], async () => {
        if (await membership.handOver(unhandled)) this.#settled(delivery.id);
        else this.#bury(delivery, otherwise.error, otherwise.answer);
      });
    } else if (otherwise.answer !== undefined) {
      this.#refuse(delivery, otherwise.answer, unhandled);
    } else {
      this.#unhandled.push(unhandled);
      this.#gather();
    }
  }

  get #gathered(): number {
    return this.#acks.length + this.#unhandled.length;
  }

  #gather(): void {
    if (this.#gathered >= this.#ackBatch) this.#sendAcks();
    else this.#timer ??= this.#parts.clock.after(ACK_DELAY_MS, () => this.#sendAcks());
  }

  #sendAcks(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const ids = this.#acks;
    const unhandled = this.#unhandled;
    if (this.#gathered === 0) return;
    const retried = this.#retried;
    this.#acks = [];
    this.#retried = [];
    this.#unhandled = [];
    const { membership } = this.#parts;
    if (unhandled.length === 0) {
      this.#start(ids, () => membership.acknowledge(ids, retried));
      return;
    }
    this.#start([...ids, ...unhandled.map(({ id }) => id)], async () => {
      for (const each of await membership.acknowledgeUnhandled(unhandled, ids)) this.#skipped(each);
    });
  }

  #skipped({ id, type = "" }: Unhandled): void {
    this.#parts.dispatcher.skip(id, type, "unhandled");
  }

  #refuse(delivery: Delivery, answer: Answer, unhandled: Unhandled): void {
    this.#start([], async () => {
      const { isHandedOver, error } = await this.#parts.membership.refuse(answer, unhandled);
      if (error !== undefined) return this.#bury(delivery, error, undefined);
      if (!isHandedOver) this.#skipped(unhandled);
      this.#settled(delivery.id);
    });
  }

  /** Repeated until Redis is back: a command must not run again because its answer could not be sent. */
  #answer(delivery: Delivery, answer: Answer): void {
    this.#start([], async () => {
      const refused = await this.#parts.membership.answer(answer, delivery.id);
      // A refused answer reaches nobody, so the dead letter says why.
      if (refused === undefined) this.#settled(delivery.id);
      else this.#bury(delivery, refused, undefined);
    });
  }

  #park(delivery: Delivery, delayMs: number, thrown: unknown): void {
    const failure = this.#retry(delivery, delayMs, thrown);
    this.#start([delivery.id], () => this.#parts.membership.park(delivery.id, delayMs, failure));
    this.#parts.clock.after(delayMs + 5, () => this.#wake()).unref();
  }

  /** Reports a retry. Returns the failure in the form in which it is recorded. */
  #retry(delivery: Delivery, delayMs: number, thrown: unknown): string {
    this.#parts.hooks.emit("retried", { ...this.#infoOf(delivery), delayMs });
    return JSON.stringify(describeFailure(thrown));
  }

  /** The sender of a command is answered before its entry is moved. */
  #bury(delivery: Delivery, error: unknown, answer: Answer | undefined): void {
    const { membership, config, hooks } = this.#parts;
    const failure = describeFailure(error);
    const reason = failure.code ?? failure.name;
    const record = { ...labelsOf(delivery.fields ?? []), service: config.service, failed_at: failure.at, reason };
    let unsent = answer;
    this.#start([delivery.id], async () => {
      if (unsent !== undefined) await membership.answer(unsent, "");
      unsent = undefined;
      await membership.bury(delivery.id, JSON.stringify(failure), record);
    });
    hooks.emit("deadLettered", { ...this.#infoOf(delivery), error });
  }

  #infoOf({ id: entryId, fields, attempt }: Delivery): Omit<HookEvents["retried"], "delayMs"> {
    const { stream, group } = this.#parts.membership;
    return { stream, group, entryId, type: typeOf(fields ?? []), attempt };
  }

  #start(ids: readonly string[], work: () => Promise<void>): void {
    const done = this.#repeat(ids, "settling", work).finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
  }

  /** Repeats the work until it succeeds. Resolves to `null` when settling has ended before. */
  async #repeat<Result>(ids: readonly string[], what: string, work: () => Promise<Result>): Promise<Result | null> {
    let result: Result;
    for (let failures = 0; ; failures++) {
      try {
        result = await work();
        break;
      } catch (error) {
        if (!(await this.#parts.settling.afterFailure(failures, what, error))) return null;
      }
    }
    for (const id of ids) this.#settled(id);
    return result;
  }
}

/** The labels by which a dead letter can be found. The entry may be anything, so each of them may be empty. */
function labelsOf(entry: FlatFields): Record<"type" | "message_id" | "correlation_id", string> {
  const textOf = textReader(entry);
  const label = (text = ""): string => text.slice(0, LONGEST_LABEL);
  const [type, id, correlationId] = [typeOf(entry), textOf("id"), textOf("correlation_id")];
  return { type: label(type), message_id: label(id), correlation_id: label(correlationId) };
}
