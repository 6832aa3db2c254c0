import { MessagingError } from "../errors.js";
import { type Database, type Queryable, type Row, transaction } from "../postgres/database.js";
import { lockInstance, progressed, type SagaStatus, saveInstance } from "./instance.js";

/** A saga as operators see it. */
export interface SagaSummary {
  readonly saga: string;
  readonly id: string;
  readonly status: SagaStatus;
  /** When it began and when it last took a step, in ISO 8601. */
  readonly begunAt: string;
  readonly changedAt: string;
  /** Why it failed, or what it waits for has failed. */
  readonly error: string | undefined;
}

/** A command that a saga waits for. */
export interface SagaAsk {
  readonly command: string;
  readonly commandId: string;
  readonly isUndo: boolean;
  readonly attempts: number;
  /** When it is sent next, in ISO 8601; `undefined` if only an operator has it sent. */
  readonly dueAt: string | undefined;
  readonly error: string | undefined;
}

/** A saga with all that is known of it. */
export interface SagaDetails extends SagaSummary {
  readonly version: number;
  readonly correlationId: string | undefined;
  /** Its state; what its schema marks as sensitive is masked. */
  readonly state: unknown;
  readonly asks: readonly SagaAsk[];
  readonly timers: readonly { readonly name: string; readonly dueAt: string; readonly error: string | undefined }[];
  /** The commands that undo what it did, in the order in which they would be sent. */
  readonly undo: readonly string[];
}

/** Which sagas are meant. */
export interface SagaSelection {
  readonly saga?: string | undefined;
  /** @defaultValue those that have not ended */
  readonly status?: SagaStatus | undefined;
}

const COLUMNS = "saga, id, status, begun_at, changed_at, error";

/** What an operator does to sagas. It asks and records nothing: the command `merp saga` does. */
export class SagaOperations {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The sagas of a selection: those that are stuck first, then the one that has waited longest. */
  async list({ saga, status }: SagaSelection, most: number): Promise<readonly SagaSummary[]> {
    const { rows } = await this.#database.query(
      `SELECT ${COLUMNS} FROM merp_saga
       WHERE ($1::text IS NULL OR saga = $1) AND (CASE WHEN $2::text IS NULL THEN status IN ('running', 'undoing', 'stuck') ELSE status = $2 END)
       ORDER BY status <> 'stuck', changed_at LIMIT $3::int`,
      [saga ?? null, status ?? null, most],
    );
    return rows.map(summaryOf);
  }

  /** `undefined` if there is none. */
  async get(saga: string, id: string): Promise<SagaDetails | undefined> {
    const key = [saga, id];
    const found = await this.#database.query(
      `SELECT ${COLUMNS}, version, correlation_id, shown, undo FROM merp_saga WHERE saga = $1 AND id = $2`,
      key,
    );
    const [row] = found.rows;
    if (row === undefined) return undefined;
    const asks = await this.#database.query(
      `SELECT command, command_id, is_undo, attempts, nullif(due_at, 'infinity') AS due_at, error FROM merp_saga_ask
       WHERE saga = $1 AND id = $2 ORDER BY place`,
      key,
    );
    const timers = await this.#database.query(
      "SELECT name, due_at, error FROM merp_saga_timer WHERE saga = $1 AND id = $2 ORDER BY due_at",
      key,
    );
    const undo = JSON.parse(String(row["undo"])) as readonly { readonly command: string }[];
    return {
      ...summaryOf(row),
      version: Number(row["version"]),
      correlationId: textOf(row["correlation_id"]),
      state: JSON.parse(String(row["shown"])),
      asks: asks.rows.map(askOf),
      timers: timers.rows.map(({ name, due_at, error }) => ({
        ...{ name: String(name), dueAt: instantOf(due_at), error: textOf(error) },
      })),
      undo: undo.map(({ command }) => command).reverse(),
    };
  }

  /**
   * Has the commands that a saga waits for sent now, also one that had failed for good.
   * @returns how many
   * @throws {MessagingError} `SAGA_MISSING`
   */
  retry(saga: string, id: string): Promise<number> {
    return transaction(this.#database, async (db) => {
      const instance = await found(db, saga, id);
      const { rows } = await db.query(
        "UPDATE merp_saga_ask SET due_at = now(), attempts = 0 WHERE saga = $1 AND id = $2 AND error IS NOT NULL RETURNING 1 AS one",
        [saga, id],
      );
      if (instance.status === "stuck") await saveInstance(db, { ...instance, status: "undoing", shown: undefined });
      await db.query("UPDATE merp_saga_timer SET due_at = now() WHERE saga = $1 AND id = $2 AND error IS NOT NULL", [
        saga,
        id,
      ]);
      return rows.length;
    });
  }

  /**
   * Fails a saga: what it did is undone.
   * @returns `false` if it has failed or ended already
   * @throws {MessagingError} `SAGA_MISSING`
   */
  cancel(saga: string, id: string, reason: string): Promise<boolean> {
    return transaction(this.#database, async (db) => {
      const instance = await found(db, saga, id);
      if (instance.status !== "running") return false;
      const next = await progressed(db, { ...instance, status: "undoing", error: reason });
      await saveInstance(db, { ...next, shown: undefined });
      return true;
    });
  }
}

async function found(
  db: Queryable,
  saga: string,
  id: string,
): Promise<NonNullable<Awaited<ReturnType<typeof lockInstance>>>> {
  const instance = await lockInstance(db, saga, id);
  if (instance !== undefined) return instance;
  throw new MessagingError("SAGA_MISSING", `there is no saga ${saga} ${id}: merp saga list shows those under way`);
}

function summaryOf({ saga, id, status, begun_at, changed_at, error }: Row): SagaSummary {
  return {
    ...{ saga: String(saga), id: String(id), status: status as SagaStatus },
    ...{ begunAt: instantOf(begun_at), changedAt: instantOf(changed_at), error: textOf(error) },
  };
}

function askOf({ command, command_id, is_undo, attempts, due_at, error }: Row): SagaAsk {
  return {
    ...{
      command: String(command),
      commandId: String(command_id),
      isUndo: is_undo === true,
      attempts: Number(attempts),
    },
    ...{ dueAt: due_at === null ? undefined : instantOf(due_at), error: textOf(error) },
  };
}

function instantOf(value: unknown): string {
  return new Date(value as string | Date).toISOString();
}

function textOf(value: unknown): string | undefined {
  return value === null || value === undefined ? undefined : String(value);
}
