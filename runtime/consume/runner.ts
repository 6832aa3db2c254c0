import type { Delivery } from "../broker/delivery.js";
import { PoisonError } from "../errors.js";
import type { Ended } from "../handle/dispatcher.js";
import { withoutContext } from "../messaging/correlation.js";
import type { Backlog, Placeholder } from "./backlog.js";
import type { ConsumerParts, Watching } from "./parts.js";
import type { Settler } from "./settler.js";

/** How many entries are fetched together with those that begin, because they follow in the same lanes. */
const MOST_AHEAD = 100;
/** How often a message must have begun in processes that died, the last time alone, before it counts as what kills them. */
const FEWEST_DEATHS = 3;

/** Has waiting entries handled, at most `concurrency` at once, however they came. */
export class Runner {
  readonly #parts: ConsumerParts;
  readonly #backlog: Backlog;
  readonly #settler: Settler;
  readonly #watching: Watching;
  #running = 0;
  #pumping = false;
  #idlers: (() => void)[] = [];

  constructor(parts: ConsumerParts, backlog: Backlog, settler: Settler, watching: Watching) {
    this.#parts = parts;
    this.#backlog = backlog;
    this.#settler = settler;
    this.#watching = watching;
  }

  /** How many places are taken. */
  get running(): number {
    return this.#running;
  }

  /** Begins waiting entries as far as there are places. */
  pump(): void {
    this.#watching.noticeLapse();
    withoutContext(this.#beginWaiting);
    if (this.#idlers.length > 0 && this.#isIdle) for (const resolve of this.#idlers.splice(0)) resolve();
  }

  /**
   * Pumps when everything that runs now has run: the places of handlers that end together are filled together, and no
   * delivery of a large batch begins before its reader has sent the next read, which Redis then prepares meanwhile.
   */
  pumpSoon(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    process.nextTick(() => {
      this.#pumping = false;
      this.pump();
    });
  }

  /** Resolves when no entry runs and none could begin. */
  async idle(): Promise<void> {
    while (!this.#isIdle) await new Promise<void>((resolve) => this.#idlers.push(resolve));
  }

  get #isIdle(): boolean {
    return this.#running === 0 && this.#backlog.ready === 0;
  }

  readonly #beginWaiting = (): void => {
    let placeholders: Placeholder[] | undefined;
    while (this.#running < this.#parts.config.concurrency) {
      const waiting = this.#backlog.next();
      if (waiting === undefined) break;
      this.#running++;
      if (waiting.fields !== undefined) this.#begin(waiting);
      else if (placeholders === undefined) placeholders = [waiting];
      else placeholders.push(waiting);
    }
    if (placeholders !== undefined) void this.#fetch(placeholders);
  };

  /** A handler that ends at once costs no promise. */
  #begin(delivery: Delivery): void {
    const outcome = this.#parts.dispatcher.dispatch(delivery, this.#ended);
    if (outcome !== undefined) this.#ended(delivery, outcome);
  }

  /** Fetches entries that have a place, and begins them. */
  async #fetch(placeholders: readonly Placeholder[]): Promise<void> {
    const { membership, config } = this.#parts;
    const each = Math.floor(MOST_AHEAD / placeholders.length);
    const ahead = placeholders.flatMap(({ id }) => this.#backlog.following(id, each));
    const all = [...placeholders, ...ahead];
    const deliveries = await this.#settler.untilDone("fetching entries", () => membership.fetch(all));
    if (deliveries === null) return;
    const found = new Map(deliveries.map((delivery) => [delivery.id, delivery]));
    if (!this.#watching.noticeLapse()) {
      for (const follower of ahead) if (follower.attempt === 0) follower.delivery = found.get(follower.id);
    }
    withoutContext(() => {
      for (const { id } of placeholders) {
        const delivery = found.get(id);
        if (delivery === undefined) this.#lose(id);
        else if (delivery.attempt <= 1 + config.maxRetries || (delivery.deaths ?? 0) < FEWEST_DEATHS)
          this.#begin(delivery);
        else this.#ended(delivery, { kind: "dead", error: new PoisonError(delivery.attempt - 1) });
      }
    });
  }

  /** An entry that has a place belongs to another member, or is gone. */
  #lose(id: string): void {
    this.#running--;
    this.#backlog.finished(id);
    if (this.#backlog.isSuspect(id)) this.#backlog.acquit();
    this.#watching.settled(id);
    this.pumpSoon();
  }

  readonly #ended: Ended = (delivery, outcome) => {
    this.#running--;
    if (this.#parts.config.order === "entity" && outcome.kind === "retry") {
      void this.#retryInLane(delivery, outcome.delayMs, outcome.error);
    } else {
      this.#settler.settle(delivery, outcome);
      this.#backlog.finished(delivery.id);
      if (this.#isIdle) this.#settler.rest();
    }
    if (this.#backlog.isSuspect(delivery.id)) void this.#acquit();
    this.pumpSoon();
  };

  /** An entry that was handled but is still pending when the next one kills the process would be blamed for it. */
  async #acquit(): Promise<void> {
    await this.#settler.flushed();
    this.#backlog.acquit();
    this.pump();
  }

  /** Keeps a failed delivery, and with it its entity's lane, until it is tried again. */
  async #retryInLane(delivery: Delivery, delayMs: number, error: unknown): Promise<void> {
    const { reading } = this.#parts;
    const resume = this.#backlog.retain(delivery.id, 1 + delivery.attempt - (delivery.deaths ?? 0));
    const [isRecorded, isDue] = await Promise.all([this.#settler.keep(delivery, delayMs, error), reading.for(delayMs)]);
    // At the end it stays pending, and its followers behind it: all are given back together.
    if (!isRecorded || !isDue) return;
    resume();
    this.pump();
  }
}
