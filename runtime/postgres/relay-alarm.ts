import type { Clock } from "../time/clock.js";
import { within } from "../time/limit.js";
import { type Database, isPool, type PooledClient } from "./database.js";
import { SLEEP } from "./outbox-store.js";

/** The longest pause of a relay that no commit would wake, if it is shorter than that between two looks. */
const LONGEST_DOZE_MS = 250;
const SHORTEST_DOZE_MS = 5;
/** A connection whose link is broken unnoticed never answers. */
const ANSWER_WITHIN_MS = 5000;
const NO_CONNECTION = `the pool lent no connection within ${ANSWER_WITHIN_MS} ms`;

/**
 * Wakes a relay at a commit. Whoever writes to the outbox shares a lock until its transaction ends; the relay takes it for itself
 * before it sleeps, over a connection of its own. If it cannot, a transaction is under way that will notify nobody, or another
 * relay sleeps: then it looks again soon. If it can, whoever writes from now on notifies it.
 */
export class RelayAlarm {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #report: (what: string, error: unknown) => void;
  readonly #settings: { readonly listen: boolean; readonly pollMs: number };
  readonly #signal: AbortSignal;
  #listening: PooledClient | undefined;
  #isSet = false;
  #dozes = 0;
  /** Ends the present pause. */
  #ring: () => void = () => {};
  #hasRung = false;

  constructor(
    database: Database,
    settings: { readonly listen: boolean; readonly pollMs: number },
    parts: {
      readonly clock: Clock;
      readonly signal: AbortSignal;
      readonly report: (what: string, error: unknown) => void;
    },
  ) {
    this.#database = database;
    this.#settings = settings;
    this.#clock = parts.clock;
    this.#report = parts.report;
    this.#signal = parts.signal;
    parts.signal.addEventListener("abort", () => this.#rings());
  }

  /** True if it has been set by this call: a look after it sees all that was committed before it was. */
  async set(): Promise<boolean> {
    if (this.#isSet || !this.#settings.listen) return false;
    this.#hasRung = false;
    try {
      const client = this.#listening ?? (await this.#listen());
      const lock = `SELECT pg_try_advisory_lock(${SLEEP}) AS locked`;
      const { rows } = await within(ANSWER_WITHIN_MS, this.#clock, () => client.query(lock));
      this.#isSet = rows[0]?.["locked"] === true;
    } catch (error) {
      this.#lost(error);
    }
    return this.#isSet;
  }

  /** Waits until it rings, or for a time: so many milliseconds at most. Then it is off. */
  async wait(mostMs: number): Promise<void> {
    const pollMs = Math.min(this.#settings.pollMs, mostMs);
    const dozeMs = Math.min(pollMs, LONGEST_DOZE_MS, SHORTEST_DOZE_MS * 2 ** Math.min(this.#dozes, 10));
    await this.#pause(this.#isSet ? pollMs : dozeMs);
    this.#dozes++;
    if (!this.#isSet) return;
    this.#isSet = false;
    try {
      const unlock = `SELECT pg_advisory_unlock(${SLEEP})`;
      await within(ANSWER_WITHIN_MS, this.#clock, () => this.#listening?.query(unlock));
    } catch (error) {
      this.#lost(error);
    }
  }

  /** There was something to do: what comes next is expected soon. */
  busy(): void {
    this.#dozes = 0;
  }

  /** Closes its connection, and with it the lock and the subscription. */
  close(): void {
    this.#listening?.release(true);
    this.#listening = undefined;
  }

  async #listen(): Promise<PooledClient> {
    const client = await this.#connect();
    // An error of a connection that was given up comes late, and is not that of the next one.
    client.on("error", (error) => this.#listening === client && this.#lost(error));
    client.on("notification", () => this.#rings());
    this.#listening = client;
    await within(ANSWER_WITHIN_MS, this.#clock, () => client.query("LISTEN merp_outbox"));
    return client;
  }

  /** A connection that comes too late goes back to the pool. */
  async #connect(): Promise<PooledClient> {
    const database = this.#database;
    if (!isPool(database)) throw new Error("an embedded database has no second connection");
    let isLate = false;
    const connecting = database.connect().then((client) => {
      if (isLate) client.release();
      return client;
    });
    try {
      return await within(ANSWER_WITHIN_MS, this.#clock, () => connecting, NO_CONNECTION);
    } catch (error) {
      isLate = true;
      throw error;
    }
  }

  /** It is made again before the next sleep. Until then the relay looks again and again. */
  #lost(error: unknown): void {
    if (!this.#signal.aborted) this.#report("listening for what is written to the outbox", error);
    this.#isSet = false;
    const client = this.#listening;
    this.#listening = undefined;
    client?.release(true);
    this.#rings();
  }

  #rings(): void {
    this.#hasRung = true;
    this.#ring();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#hasRung || this.#signal.aborted) {
        this.#hasRung = false;
        return resolve();
      }
      const timer = this.#clock.after(ms, () => this.#ring());
      this.#ring = () => {
        timer.cancel();
        this.#ring = () => {};
        this.#hasRung = false;
        resolve();
      };
    });
  }
}
