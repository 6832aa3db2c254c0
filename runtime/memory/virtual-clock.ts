import type { Clock, Timer } from "../time/clock.js";
import { type Due, TimerQueue } from "./timer-queue.js";

/** A time that passes only when it is told to, and whose chance is that of a test. */
export class VirtualClock implements Clock {
  readonly chance: () => number;
  readonly #startedAt: number;
  readonly #queue = new TimerQueue();
  #now = 0;
  #set = 0;

  /**
   * @param startsAt - in ms since 1970
   * @param chance - the next number by chance
   */
  constructor(startsAt: number, chance: () => number) {
    this.#startedAt = startsAt;
    this.chance = chance;
  }

  now(): number {
    return this.#now;
  }

  wall(): number {
    // As Redis and Node tell it: in whole milliseconds.
    return this.#startedAt + Math.floor(this.#now);
  }

  after(ms: number, call: () => void): Timer {
    return timerOf(this.#add(ms, call));
  }

  every(ms: number, call: () => void): Timer {
    let due!: Due;
    const set = (): void => {
      due = this.#add(ms, () => {
        set();
        call();
      });
    };
    set();
    const timer: Timer = {
      cancel: () => {
        due.isCancelled = true;
      },
      unref: () => timer,
    };
    return timer;
  }

  /** When the next timer is due, in ms on this clock. */
  get next(): number | undefined {
    return this.#queue.first()?.at;
  }

  /** Lets the time pass until the next timer, and calls it. */
  step(): void {
    const due = this.#queue.first();
    if (due === undefined) return;
    this.#queue.shift();
    this.#now = Math.max(this.#now, due.at);
    due.call();
  }

  /** Lets the time pass. No timer may be due before. */
  passTo(moment: number): void {
    this.#now = Math.max(this.#now, moment);
  }

  #add(ms: number, call: () => void): Due {
    // Not a number, as 0: Node does the same.
    const due = { at: this.#now + (ms > 0 ? ms : 0), order: this.#set++, call, isCancelled: false };
    this.#queue.push(due);
    return due;
  }
}

function timerOf(due: Due): Timer {
  const timer: Timer = {
    cancel: () => {
      due.isCancelled = true;
    },
    unref: () => timer,
  };
  return timer;
}
