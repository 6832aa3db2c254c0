import type { Queryable, Row } from "../postgres/database.js";
import type { Request } from "./step.js";
import { storable } from "./storable.js";

/**
 * `running`; `undoing`: it has failed, and what it did is being undone; `stuck`: a command that undoes has failed for good, so
 * an operator must look at it; `done`; `undone`: it has failed, and all of it was undone.
 */
export type SagaStatus = "running" | "undoing" | "stuck" | "done" | "undone";

/** A saga as its row has it. */
export interface Instance {
  readonly saga: string;
  readonly id: string;
  readonly version: number;
  readonly state: string;
  readonly status: SagaStatus;
  readonly undo: readonly Request[];
  readonly error: string | undefined;
  readonly correlationId: string | undefined;
}

const COLUMNS = "saga, id, version, state, status, undo, error, correlation_id AS correlation";

/** Reads a saga, and locks it: whatever else takes it waits for this transaction. `undefined` if there is none. */
export async function lockInstance(db: Queryable, saga: string, id: string): Promise<Instance | undefined> {
  const { rows } = await db.query(`SELECT ${COLUMNS} FROM merp_saga WHERE saga = $1 AND id = $2 FOR UPDATE`, [
    saga,
    id,
  ]);
  return rows[0] === undefined ? undefined : instanceOf(rows[0]);
}

/** Begins a saga, unless there is one of that name and id. A transaction that begins the same one waits here. */
export async function insertInstance(
  db: Queryable,
  { saga, id, version }: Pick<Instance, "saga" | "id" | "version">,
  correlationId: string | undefined,
): Promise<boolean> {
  const { rows } = await db.query(
    `INSERT INTO merp_saga (saga, id, version, state, shown, status, correlation_id)
     VALUES ($1, $2, $3::int, '{}', '{}', 'running', $4) ON CONFLICT (saga, id) DO NOTHING RETURNING 1 AS one`,
    [saga, id, version, correlationId ?? null],
  );
  return rows.length > 0;
}

export async function saveInstance(
  db: Queryable,
  instance: Instance & { readonly shown: string | undefined },
): Promise<void> {
  const { saga, id, version, state, shown, status, undo, error } = instance;
  await db.query(
    `UPDATE merp_saga SET version = $3::int, state = $4, shown = coalesce($5, shown), status = $6, undo = $7, error = $8,
       changed_at = now()
     WHERE saga = $1 AND id = $2`,
    [
      saga,
      id,
      version,
      state,
      shown ?? null,
      status,
      JSON.stringify(undo),
      error === undefined ? null : storable(error),
    ],
  );
}

/** Stores a command that is to be sent. */
export async function insertAsk(
  db: Queryable,
  { saga, id }: Pick<Instance, "saga" | "id">,
  request: Request,
  isUndo: boolean,
): Promise<void> {
  await db.query(
    `INSERT INTO merp_saga_ask (saga, id, command_id, command, request, is_undo)
     VALUES ($1, $2, gen_random_uuid()::text, $3, $4, $5::boolean)`,
    [saga, id, request.command, JSON.stringify(request), isUndo],
  );
}

export async function setTimer(
  db: Queryable,
  { saga, id }: Pick<Instance, "saga" | "id">,
  name: string,
  seconds: number | undefined,
): Promise<void> {
  if (seconds === undefined) {
    await db.query("DELETE FROM merp_saga_timer WHERE saga = $1 AND id = $2 AND name = $3", [saga, id, name]);
    return;
  }
  await db.query(
    `INSERT INTO merp_saga_timer (saga, id, name, due_at) VALUES ($1, $2, $3, now() + make_interval(secs => $4::float8))
     ON CONFLICT (saga, id, name) DO UPDATE SET due_at = excluded.due_at, attempts = 0, error = NULL`,
    [saga, id, name, seconds],
  );
}

/**
 * Takes a saga that has failed one command further back, once no command is under way: the answer to that may tell of more that is
 * to be undone. A saga that has ended waits for nothing any more, and keeps no command: its ciphertexts would need their key.
 */
export async function progressed(db: Queryable, instance: Instance): Promise<Instance> {
  const { saga, id, status, undo } = instance;
  if (status === "running" || status === "stuck") return instance;
  await db.query("DELETE FROM merp_saga_timer WHERE saga = $1 AND id = $2", [saga, id]);
  if (status !== "undoing") {
    await db.query("DELETE FROM merp_saga_ask WHERE saga = $1 AND id = $2", [saga, id]);
    return { ...instance, undo: [] };
  }
  const { rows } = await db.query("SELECT 1 AS one FROM merp_saga_ask WHERE saga = $1 AND id = $2 LIMIT 1", [saga, id]);
  if (rows.length > 0) return instance;
  const last = undo.at(-1);
  if (last === undefined) return { ...instance, status: "undone" };
  await insertAsk(db, instance, last, true);
  return { ...instance, undo: undo.slice(0, -1) };
}

function instanceOf(row: Row): Instance {
  const { saga, id, version, state, status, undo, error, correlation } = row;
  return {
    saga: String(saga),
    id: String(id),
    version: Number(version),
    state: String(state),
    status: status as SagaStatus,
    undo: JSON.parse(String(undo)) as Request[],
    error: (error as string | null) ?? undefined,
    correlationId: (correlation as string | null) ?? undefined,
  };
}
