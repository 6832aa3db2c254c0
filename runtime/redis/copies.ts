import type { Clock } from "../time/clock.js";
import type { Connection } from "./connection.js";
import type { Route } from "./route.js";

/** How many replicas are waited for, and how long. What comes behind on the connection waits, too. */
const [REPLICAS, LIMIT_MS] = [1, 100];
/** Where no replica has confirmed anything, none is waited for again so long. */
const PAUSE_MS = 1000;

/**
 * Waits a moment until a replica has what was written over a connection, before something is done that must not survive without
 * it. Where none confirms it in time, or the user lacks the right `+wait`, all goes on: this makes a failover undo less, and
 * promises nothing.
 */
export class Copies {
  readonly #clock: Clock;
  readonly #isReplicated: boolean;
  /** Those that are about to wait. What has been written in one turn shares the wait. */
  readonly #rounds = new WeakMap<Connection, Promise<void>>();
  /** When replicas were last waited for in vain. */
  readonly #missed = new WeakMap<Connection, number>();

  /** @param isReplicated - whether another node may take the place of a master */
  constructor(clock: Clock, isReplicated: boolean) {
    this.#clock = clock;
    this.#isReplicated = isReplicated;
  }

  /** To be called when the write is answered. */
  async made({ connection }: Pick<Route, "connection">): Promise<void> {
    const missed = this.#missed.get(connection);
    if (!this.#isReplicated || (missed !== undefined && this.#clock.now() - missed < PAUSE_MS)) return;
    const round =
      this.#rounds.get(connection) ??
      new Promise<void>((resolve) => setImmediate(resolve)).then(() => this.#wait(connection));
    this.#rounds.set(connection, round);
    await round;
  }

  async #wait(connection: Connection): Promise<void> {
    this.#rounds.delete(connection);
    const count = await connection.client.wait(REPLICAS, LIMIT_MS).catch(() => 0);
    if (count < REPLICAS) this.#missed.set(connection, this.#clock.now());
  }
}
