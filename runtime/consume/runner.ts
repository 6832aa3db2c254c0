import type { Delivery, Retry } from "../broker/delivery.js";
import { typeOf } from "../contract/codec.js";
import type { Ended } from "../handle/dispatcher.js";
import { withoutContext } from "../messaging/correlation.js";
import type { Backlog } from "./backlog.js";
import type { Holdings } from "./holdings.js";
import type { ConsumerParts, Watching } from "./parts.js";
import type { Settler } from "./settler.js";
import { Waiters } from "./waiters.js";
import { asHeld, lengthOf, type Placeholder } from "./waiting.js";

/** How many entries are fetched together with those that begin, because they follow in the same lanes. */
const MOST_AHEAD = 100;

export interface RunnerParts {
  readonly backlog: Backlog;
  readonly holdings: Holdings;
  readonly settler: Settler;
  readonly watching: Watching;
}

/**
 * Has waiting entries handled, at most `concurrency` at once, however they came. Those that are held by their ids are
 * fetched as far as there is room for their text; in any case one is while nothing else runs.
 */
export class Runner {
  readonly #parts: ConsumerParts;
  readonly #backlog: Backlog;
  readonly #holdings: Holdings;
  readonly #settler: Settler;
  readonly #watching: Watching;
  /** Those that have a place and are to be fetched: their handlers have not begun. */
  readonly fetching: Set<Placeholder> = new Set();
  /** Whether more entries are about to come, because the last read was full. */
  expectsMore = false;
  #isFetching = false;
  #mayBegin: boolean;
  #running = 0;
  #pumping = false;
  readonly #idlers = new Waiters();

  constructor(parts: ConsumerParts, { backlog, holdings, settler, watching }: RunnerParts) {
    this.#parts = parts;
    this.#backlog = backlog;
    this.#holdings = holdings;
    this.#settler = settler;
    this.#watching = watching;
    this.#mayBegin = parts.config.order !== "entity";
    parts.halt.onChange(() => {
      // What was given back comes before what is held here, and nothing comes while all is paused.
      this.#mayBegin &&= parts.config.order !== "entity" || !parts.halt.isTotal;
      this.pumpSoon();
    });
  }

  /**
   * Lets entries begin. With an order none begins before all that may come first is here: what dead members hold, and what
   * was given back, comes in any order.
   */
  open(): void {
    if (this.#mayBegin) return;
    this.#mayBegin = true;
    this.pumpSoon();
  }

  /** How many places are taken. */
  get running(): number {
    return this.#running;
  }

  /** Begins waiting entries as far as there are places. */
  pump(): void {
    this.#watching.lapses.notice();
    if (this.#isGoing) withoutContext(this.#beginWaiting);
    this.#watching.moved();
    if (this.#idlers.areAny && this.#isIdle) this.#idlers.wake();
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
    while (!this.#isIdle) await this.#idlers.wait();
  }

  /** Whether entries may begin. */
  get #isGoing(): boolean {
    return this.#mayBegin && !this.#parts.halt.isTotal;
  }

  get #isIdle(): boolean {
    if (this.#isGoing) return this.#running === 0 && this.#backlog.ready === 0;
    // What has a place and was not fetched when its group was paused does not begin either.
    return this.#running === (this.#isFetching ? 0 : this.fetching.size);
  }

  readonly #beginWaiting = (): void => {
    while (this.#running < this.#parts.config.concurrency) {
      const waiting = this.#backlog.next();
      if (waiting === undefined) break;
      this.#running++;
      if (waiting.fields !== undefined) this.#begin(waiting);
      else this.fetching.add(waiting);
    }
    if (this.fetching.size > 0 && !this.#isFetching) void this.#fetch();
  };

  /** A handler that ends at once costs no promise. */
  #begin(delivery: Delivery): void {
    const { halt } = this.#parts;
    const type = halt.isOfTypes ? typeOf(delivery.fields ?? []) : undefined;
    if (halt.holds(type)) {
      this.#setAside(delivery, type);
      return;
    }
    const outcome = this.#parts.dispatcher.dispatch(delivery, this.#ended);
    if (outcome !== undefined) this.#ended(delivery, outcome);
  }

  /**
   * Its type is paused. It is parked, so that it takes no room here. With an order it stays, and with it the lane of its entity:
   * what comes after it must not overtake it.
   */
  #setAside(delivery: Delivery, type: string): void {
    const { config, halt } = this.#parts;
    const { id } = delivery;
    this.#running--;
    const isAlone = this.#backlog.isSuspect(id);
    if (config.order === "entity") {
      const resume = this.#backlog.retain(delivery, { attempt: 0, isAlone });
      this.#watching.unloaded(id);
      halt.afterwards(type, resume);
    } else {
      this.#settler.setAside(delivery, type);
      this.#backlog.finished(id);
    }
    if (isAlone) this.#backlog.acquit();
    this.pumpSoon();
  }

  /**
   * Fetches entries that have a place, as far as there is room for their text, and begins them. One call at a time: the next
   * knows how much room this one has left. What one does not reach keeps its place, and is not counted as delivered.
   */
  async #fetch(): Promise<void> {
    const { spareBytes } = this.#holdings;
    const isAnyRunning = this.#running > this.fetching.size;
    if (spareBytes <= 0 && isAnyRunning) return;
    this.#isFetching = true;
    const placed = [...this.fetching];
    const each = this.#backlog.mayFollow ? Math.floor(MOST_AHEAD / placed.length) : 0;
    const ahead = placed.flatMap(({ id }) => this.#backlog.following(id, each));
    const { membership, settling, config, clock } = this.#parts;
    const mostBytes = Math.max(1, Math.min(spareBytes, config.replyBytes));
    const arrived = this.#holdings.reserve(mostBytes);
    let [sentAt, lapses] = [0, 0];
    const fetched = await this.#settler.untilDone("fetching entries", () => {
      lapses = this.#watching.lapses.notice();
      sentAt = clock.now();
      return membership.fetch([...placed, ...ahead], mostBytes);
    });
    arrived();
    // What is still to begin when settling ends is given back as it is.
    if (fetched === null || settling.signal.aborted) return;
    this.#isFetching = false;
    // Something else may have noticed the lapse before this reply was read.
    const hasLapsed = this.#watching.lapses.notice() !== lapses;
    // The reply was read so late that others may have taken what it brings: it is fetched again, which counts nothing twice.
    if (hasLapsed && clock.now() - sentAt > config.leaseMs / 2) {
      this.pumpSoon();
      return;
    }
    const found = new Map(fetched.deliveries.map((delivery) => [delivery.id, delivery]));
    const reached = placed.slice(0, fetched.looked);
    for (const each of reached) this.#holdings.hold(each.id, lengthOf(found.get(each.id) ?? each));
    for (const follower of hasLapsed ? [] : ahead) this.#backlog.load(follower, found.get(follower.id));
    withoutContext(() => {
      for (const placeholder of reached) {
        this.fetching.delete(placeholder);
        const delivery = found.get(placeholder.id);
        if (delivery === undefined) this.#lose(placeholder.id);
        else this.#begin(asHeld(delivery, placeholder));
      }
    });
    if (this.fetching.size > 0) this.pumpSoon();
    // There may be room for more than what has come.
    else this.#watching.moved();
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
      void this.#retryInLane(delivery, outcome);
    } else {
      this.#settler.settle(delivery, outcome);
      this.#backlog.finished(delivery.id);
      if (this.#isIdle && !this.expectsMore) this.#settler.rest();
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
  async #retryInLane(delivery: Delivery, retry: Retry): Promise<void> {
    const { id, attempt, deaths = 0 } = delivery;
    const { heldRetries, reading } = this.#parts;
    const next = (retry.isUncounted ? 0 : 1) + attempt - deaths;
    const resume = this.#backlog.retain(delivery, { attempt: next, isAlone: false });
    const held = heldRetries.hold(id, typeOf(delivery.fields ?? []));
    const due = reading.for(retry.delayMs, held.called).finally(held.end);
    const kept = await this.#settler.keep(delivery, retry);
    if (kept !== "kept") held.end();
    this.#watching.unloaded(id);
    const waiting = this.#backlog.placeholder(id);
    if (waiting !== undefined && kept !== "kept") waiting.isTakenOver = true;
    // At the end it stays pending, and its followers behind it: all are given back together.
    if (kept === null || (kept === "kept" && !(await due))) return;
    // What others have, or what is a dead letter by now, is not found when it is fetched: that frees its lane.
    resume();
    this.pump();
  }
}
