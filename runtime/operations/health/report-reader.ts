import type { LogEntry } from "../../broker/log.js";
import type { Client, Connection } from "../../redis/connection.js";
import { type EntryTap, entryTapOf } from "../../redis/entry-tap.js";
import { readPage } from "../../redis/page.js";
import { MOST_REPORT_BYTES } from "./report.js";

const MOST_AT_ONCE = 500;
const LONGEST_BLOCK_MS = 1000;

/** Reads the entries of the health stream. None is held that is too long for a report, and few at a time. */
export class ReportReader {
  readonly #stream: string;
  readonly #blockMs: number;
  readonly #tap: EntryTap;

  /** @param connection - is not open yet, and nobody else uses it */
  constructor(connection: Connection, stream: string, socketTimeoutMs: number) {
    this.#stream = stream;
    // Well below the timeout after which a silent connection counts as dead.
    this.#blockMs = Math.max(1, Math.min(LONGEST_BLOCK_MS, Math.floor(socketTimeoutMs / 3)));
    this.#tap = entryTapOf(connection);
  }

  /** The last entries, the newest first. */
  async *past(client: Client, most: number): AsyncGenerator<LogEntry, void, undefined> {
    for (let [to, left] = ["+", most]; left > 0; ) {
      const range = { to, most: left, maxEntryBytes: MOST_REPORT_BYTES, newestFirst: true };
      const { entries, isMore } = await readPage(client, this.#stream, range);
      yield* entries;
      to = `(${entries.at(-1)?.id}`;
      left = isMore ? left - entries.length : 0;
    }
  }

  /** Waits for the entries behind a position, and has them taken as they arrive. Resolves to whether there were any. */
  async next(client: Client, position: string, take: (entry: LogEntry) => void): Promise<boolean> {
    let isAny = false;
    this.#tap.expect(
      (deliveries) => {
        isAny = true;
        for (const { id, fields, ...rest } of deliveries) take({ id, fields: fields ?? [], ...rest });
      },
      { isHeld: false, wanted: undefined, maxEntryBytes: MOST_REPORT_BYTES },
    );
    await client.xread("COUNT", MOST_AT_ONCE, "BLOCK", this.#blockMs, "STREAMS", this.#stream, position);
    this.#tap.handOver();
    return isAny;
  }
}
