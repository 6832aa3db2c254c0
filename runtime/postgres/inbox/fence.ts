import { MessagingError } from "../../errors.js";
import type { MessageContext } from "../../messaging/handler.js";
import type { Queryable } from "../database.js";

const HELD = "SELECT 1 AS one FROM merp_fence WHERE consumer_group = $1 AND part = $2 AND fence = $3::bigint FOR SHARE";

const RAISE = `
  INSERT INTO merp_fence AS held (consumer_group, part, fence) VALUES ($1, $2, $3::bigint)
  ON CONFLICT (consumer_group, part) DO UPDATE SET fence = greatest(held.fence, excluded.fence)
  RETURNING fence = $3::bigint AS valid`;

/**
 * Has a transaction commit before any of a later owner of its partition begins, or not at all. The transactions of one owner
 * share the lock of its row. The first one of the next owner waits for them.
 * @throws {MessagingError} a later owner has begun
 */
export async function assertOwner(db: Queryable, context: MessageContext): Promise<void> {
  const { fence, group, stream, partition = 0, type } = context;
  if (fence === undefined) return;
  // The name alone: members may know different numbers of partitions.
  const key = [group, stream, fence];
  if ((await db.query(HELD, key)).rows.length > 0) return;
  const { rows } = await db.query(RAISE, key);
  if (rows[0]?.["valid"] === true) return;
  const text = `${type} is not handled here: another process owns partition ${partition} of ${stream} by now, and handles it`;
  throw new MessagingError("TRANSACTION_FAILED", text, { retryable: true });
}
