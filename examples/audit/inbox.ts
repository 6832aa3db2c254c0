import type { Database, Query } from "./database.js";

/**
 * One row for each handled message and consumer group. A row is needed for as long as its message can be delivered again,
 * which no setting limits: docs/recipes.md says how to find rows that may be deleted.
 */
export const INBOX = `
  CREATE TABLE IF NOT EXISTS inbox (
    consumer_group text NOT NULL,
    message_id     text NOT NULL,
    received_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer_group, message_id)
  )`;

/**
 * Does a message's work exactly once, however often the message is delivered: the work and its inbox row are written in
 * one transaction. If the work throws, no row is written, and the message is redelivered.
 *
 * @returns `true` if the work was done now, `false` if it was done before
 */
export function takeIn(
  database: Database,
  { group, messageId }: { readonly group: string; readonly messageId: string | undefined },
  work: (query: Query) => Promise<unknown>,
): Promise<boolean> {
  return database.transaction(async (query) => {
    const [first] = await query(
      "INSERT INTO inbox (consumer_group, message_id) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING message_id",
      [group, messageId],
    );
    if (first === undefined) return false;
    await work(query);
    return true;
  });
}
