import { BRIEF, BriefFields } from "../broker/abridged.js";
import type { LogEntry } from "../broker/log.js";
import type { Client } from "./connection.js";
import { type Paged, page } from "./lua/read.js";
import { isReply } from "./reply.js";

/** The text of a page ends beyond that, but for a single entry. */
const PAGE_BYTES = 8 * 1024 * 1024;

/** Which entries of a stream to read. */
export interface PageRange {
  /** An id, one behind which to begin (`(1-0`), or `-`. @defaultValue the first entry */
  readonly from?: string;
  /** @defaultValue the last entry */
  readonly to?: string;
  /** How many at most. */
  readonly most: number;
  /** Of an entry of more bytes only the short fields are read, and its size. */
  readonly maxEntryBytes: number;
  /** Read from the end to the beginning. */
  readonly newestFirst?: boolean;
}

/** Entries of a stream: at least one if there is any in the range. */
export interface Page<Text = string> {
  readonly entries: readonly LogEntry<Text>[];
  /** Whether there may be more in the range. */
  readonly isMore: boolean;
}

/** Reads entries of a stream, none of them whole that is too large, and no more text at once than a process can hold. */
export async function readPage(client: Client, stream: string, range: PageRange): Promise<Page> {
  const { entries, isMore } = await readBytes(client, stream, range);
  return { entries: entries.map((entry) => ({ ...entry, fields: entry.fields.map(String) })), isMore };
}

/** As {@link readPage}, for entries of which every byte counts. */
export async function readBytes(client: Client, stream: string, range: PageRange): Promise<Page<Buffer>> {
  const { from = "-", to = "+", most, maxEntryBytes, newestFirst = false } = range;
  const args = [from, to, most, PAGE_BYTES, maxEntryBytes, newestFirst ? "newest" : ""];
  try {
    const [entries, more] = await page.run(client, [stream], args);
    return { entries: entries.map(entryOf), isMore: more === 1 };
  } catch (error) {
    if (!isReply(error, "NOPERM")) throw error;
  }
  // Who may not run scripts cannot ask how large an entry is: one at a time is read whole.
  const [first] = newestFirst
    ? await client.xrevrangeBuffer(stream, to, from, "COUNT", 1)
    : await client.xrangeBuffer(stream, from, to, "COUNT", 1);
  const entries = first === undefined ? [] : [entryOf(abridged(first, maxEntryBytes))];
  return { entries, isMore: first !== undefined };
}

function entryOf([id, fields, size]: Paged): LogEntry<Buffer> {
  return { id: id.toString(), fields, ...(size === 0 ? {} : { oversizedBytes: size }) };
}

/** What the script makes of an entry that is too large. */
function abridged([id, fields]: readonly [id: Buffer, fields: readonly Buffer[]], most: number): Paged {
  const bytes = fields.reduce((sum, { length }) => sum + length, 0);
  const size = Math.max(bytes, fields.length);
  if (size <= most) return [id, fields, 0];
  const brief = new BriefFields();
  fields.forEach((text, place) => {
    brief.add(place, text.length > BRIEF.longest ? undefined : text.toString());
  });
  return [id, brief.fields.map((text) => Buffer.from(text)), size];
}
