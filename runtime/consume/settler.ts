import type { Answer, Delivery, Outcome, Retry, Unhandled } from "../broker/delivery.js";
import type { Kept } from "../broker/failed-attempt.js";
import { describeFailure } from "../handle/failure.js";
import type { Timer } from "../time/clock.js";
import { Batch } from "./batch.js";
import { burialOf, infoOf } from "./burial.js";
import type { ConsumerParts, Watching, Work } from "./parts.js";

const MOST_ACKS = 200;
const ACK_DELAY_MS = 5;
/** What is due later is found by a look, of which there is one a second. */
const SOON_MS = 1000;

/**
 * Settles deliveries by their outcomes: acknowledges, answers, parks, hands over, or moves to the dead letters. Acknowledgements
 * are gathered up to two hundred or for five milliseconds, or until the consumer is idle. Without a connection each
 * settlement is repeated until there is one. An entry that is never settled is redelivered.
 */
export class Settler {
  readonly #parts: ConsumerParts;
  readonly #watching: Watching;
  readonly #ackBatch: number;
  #batch = new Batch();
  #timer: Timer | undefined;
  #resting = false;
  /** Settlements that are not confirmed yet, and the ids of their entries. */
  readonly #underWay = new Map<Promise<unknown>, readonly string[]>();
  /** Ends the wait for a parked entry that is under way. */
  #wake = (): void => {};

  constructor(parts: ConsumerParts, watching: Watching) {
    this.#parts = parts;
    this.#watching = watching;
    // Those are handled again if the process is killed: with low concurrency few.
    this.#ackBatch = Math.min(MOST_ACKS, 2 * parts.config.concurrency);
  }

  settle(delivery: Delivery, outcome: Outcome): void {
    if (outcome.kind === "retry") this.#park(delivery, outcome);
    else if (outcome.kind === "dead") void this.#bury(delivery, outcome);
    else if (outcome.kind === "unhandled") this.#settleUnhandled(delivery, outcome);
    else if (outcome.answer !== undefined) this.#answer(delivery, outcome.answer);
    else this.#acknowledge(delivery);
  }

  /** The ids of the entries whose settlement has been sent and is not confirmed yet. */
  get settling(): ReadonlySet<string> {
    return new Set([...this.#underWay.values()].flat());
  }

  /** How many entries are still to be settled with others. */
  get gathered(): number {
    return this.#batch.size;
  }

  /** Parks an entry whose type is paused, with others. Nothing of it has begun. */
  setAside({ id, isTakenOver: isContested = false }: Delivery, type: string): void {
    this.#batch.aside.push({ id, type, isContested });
    this.#gather();
  }

  rest(): void {
    if (this.gathered === 0 || this.#resting) return;
    this.#resting = true;
    setImmediate(() => {
      this.#resting = false;
      this.#sendAcks();
    });
  }

  /** Records the failure of an entry that this consumer keeps until its retry. Resolves to `null` when settling has ended before. */
  async keep(delivery: Delivery, retry: Retry): Promise<Kept | null> {
    return this.#settle([], this.#failing(delivery, retry, undefined), []);
  }

  /** Waits until an entry that was parked here is due, but at most so long, and no longer than the consumer reads. */
  async parkedDue(mostMs: number): Promise<void> {
    const due = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    await Promise.race([this.#parts.membership.until("due", mostMs), due]);
  }

  /** Resolves when every settlement so far is confirmed. */
  async flushed(): Promise<void> {
    this.#sendAcks();
    await Promise.all(this.#underWay.keys());
  }

  /** Resolves when nothing is left to settle, or settling has ended. */
  async drained(): Promise<void> {
    do await this.flushed();
    while (this.#underWay.size > 0);
  }

  /** The entry may belong to another consumer by now. It was handled, so acknowledging it only saves a duplicate. */
  #acknowledge({ id, attempt }: Delivery): void {
    this.#batch.acks.push(id);
    if (attempt > 1) this.#batch.retried.push(id);
    this.#gather();
  }

  /** What becomes of it is decided when it is known whether another member handles its type. */
  #settleUnhandled(delivery: Delivery, { type, otherwise }: Extract<Outcome, { kind: "unhandled" }>): void {
    const { membership } = this.#parts;
    const unhandled = { id: delivery.id, type, isSuspect: (delivery.deaths ?? 0) > 0 };
    if (otherwise.kind === "dead") {
      this.#start([delivery.id], async () => {
        if (await membership.handOver(unhandled)) this.#watching.settled(delivery.id);
        else void this.#bury(delivery, otherwise);
      }, []);
    } else if (otherwise.answer !== undefined) {
      this.#refuse(delivery, otherwise.answer, unhandled);
    } else {
      this.#batch.unhandled.push({ ...unhandled, delivery });
      this.#gather();
    }
  }

  #gather(): void {
    if (this.gathered >= this.#ackBatch) this.#sendAcks();
    else this.#timer ??= this.#parts.clock.after(ACK_DELAY_MS, () => this.#sendAcks());
  }

  #sendAcks(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.gathered === 0) return;
    const { acks, retried, unhandled, aside } = this.#batch;
    this.#batch = new Batch();
    const { membership, clock } = this.#parts;
    const startedAt = clock.wall();
    const idsOf = (entries: readonly { readonly id: string }[]): string[] => entries.map(({ id }) => id);
    if (aside.length > 0) {
      this.#start(idsOf(aside), (isRepeated) =>
        membership.setAside(isRepeated ? aside.map((each) => ({ ...each, isContested: true })) : aside),
      );
    }
    if (unhandled.length > 0) {
      this.#start([...acks, ...idsOf(unhandled)], async () => {
        const left = new Set((await membership.acknowledgeUnhandled(unhandled, acks)).map(({ id }) => id));
        this.#acknowledged(acks.length + left.size, startedAt);
        for (const { id, type, delivery } of unhandled) if (left.has(id)) this.#skipped(delivery, type);
      });
    } else if (acks.length > 0) {
      this.#start(acks, async () => {
        await membership.acknowledge(acks, retried);
        this.#acknowledged(acks.length, startedAt);
      });
    }
  }

  #acknowledged(count: number, startedAt: number): void {
    const { membership, hooks } = this.#parts;
    const { stream, group, consumer } = membership;
    if (count > 0) hooks.emit("acknowledged", { stream, group, consumer, count, startedAt });
  }

  #skipped(delivery: Delivery, type = ""): void {
    this.#parts.dispatcher.skip(delivery, type, "unhandled");
  }

  #refuse(delivery: Delivery, answer: Answer, unhandled: Unhandled): void {
    this.#start([delivery.id], async () => {
      const { isHandedOver, error } = await this.#parts.membership.refuse(answer, unhandled);
      if (error !== undefined) return void this.#bury(delivery, { error });
      if (!isHandedOver) this.#skipped(delivery, unhandled.type);
      this.#watching.settled(delivery.id);
    }, []);
  }

  /** Repeated until Redis is back: a command must not run again because its answer could not be sent. */
  #answer(delivery: Delivery, answer: Answer): void {
    this.#start([delivery.id], async () => {
      const refused = await this.#parts.membership.answer(answer, delivery.id);
      // A refused answer reaches nobody, so the dead letter says why.
      if (refused === undefined) this.#watching.settled(delivery.id);
      else void this.#bury(delivery, { error: refused });
    }, []);
  }

  #park(delivery: Delivery, retry: Retry): void {
    this.#start([delivery.id], this.#failing(delivery, retry, retry.delayMs));
    if (retry.delayMs < SOON_MS) this.#parts.clock.after(retry.delayMs + 5, () => this.#wake()).unref();
  }

  /** Returns what records a failure. An entry that is deleted from its stream cannot be delivered again: it is buried. */
  #failing(
    delivery: Delivery,
    { delayMs, error, isUncounted = false }: Retry,
    parkedMs: number | undefined,
  ): Work<Kept> {
    const { membership, clock, hooks } = this.#parts;
    const failure = isUncounted ? undefined : JSON.stringify(describeFailure(error, clock.wall()));
    return async (isRepeated) => {
      const isContested = isRepeated || delivery.isTakenOver === true;
      const kept = await membership.recordFailure(delivery, { failure, isContested, parkedMs });
      if (kept === "deleted") await this.#bury(delivery, { error }, false);
      else if (kept === "kept") hooks.emit("retried", { ...infoOf(membership, delivery), delayMs });
      else hooks.emit("dropped", infoOf(membership, delivery));
      return kept;
    };
  }

  #bury(
    delivery: Delivery,
    death: Omit<Extract<Outcome, { kind: "dead" }>, "kind">,
    mayBeSettled = delivery.isTakenOver === true,
  ): Promise<unknown> {
    const burial = burialOf(this.#parts, delivery, { ...death, mayBeSettled });
    return this.#settle([delivery.id], burial);
  }

  /** @param settled - those of the entries that nothing is left to settle of when the work is done */
  #start(ids: readonly string[], work: Work<unknown>, settled = ids): void {
    void this.#settle(ids, work, settled);
  }

  #settle<Result>(ids: readonly string[], work: Work<Result>, settled = ids): Promise<Result | null> {
    // Before the broker knows of an end: what other members have taken by now was handled here at the same time.
    this.#watching.lapses.notice();
    const { judged } = this.#watching.lapses;
    const judgedFirst: Work<Result> = judged === undefined ? work : (isRepeated) => judged.then(() => work(isRepeated));
    const done = this.untilDone("settling", judgedFirst, settled).finally(() => this.#underWay.delete(done));
    this.#underWay.set(done, ids);
    return done;
  }

  /**
   * Repeats the work until it succeeds, and has those entries settled then. Resolves to `null` when settling has ended
   * before.
   */
  async untilDone<Result>(what: string, work: Work<Result>, ids: readonly string[] = []): Promise<Result | null> {
    let result: Result;
    for (let failures = 0; ; failures++) {
      try {
        result = await work(failures > 0);
        break;
      } catch (error) {
        if (!(await this.#parts.settling.afterFailure(failures, what, error))) return null;
      }
    }
    for (const id of ids) this.#watching.settled(id);
    return result;
  }
}
