import type { Queryable, Row } from "../postgres/database.js";
import type { Refusal } from "./definition.js";
import type { Request } from "./step.js";
import { storable } from "./storable.js";

/** What a command was answered with: its result, or why it has failed for good. */
export type Answer = { readonly result: unknown } | { readonly refusal: Refusal };

/** A command that a saga waits for. */
export interface Ask {
  readonly place: string;
  readonly saga: string;
  readonly id: string;
  readonly commandId: string;
  readonly request: Request;
  readonly isUndo: boolean;
  /** The answer, if it came, and the step that takes it has failed. */
  readonly answer: Answer | undefined;
  /** How often it was answered with a failure, or its step failed. */
  readonly attempts: number;
  readonly correlationId: string | undefined;
}

const DUE = `
  SELECT place::text AS place, saga, id, command_id AS command, request, is_undo AS undo, answer, attempts,
    (SELECT correlation_id FROM merp_saga AS whole WHERE whole.saga = ask.saga AND whole.id = ask.id) AS correlation
  FROM merp_saga_ask AS ask
  WHERE due_at <= now() AND saga = ANY($1::text[]) AND place <> ALL($2::bigint[])
  ORDER BY due_at LIMIT $3::int FOR UPDATE SKIP LOCKED`;

const LEASE = `
  UPDATE merp_saga_ask AS ask SET due_at = now() + make_interval(secs => lease.seconds)
  FROM unnest($1::bigint[], $2::float8[]) AS lease (place, seconds) WHERE ask.place = lease.place`;

interface Taken {
  readonly sagas: readonly string[];
  readonly most: number;
  /** The places of commands that this process waits for: an operator may have made them due again. */
  readonly except: readonly string[];
  /** For how long other processes are kept from one. */
  readonly secondsOf: (ask: Ask) => number;
}

/**
 * Takes commands that are due, and keeps other processes from them for a time: until this one has their answers, or has died.
 * Whoever takes one after that sends it under the same id. PostgreSQL does not look into a command: it refuses JSON that this
 * runtime accepts.
 */
export async function takeAsks(db: Queryable, { sagas, most, except, secondsOf }: Taken): Promise<readonly Ask[]> {
  const { rows } = await db.query(DUE, [sagas, except, most]);
  const asks = rows.map(askOf);
  if (asks.length > 0) await db.query(LEASE, [asks.map(({ place }) => place), asks.map(secondsOf)]);
  return asks;
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
       attempts = attempts + $5::int, answer = coalesce($6, answer),
       command_id = CASE WHEN $7::boolean THEN gen_random_uuid()::text ELSE command_id END
     WHERE place = $1::bigint AND command_id = $2`,
    [
      place,
      commandId,
      seconds,
      storable(error),
      counts ? 1 : 0,
      answer === undefined ? null : JSON.stringify(answer),
      isAnew,
    ],
  );
}

interface Postponed {
  readonly seconds: number;
  readonly error: string;
  /** Whether it is one attempt more. */
  readonly counts: boolean;
  readonly isAnew: boolean;
  /** One that another process has kept is not forgotten. */
  readonly answer?: Answer;
}

/** Leaves a command to an operator. @returns `false` if another process has done so, or has its answer */
export async function setAskAside(db: Queryable, { place, commandId }: Ask, error: string): Promise<boolean> {
  const { rows } = await db.query(
    `UPDATE merp_saga_ask SET due_at = 'infinity', error = $3, attempts = attempts + 1, answer = NULL,
       command_id = gen_random_uuid()::text
     WHERE place = $1::bigint AND command_id = $2 RETURNING 1 AS one`,
    [place, commandId, storable(error)],
  );
  return rows.length > 0;
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
    answer: typeof answer === "string" ? (JSON.parse(answer) as Answer) : undefined,
    attempts: Number(attempts),
    correlationId: (correlation as string | null) ?? undefined,
  };
}
