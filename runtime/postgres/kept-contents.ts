import { type Database, transaction } from "./database.js";

/** What a service keeps in its database of one message, of one answer or of one saga. */
export interface KeptContent {
  /** The whole name of the message's stream; the type of a command whose answer this is; the name of a saga. */
  readonly holder: string;
  readonly place: "outbox" | "published from the outbox" | "inbox" | "saga";
  /** What may hold ciphertexts, as JSON. */
  readonly texts: readonly string[];
  /** When it was written, in ms since 1970. */
  readonly writtenMs: number;
}

const PAGE = 500;
const ENCRYPTED = "'[esw]1\\.'";
const OUTBOX = `entry, announced, written_at`;

const CONTENTS = `
  SELECT stream AS holder, 'outbox' AS place, ${OUTBOX} FROM merp_outbox
  UNION ALL SELECT stream, 'published from the outbox', ${OUTBOX} FROM merp_outbox_sent
  UNION ALL SELECT type, 'inbox', answer, NULL, noted_at FROM merp_inbox
  UNION ALL SELECT saga, 'saga', undo, NULL, changed_at FROM merp_saga WHERE status NOT IN ('done', 'undone')
  UNION ALL SELECT saga, 'saga', request, answer,
    (SELECT changed_at FROM merp_saga AS whole WHERE whole.saga = ask.saga AND whole.id = ask.id) FROM merp_saga_ask AS ask`;

/**
 * Reads the contents that may hold a ciphertext, a page at a time. All tables are read as of one moment: what is moved from one to
 * the other meanwhile is read all the same.
 */
export function readKeptContents(database: Database, look: (content: KeptContent) => void): Promise<void> {
  return transaction(database, async (tx) => {
    await tx.query(
      `DECLARE merp_contents NO SCROLL CURSOR FOR
      SELECT holder, place, entry, announced, extract(epoch FROM written_at)::float8 * 1000 AS written FROM (${CONTENTS}) AS kept
      WHERE entry ~ ${ENCRYPTED} OR announced ~ ${ENCRYPTED}`,
    );
    for (;;) {
      const { rows } = await tx.query(`FETCH ${PAGE} FROM merp_contents`);
      for (const { holder, place, entry, announced, written } of rows) {
        const texts = [entry, announced].filter((text) => typeof text === "string");
        look({ holder: String(holder), place: place as KeptContent["place"], texts, writtenMs: Number(written) });
      }
      if (rows.length < PAGE) return;
    }
  });
}
