import type { Queryable, Row } from "../postgres/database.js";
import type { Request } from "./step.js";

/** A command that a saga waits for. */
export interface Ask {
  readonly place: string;
  readonly saga: string;
  readonly id: string;
  readonly commandId: string;
  readonly request: Request;
  readonly isUndo: boolean;
  /** The answer, if it came, and the step that takes it has failed. */
  readonly answer: { readonly result: unknown } | undefined;
  /** How often it was answered with a failure, or its step failed. */
  readonly attempts: number;
  readonly correlationId: string | undefined;
}

/**
 * Takes commands that are due, and keeps other processes from them for a time: until this one has their answers, or has died.
 * Whoever takes one after that sends it under the same id.
 */
export async function takeAsks(
  db: Queryable,
  sagas: readonly string[],
  { most, leaseSeconds }: { readonly most: number; readonly leaseSeconds: number },
): Promise<readonly Ask[]> {
  const { rows } = await db.query(
    `WITH due AS (
       SELECT place FROM merp_saga_ask WHERE due_at <= now() AND saga = ANY($1::text[])
       ORDER BY due_at LIMIT $2::int FOR UPDATE SKIP LOCKED)
     UPDATE merp_saga_ask AS ask
     SET due_at = now() + make_interval(secs => $3::float8 + coalesce((ask.request::json -> 'options' ->> 'timeoutSeconds')::float8, 30))
     FROM due WHERE ask.place = due.place
     RETURNING ask.place::text AS place, ask.saga, ask.id, ask.command_id AS command, ask.request, ask.is_undo AS undo, ask.answer,
       ask.attempts, (SELECT correlation_id FROM merp_saga AS whole WHERE whole.saga = ask.saga AND whole.id = ask.id) AS correlation`,
    [sagas, most, leaseSeconds],
  );
  return rows.map(askOf);
}

/** Removes a command that has its answer. @returns `false` if another process has done so */
export async function settleAsk(db: Queryable, { place, commandId }: Ask): Promise<boolean> {
  const text = "DELETE FROM merp_saga_ask WHERE place = $1::bigint AND command_id = $2 RETURNING 1 AS one";
  return (await db.query(text, [place, commandId])).rows.length > 0;
}

/** Has a command sent again, or its answer taken again. One that was answered with a failure needs another id. */
export async function postponeAsk(
  db: Queryable,
  { place, commandId }: Ask,
  { seconds, error, counts, isAnew, answer }: Postponed,
): Promise<void> {
  await db.query(
    `UPDATE merp_saga_ask SET due_at = now() + make_interval(secs => $3::float8), error = $4,
       attempts = attempts + $5::int, answer = $6,
       command_id = CASE WHEN $7::boolean THEN gen_random_uuid()::text ELSE command_id END
     WHERE place = $1::bigint AND command_id = $2`,
    [place, commandId, seconds, error, counts ? 1 : 0, answer === undefined ? null : JSON.stringify(answer), isAnew],
  );
}

interface Postponed {
  readonly seconds: number;
  readonly error: string;
  /** Whether it is one attempt more. */
  readonly counts: boolean;
  readonly isAnew: boolean;
  readonly answer?: { readonly result: unknown };
}

/** Leaves a command to an operator. */
export async function setAskAside(db: Queryable, { place }: Ask, error: string): Promise<void> {
  const text = `UPDATE merp_saga_ask SET due_at = 'infinity', error = $2, attempts = attempts + 1, command_id = gen_random_uuid()::text WHERE place = $1::bigint`;
  await db.query(text, [place, error]);
}

function askOf(row: Row): Ask {
  const { place, saga, id, command, request, undo, answer, attempts, correlation } = row;
  return {
    place: String(place),
    saga: String(saga),
    id: String(id),
    commandId: String(command),
    request: JSON.parse(String(request)) as Request,
    isUndo: undo === true,
    answer: typeof answer === "string" ? (JSON.parse(answer) as { result: unknown }) : undefined,
    attempts: Number(attempts),
    correlationId: (correlation as string | null) ?? undefined,
  };
}
