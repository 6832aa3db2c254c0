import { MessagingError } from "../errors.js";
import type { OutboxHealth } from "../messaging/health.js";
import type { Queryable } from "./database.js";
import { PARTS } from "./outbox-row.js";

/** A message that waits in the outbox, as it is stored. */
export interface StoredMessage {
  /** A number that may be beyond what JavaScript counts to. */
  readonly place: string;
  readonly id: string;
  readonly type: string;
  readonly stream: string;
  readonly key: string;
  /** Whether its publisher chose the key. */
  readonly is_given: boolean;
  readonly entry: string;
  readonly channel: string | null;
  readonly announced: string | null;
  readonly correlation_id: string | null;
  readonly contract: string;
  /** Whether it was published before, and Redis may no longer know it. */
  readonly is_forgotten: boolean | null;
}

/** The class of the advisory locks: the table itself, so that each schema of a database has its own. */
export const LOCKS = "'merp_outbox'::regclass::oid::int";

/** The lock that writers share, and that a relay holds by itself while it sleeps. */
export const SLEEP: string = `${LOCKS}, ${PARTS}`;

/** What a look at the outbox leaves out. */
interface Leaving {
  /** Streams that cannot be added to at the moment. */
  readonly hindered: readonly string[];
}

const MAY_BE_SENT = "refusal IS NULL AND stream <> ALL ($1::text[])";

/** How a relay takes parts. */
interface Taking extends Leaving {
  readonly most: number;
  /** After so long without a statement the database ends the transaction: its process stands still. */
  readonly holdMs: number;
}

/**
 * Locks parts that have messages and that no other relay has locked, until the end of the transaction. What they hold must be read
 * by a statement of its own: it then sees what the relay before has committed.
 */
export async function lockParts(tx: Queryable, { hindered, most, holdMs }: Taking): Promise<readonly number[]> {
  // One probe of the index for each part, however much waits. Materialized, so that no more is locked than is taken.
  const { rows } = await tx.query(
    `WITH waiting AS MATERIALIZED (
      SELECT parts.part FROM generate_series(0, ${PARTS - 1}) AS parts (part)
      CROSS JOIN LATERAL (
        SELECT FROM merp_outbox WHERE merp_outbox.part = parts.part AND ${MAY_BE_SENT} ORDER BY place LIMIT 1
      ) AS first
      ORDER BY random()
    )
    SELECT part, set_config('idle_in_transaction_session_timeout', $3::text, true)
    FROM waiting WHERE pg_try_advisory_xact_lock(${LOCKS}, part) LIMIT $2::int`,
    [hindered, most, String(Math.ceil(holdMs))],
  );
  return rows.map(({ part }) => Number(part));
}

/** The first messages of each part, in their order: so many in all, and so much text, or one message. */
export async function readWaiting(
  tx: Queryable,
  parts: readonly number[],
  { hindered, most, mostBytes }: Leaving & { readonly most: number; readonly mostBytes: number },
): Promise<readonly StoredMessage[]> {
  const { rows } = await tx.query(
    `SELECT place, id, type, stream, key, is_given, entry, channel, announced, correlation_id, contract, known_until < now() AS is_forgotten FROM (
      SELECT waiting.*, row_number() OVER in_order AS count,
        sum(octet_length(entry) + coalesce(octet_length(announced), 0)) OVER in_order AS bytes
      FROM unnest($2::int[]) AS parts (part)
      CROSS JOIN LATERAL (
        SELECT * FROM merp_outbox WHERE merp_outbox.part = parts.part AND ${MAY_BE_SENT} ORDER BY place LIMIT $3::int
      ) AS waiting
      WINDOW in_order AS (ORDER BY place)
    ) AS bounded
    WHERE count = 1 OR bytes <= $4::bigint ORDER BY place`,
    [hindered, parts, Math.ceil(most / parts.length), mostBytes],
  );
  return rows as unknown as readonly StoredMessage[];
}

/** The columns that a message has also when it was published. */
export const KEPT =
  "place, id, type, stream, key, is_given, part, entry, channel, announced, correlation_id, contract, written_at";

/**
 * Takes messages out of the outbox that are in their streams. What Redis knows of a message is not renewed when it is found again.
 *
 * @param keep - for how long Redis knows the messages, if they are to be kept
 * @throws {MessagingError} `TRANSACTION_FAILED` if the database leaves one there: it would be published again and again, and, once
 *   Redis has forgotten its id, stored twice
 */
export async function markSent(
  tx: Queryable,
  places: readonly string[],
  keep: { readonly knownMs: number } | undefined,
): Promise<void> {
  const sent = "sent AS (DELETE FROM merp_outbox WHERE place = ANY ($1::bigint[]) RETURNING *)";
  const knownUntil = "coalesce(known_until, now() + $2::float8 * interval '1 ms')";
  const kept = `, kept AS (INSERT INTO merp_outbox_sent (${KEPT}, known_until) SELECT ${KEPT}, ${knownUntil} FROM sent)`;
  const { rows } = await tx.query(
    `WITH ${sent}${keep === undefined ? "" : kept} SELECT count(*) AS count FROM sent`,
    keep === undefined ? [places] : [places, keep.knownMs],
  );
  assertChanged(Number(rows[0]?.["count"]), places.length);
}

/** A policy for rows, a trigger, and a row that somebody has removed, can have a statement change nothing, without an error. */
function assertChanged(changed: number, wanted: number): void {
  if (changed === wanted) return;
  const text = `the database let ${changed} of ${wanted} rows of merp_outbox be changed: a policy or a trigger lets this user read messages, and not take them out, or somebody has removed them meanwhile`;
  throw new MessagingError("TRANSACTION_FAILED", text, { retryable: true });
}

/** Sets a message aside, for an operator. */
export async function refuse(tx: Queryable, place: string, why: string): Promise<void> {
  // PostgreSQL has no text with this character.
  const { rows } = await tx.query("UPDATE merp_outbox SET refusal = $2 WHERE place = $1 RETURNING place", [
    place,
    why.replaceAll("\0", "\\0"),
  ]);
  assertChanged(rows.length, 1);
}

const SWEPT_AT_ONCE = 10_000;

/** Removes messages that were sent longer ago than that. False when more is to be removed. */
export async function sweepSent(database: Queryable, keptMs: number): Promise<boolean> {
  const { rows } = await database.query(
    `WITH swept AS (
      DELETE FROM merp_outbox_sent WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM merp_outbox_sent WHERE sent_at < now() - $1::float8 * interval '1 ms' ORDER BY sent_at LIMIT ${SWEPT_AT_ONCE}
      )) RETURNING 1
    ) SELECT count(*) AS count FROM swept`,
    [keptMs],
  );
  return Number(rows[0]?.["count"]) < SWEPT_AT_ONCE;
}

/** More than that is not counted: to count is to read. */
export const MOST_COUNTED = 100_000;

/** How much waits, and for how long. */
export async function lagOf(database: Queryable): Promise<Omit<OutboxHealth, "advice">> {
  const counted = (state: string): string =>
    `(SELECT count(*) FROM (SELECT FROM merp_outbox WHERE ${state} LIMIT ${MOST_COUNTED}) AS counted)`;
  const { rows } = await database.query(
    `SELECT ${counted("refusal IS NULL")} AS waiting, ${counted("refusal IS NOT NULL")} AS refused,
      coalesce(extract(epoch FROM now() - min(first.written_at)), 0)::float8 AS age
    FROM generate_series(0, ${PARTS - 1}) AS parts (part)
    CROSS JOIN LATERAL (
      SELECT written_at FROM merp_outbox WHERE merp_outbox.part = parts.part AND refusal IS NULL ORDER BY place LIMIT 1
    ) AS first`,
  );
  const { waiting, refused, age } = rows[0] ?? {};
  const seconds = Math.max(0, Math.round(Number(age) * 1000) / 1000);
  return { waiting: Number(waiting), oldest_waiting_seconds: seconds, refused: Number(refused) };
}
