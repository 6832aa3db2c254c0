import type { SagaPlace } from "./asking.js";
import { committed } from "./committed.js";
import { lockInstance } from "./instance.js";
import { storable } from "./storable.js";

const DUE = `
  SELECT saga, id, name FROM merp_saga_timer WHERE due_at <= now() AND saga = ANY($1::text[]) ORDER BY due_at LIMIT $2::int`;

const TAKE = `
  DELETE FROM merp_saga_timer WHERE saga = $1 AND id = $2 AND name = $3 AND due_at <= now() RETURNING 1 AS one`;

const POSTPONE = `
  UPDATE merp_saga_timer SET due_at = now() + make_interval(secs => least(3600, 10 * 2 ^ least(attempts, 20))),
    attempts = attempts + 1, error = $4
  WHERE saga = $1 AND id = $2 AND name = $3`;

interface Timer {
  readonly saga: string;
  readonly id: string;
  readonly name: string;
}

/** Has the steps of timeouts run when their time has come. */
export class Timing {
  readonly #place: SagaPlace;

  constructor(place: SagaPlace) {
    this.#place = place;
  }

  /** @returns how many were due */
  async round(most: number): Promise<number> {
    const { rows } = await committed(this.#place.transactions, (db) =>
      db.query(DUE, [[...this.#place.sagas.keys()], most]),
    );
    for (const { saga, id, name } of rows) {
      await this.#fire({ saga: String(saga), id: String(id), name: String(name) });
    }
    return rows.length;
  }

  /** Several processes find the same ones. Each saga is locked, and who comes second finds the timer gone. */
  async #fire({ saga, id, name }: Timer): Promise<void> {
    const key = [saga, id, name];
    const definition = this.#place.sagas.get(saga);
    try {
      await committed(this.#place.transactions, async (db) => {
        const instance = await lockInstance(db, saga, id);
        const { rows } = await db.query(TAKE, key);
        if (definition === undefined || rows.length === 0 || instance?.status !== "running") return;
        await this.#place.engine.timeout(db, definition, instance, name);
      });
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown.message : String(thrown);
      await committed(this.#place.transactions, (db) => db.query(POSTPONE, [...key, storable(error)]));
      this.#place.parts.hooks.trouble(`the timeout ${name} of the saga ${saga}`, thrown);
    }
  }
}
