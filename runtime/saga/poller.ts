import { assertMigrated } from "../postgres/migrate.js";
import type { Timer } from "../time/clock.js";
import type { Asking, SagaPlace } from "./asking.js";
import type { Cleaning } from "./cleaning.js";
import { committed } from "./committed.js";
import type { SagasOptions } from "./sagas-options.js";
import type { Timing } from "./timing.js";

/** Timers that one look takes at most. */
const TIMERS = 50;
/** A step that has just been taken commits within this time, as a rule. */
const SOON_MS = 20;

interface Work {
  readonly asking: Asking;
  readonly timing: Timing;
  readonly cleaning: Cleaning;
}

/** Looks for what is due, again and again, until it is stopped. */
export class Poller {
  readonly #place: SagaPlace;
  readonly #work: Work;
  readonly #pollMs: number;
  readonly #concurrency: number;
  readonly #underWay = new Set<Promise<void>>();
  #timer: { readonly timer: Timer; readonly dueAt: number } | undefined;
  #looking: Promise<void> | undefined;
  #isWanted = false;
  #isMigrated = false;

  constructor(place: SagaPlace, work: Work, options: SagasOptions) {
    this.#place = place;
    this.#work = work;
    this.#pollMs = (options.pollSeconds ?? 1) * 1000;
    this.#concurrency = options.concurrency ?? 20;
  }

  start(): void {
    this.#lookIn(this.#pollMs);
  }

  /** Looks when a transaction that has just done something has been committed, presumably. */
  wakeSoon(): void {
    this.#lookIn(SOON_MS);
  }

  async stop(): Promise<void> {
    this.#timer?.timer.cancel();
    await this.#looking;
    await Promise.all(this.#underWay);
  }

  #lookIn(ms: number): void {
    const { clock } = this.#place.parts;
    const dueAt = clock.now() + ms;
    if (this.#place.signal.aborted || (this.#timer !== undefined && this.#timer.dueAt <= dueAt)) return;
    this.#timer?.timer.cancel();
    this.#timer = { dueAt, timer: clock.after(ms, () => this.#look()).unref() };
  }

  #look(): void {
    this.#timer?.timer.cancel();
    this.#timer = undefined;
    if (this.#looking !== undefined) {
      this.#isWanted = true;
      return;
    }
    const { hooks } = this.#place.parts;
    this.#looking = this.#round()
      .catch((error: unknown) => {
        hooks.trouble("looking for what sagas have to do", error);
        return false;
      })
      .then((found) => {
        this.#looking = undefined;
        this.#lookIn(found || this.#isWanted ? 0 : this.#pollMs);
        this.#isWanted = false;
      });
  }

  /** @returns whether there may be more */
  async #round(): Promise<boolean> {
    await this.#prepare();
    const room = this.#concurrency - this.#underWay.size;
    const begun = room > 0 ? await this.#work.asking.begin(room) : [];
    for (const settled of begun) {
      const ended = settled.finally(() => {
        this.#underWay.delete(ended);
        this.#look();
      });
      this.#underWay.add(ended);
    }
    const fired = await this.#work.timing.round(TIMERS);
    await this.#work.cleaning.round();
    return fired > 0 || (room > 0 && begun.length === room);
  }

  async #prepare(): Promise<void> {
    if (this.#isMigrated) return;
    await committed(this.#place.transactions, assertMigrated);
    this.#isMigrated = true;
  }
}
