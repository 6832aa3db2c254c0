import { type Database, transaction } from "./database.js";

/** What a message in the outbox holds, or one that was published and is kept. */
export interface OutboxContent {
  /** The whole name of its stream. */
  readonly stream: string;
  /** Whether it was published. */
  readonly isSent: boolean;
  /** Its entry, and what is announced of it, as JSON. */
  readonly texts: readonly string[];
  /** When it was written, in ms since 1970. */
  readonly writtenMs: number;
}

const PAGE = 500;

/**
 * Reads the contents that may hold a ciphertext, a page at a time. Both tables are read as of one moment: a message that a relay moves
 * from one to the other meanwhile is read all the same.
 */
export function readOutboxContents(database: Database, look: (content: OutboxContent) => void): Promise<void> {
  return transaction(database, async (tx) => {
    const columns = "stream, entry, announced, extract(epoch FROM written_at)::float8 * 1000 AS written";
    const isOfInterest = "entry ~ '[esw]1\\.' OR announced ~ '[esw]1\\.'";
    await tx.query(
      `DECLARE merp_contents NO SCROLL CURSOR FOR
      SELECT ${columns}, false AS sent FROM merp_outbox WHERE ${isOfInterest}
      UNION ALL SELECT ${columns}, true AS sent FROM merp_outbox_sent WHERE ${isOfInterest}`,
    );
    for (;;) {
      const { rows } = await tx.query(`FETCH ${PAGE} FROM merp_contents`);
      for (const { stream, entry, announced, written, sent } of rows) {
        const texts = [entry, announced].filter((text) => typeof text === "string");
        look({ stream: String(stream), isSent: sent === true, texts, writtenMs: Number(written) });
      }
      if (rows.length < PAGE) return;
    }
  });
}
