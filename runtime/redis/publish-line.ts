import type { Append } from "../broker/append.js";
import type { Clock } from "../time/clock.js";
import type { Connection } from "./connection.js";
import type { Route } from "./route.js";

/** For how long a publish that was redirected is sent again. */
const LIMIT_MS = 2000;
/** The pause between two attempts: the move of a key takes milliseconds. */
const PAUSES_MS = [25, 50, 100] as const;

export interface PublishLineParts {
  readonly route: Route;
  readonly clock: Clock;
  /** Resolves when commands can be sent. */
  readonly ready: () => Promise<unknown>;
  /** Sends entries that were held, in their order. */
  readonly send: (held: readonly Append[]) => void;
  /** Nothing holds what comes behind any more. */
  readonly go: () => void;
  /** No connection can be had: what is held, and what waits behind it, fails. */
  readonly fail: (held: readonly Append[], error: Error) => void;
}

/**
 * The order of one publisher's entries in one stream of a cluster, whose slot may move. What Redis has redirected, and so has not
 * stored, is sent again before what comes behind it. What is under way over a connection is awaited before anything
 * is sent over another.
 */
export class PublishLine {
  readonly #parts: PublishLineParts;
  #held: { readonly turn: number; readonly entries: readonly Append[] }[] = [];
  #turns = 0;
  #isHeld = false;
  #underWay = 0;
  #sentOver: Connection | undefined;
  /** When the first of those was redirected that are held. */
  #since: number | undefined;
  #attempts = 0;

  constructor(parts: PublishLineParts) {
    this.#parts = parts;
  }

  /** Whether nothing may be sent now: then it waits for what must come before, and says when that is over. */
  mustWait(): boolean {
    const { route } = this.#parts;
    if (this.#underWay > 0 && route.connection !== this.#sentOver) this.#isHeld = true;
    else if (!this.#isHeld && !route.isReady) this.hold([]);
    return this.#isHeld;
  }

  /** Whether it has waited for so long that what is redirected once more fails. */
  get isOver(): boolean {
    return this.#since !== undefined && this.#parts.clock.now() - this.#since > LIMIT_MS;
  }

  /** To be called for each command that is sent, and {@link ended} for each that has an outcome. Returns its turn. */
  began(): number {
    this.#underWay++;
    this.#sentOver = this.#parts.route.connection;
    return ++this.#turns;
  }

  ended(): void {
    if (--this.#underWay === 0 && this.#isHeld) void this.#again();
  }

  /** Puts entries before all that comes behind. @param turn - of the command that was to bring them */
  hold(entries: readonly Append[], turn: number = ++this.#turns): void {
    this.#held.push({ turn, entries });
    const wasHeld = this.#isHeld;
    this.#isHeld = true;
    if (!wasHeld && this.#underWay === 0) void this.#again();
  }

  /** Puts entries that Redis has redirected before all that comes behind. To be called before {@link ended}. */
  redirected(entries: readonly Append[], turn: number): void {
    this.#since ??= this.#parts.clock.now();
    this.hold(entries, turn);
  }

  /** What is held, in the order of the commands: their outcomes may have been told in another. */
  #release(): readonly Append[] {
    const held = this.#held.splice(0).sort((one, other) => one.turn - other.turn);
    return held.flatMap(({ entries }) => entries);
  }

  async #again(): Promise<void> {
    const { route, clock, ready, send, go, fail } = this.#parts;
    try {
      if (this.#since !== undefined && this.#held.length > 0) {
        route.renew();
        const ms = PAUSES_MS[Math.min(this.#attempts++, PAUSES_MS.length - 1)] as number;
        await new Promise<void>((resolve) => clock.after(ms, resolve));
      }
      await ready();
    } catch (error) {
      fail(this.#release(), error as Error);
    }
    const held = this.#release();
    if (held.length > 0) {
      send(held);
      // Their outcome is awaited, unless none of them is wanted any more.
      if (this.#underWay > 0) return;
    }
    this.#isHeld = false;
    this.#since = undefined;
    this.#attempts = 0;
    go();
  }
}
