import type { FlatFields } from "../contract/codec.js";
import type { OutboxHealth } from "../messaging/health.js";
import { type Database, type Queryable, type Row, transaction } from "./database.js";
import { outboxHealth } from "./outbox-health.js";
import { KEPT, LOCKS, MOST_COUNTED } from "./outbox-store.js";

/** A message in the outbox, without its content. */
export interface OutboxMessage {
  /** Its number in the outbox, as text: it may be beyond what JavaScript counts to. */
  readonly place: string;
  readonly id: string;
  readonly type: string;
  /** The whole name of its stream. */
  readonly stream: string;
  readonly key: string;
  /** When it was written, in ISO 8601. */
  readonly writtenAt: string;
  /** Why it cannot be published; `undefined` while it waits. */
  readonly refusal: string | undefined;
}

/** How much of one type is in the outbox. */
export interface OutboxCount {
  readonly type: string;
  readonly stream: string;
  readonly waiting: number;
  readonly refused: number;
}

/** Which messages are meant: those of these places, or the refused ones, all or of one type. */
export type OutboxSelection =
  | { readonly places: readonly string[] }
  | { readonly refused: true; readonly type?: string | undefined };

const COLUMNS = "place, id, type, stream, key, written_at, refusal";

/** Redis still knows a message when a relay gets to it. */
const KNOWN = "(known_until > now() + interval '5 minutes')";

/** What an operator does to an outbox. It asks and records nothing: the command `merp outbox` does. */
export class OutboxOperations {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  health(): Promise<OutboxHealth> {
    return outboxHealth(this.#database);
  }

  /** Of the first 100,000 messages that wait, and of those that were refused. */
  async counts(): Promise<readonly OutboxCount[]> {
    const { rows } = await this.#database.query(
      `SELECT type, stream, count(*) FILTER (WHERE refusal IS NULL) AS waiting, count(refusal) AS refused
      FROM (SELECT type, stream, refusal FROM merp_outbox LIMIT ${MOST_COUNTED}) AS counted
      GROUP BY type, stream ORDER BY refused DESC, waiting DESC, type`,
    );
    return rows.map(({ type, stream, waiting, refused }) => ({
      ...{ type: String(type), stream: String(stream) },
      ...{ waiting: Number(waiting), refused: Number(refused) },
    }));
  }

  /** The messages of one state, in their order, behind a place. */
  async list(
    state: "refused" | "waiting",
    {
      type,
      after = "-1",
      most,
    }: { readonly type?: string | undefined; readonly after?: string; readonly most: number },
  ): Promise<readonly OutboxMessage[]> {
    const { rows } = await this.#database.query(
      `SELECT ${COLUMNS} FROM merp_outbox
      WHERE refusal IS ${state === "refused" ? "NOT " : ""}NULL AND place > $1::bigint AND ($2::text IS NULL OR type = $2::text)
      ORDER BY place LIMIT $3::int`,
      [after, type ?? null, most],
    );
    return rows.map(messageOf);
  }

  /** One message with its entry; `undefined` when it is not in the outbox. The entry is `undefined` where it is no list of texts. */
  async get(place: string): Promise<(OutboxMessage & { readonly entry: FlatFields | undefined }) | undefined> {
    const { rows } = await this.#database.query(`SELECT ${COLUMNS}, entry FROM merp_outbox WHERE place = $1::bigint`, [
      place,
    ]);
    const [row] = rows;
    return row && { ...messageOf(row), entry: entryIn(row["entry"]) };
  }

  /** How many of the messages that are meant are there. */
  async count(selection: OutboxSelection): Promise<number> {
    const { where, values } = conditionOf(selection);
    const { rows } = await this.#database.query(`SELECT count(*) AS count FROM merp_outbox WHERE ${where}`, values);
    return Number(rows[0]?.["count"]);
  }

  /** Has refused messages published after all, behind what was published meanwhile. Resolves to how many. */
  async retry(selection: OutboxSelection): Promise<number> {
    const { where, values } = conditionOf(selection);
    return countOf(
      this.#database,
      `UPDATE merp_outbox SET refusal = NULL, known_until = NULL WHERE refusal IS NOT NULL AND ${where}`,
      values,
    );
  }

  /** Removes messages for good, unpublished. A batch that is under way is waited for. Resolves to how many. */
  async discard(selection: OutboxSelection): Promise<number> {
    const { where, values } = conditionOf(selection);
    return transaction(this.#database, async (tx) => {
      const locked = `SELECT pg_advisory_xact_lock(${LOCKS}, part)::text FROM (SELECT DISTINCT part::int AS part FROM merp_outbox WHERE ${where} ORDER BY part) AS parts`;
      await tx.query(locked, values);
      return countOf(tx, `DELETE FROM merp_outbox WHERE ${where}`, values);
    });
  }

  /**
   * How many messages were published since, and are kept: those that `republish` publishes again, and those that it leaves, because
   * Redis would not know any more that it has them.
   */
  async countSent(since: Date): Promise<{ readonly known: number; readonly forgotten: number }> {
    const { rows } = await this.#database.query(
      `SELECT count(*) FILTER (WHERE ${KNOWN}) AS known, count(*) FILTER (WHERE NOT ${KNOWN}) AS forgotten
      FROM merp_outbox_sent WHERE sent_at >= $1::timestamptz`,
      [since.toISOString()],
    );
    return { known: Number(rows[0]?.["known"]), forgotten: Number(rows[0]?.["forgotten"]) };
  }

  /**
   * Has messages published again that were published since, in their order. Redis stores those that it has lost. What it may no
   * longer know is left: it would be stored twice.
   */
  async republish(since: Date): Promise<number> {
    return countOf(
      this.#database,
      `INSERT INTO merp_outbox (${KEPT}, known_until) OVERRIDING SYSTEM VALUE SELECT ${KEPT}, known_until FROM again ORDER BY place`,
      [since.toISOString()],
      `again AS (DELETE FROM merp_outbox_sent WHERE sent_at >= $1::timestamptz AND ${KNOWN} RETURNING *),`,
    );
  }
}

function conditionOf(selection: OutboxSelection): { readonly where: string; readonly values: unknown[] } {
  if ("places" in selection) return { where: "place = ANY ($1::bigint[])", values: [selection.places] };
  const { type } = selection;
  return type === undefined
    ? { where: "refusal IS NOT NULL", values: [] }
    : { where: "refusal IS NOT NULL AND type = $1::text", values: [type] };
}

/** How many rows a statement changes, which not each driver tells in the same way. */
async function countOf(database: Queryable, change: string, values: unknown[], before = ""): Promise<number> {
  const text = `WITH ${before} changed AS (${change} RETURNING 1) SELECT count(*) AS count FROM changed`;
  const { rows } = await database.query(text, values);
  return Number(rows[0]?.["count"]);
}

function messageOf({ place, id, type, stream, key, written_at, refusal }: Row): OutboxMessage {
  return {
    ...{ place: String(place), id: String(id), type: String(type), stream: String(stream), key: String(key) },
    writtenAt: new Date(written_at as Date | string).toISOString(),
    refusal: refusal === null ? undefined : String(refusal),
  };
}

function entryIn(text: unknown): FlatFields | undefined {
  try {
    const entry: unknown = JSON.parse(String(text));
    return Array.isArray(entry) && entry.every((each) => typeof each === "string") ? entry : undefined;
  } catch {
    return undefined;
  }
}
