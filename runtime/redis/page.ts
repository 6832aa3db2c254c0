import type { Client } from "./connection.js";
import { fitting } from "./lua/read.js";

/** A page is no longer, but for a single entry. */
const PAGE_BYTES = 8 * 1024 * 1024;

/** How many entries of a stream to read at once: one in any case, and no more where nobody may ask how long they are. */
export function pageLength(client: Client, stream: string, from: string, most: number): Promise<number> {
  return fitting.run(client, [stream], [from, most, PAGE_BYTES]).catch(() => 1);
}
