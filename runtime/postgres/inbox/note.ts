import type { MessageContext } from "../../messaging/handler.js";
import type { Queryable } from "../database.js";

/** What is known of a message when its handlers are about to run. */
export interface Note {
  /** Whether a transaction in which its handlers ran has been committed. */
  readonly isHandled: boolean;
  /** What the handler of a command returned then. */
  readonly answer: unknown;
}

/**
 * A second transaction with the same key waits here until the first has ended. If that was committed, its row is counted up,
 * so that a note is as young as the last delivery of its message.
 */
const WRITE = `
  INSERT INTO merp_inbox AS note (consumer_group, type, message_id) VALUES ($1, $2, $3)
  ON CONFLICT (consumer_group, type, message_id)
    DO UPDATE SET deliveries = note.deliveries + 1, noted_at = now()
  RETURNING deliveries, answer`;

const ANSWER = `UPDATE merp_inbox SET answer = $4 WHERE consumer_group = $1 AND type = $2 AND message_id = $3`;

const REMOVE = `
  DELETE FROM merp_inbox WHERE ctid IN (
    SELECT ctid FROM merp_inbox
    WHERE consumer_group = $1 AND noted_at < now() - make_interval(secs => $2::float8) LIMIT $3::int)
  RETURNING 1 AS one`;

/**
 * A group handles a message of one type once. Types are told apart, because a service may publish an event and a notification
 * under one id. An upcaster that a later release adds changes nothing: the type is that on the wire.
 */
function keyOf({ group, type, originalType, messageId, stream, entryId }: MessageContext): unknown[] {
  return [group, originalType ?? type, messageId ?? `${stream} ${entryId}`];
}

/** Notes, in the transaction of its handlers, that a message is handled. */
export async function writeNote(db: Queryable, context: MessageContext): Promise<Note> {
  const { rows } = await db.query(WRITE, keyOf(context));
  const { deliveries, answer } = rows[0] ?? {};
  const isHandled = Number(deliveries) > 1;
  return { isHandled, answer: typeof answer === "string" ? JSON.parse(answer) : undefined };
}

/** Adds to a note what is answered again if its command is delivered again. */
export async function writeAnswer(db: Queryable, context: MessageContext, answer: unknown): Promise<void> {
  const text = JSON.stringify(answer);
  if (text !== undefined) await db.query(ANSWER, [...keyOf(context), text]);
}

/** Removes some notes of a group. @returns how many */
export async function removeNotes(
  db: Queryable,
  group: string,
  { olderThanMs, most }: { readonly olderThanMs: number; readonly most: number },
): Promise<number> {
  const { rows } = await db.query(REMOVE, [group, olderThanMs / 1000, most]);
  return rows.length;
}
