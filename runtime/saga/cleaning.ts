import type { Clock } from "../time/clock.js";
import type { SagaPlace } from "./asking.js";
import { committed } from "./committed.js";

const REMOVE = `
  DELETE FROM merp_saga WHERE ctid IN (
    SELECT ctid FROM merp_saga
    WHERE status IN ('done', 'undone') AND saga = ANY($1::text[]) AND changed_at < now() - make_interval(secs => $2::float8)
    LIMIT $3::int)
  RETURNING 1 AS one`;

const EVERY_MS = 3_600_000;
const BATCH = 1000;
const KEEP_SECONDS = 2_592_000;

interface CleaningParts extends Pick<SagaPlace, "transactions" | "sagas"> {
  readonly clock: Pick<Clock, "now" | "chance">;
  readonly keepSeconds: number | undefined;
}

/** Removes the sagas that ended long ago. */
export class Cleaning {
  readonly #parts: CleaningParts;
  #dueAt: number;

  /** A process that never lives for an hour cleans, too: the first time comes at any moment of it. */
  constructor(parts: CleaningParts) {
    const { clock } = parts;
    this.#parts = parts;
    this.#dueAt = clock.now() + EVERY_MS * clock.chance();
  }

  /**
   * Removes some when it is time. Where there are more, it is time again at the next call: what is due meanwhile does not wait for
   * all.
   */
  async round(): Promise<void> {
    const { clock, transactions, sagas, keepSeconds = KEEP_SECONDS } = this.#parts;
    const now = clock.now();
    if (now < this.#dueAt) return;
    this.#dueAt = now + EVERY_MS;
    const values = [[...sagas.keys()], keepSeconds, BATCH];
    const { rows } = await committed(transactions, (db) => db.query(REMOVE, values));
    if (rows.length === BATCH) this.#dueAt = now;
  }
}
