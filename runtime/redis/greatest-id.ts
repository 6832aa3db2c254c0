import { comesBefore } from "../broker/entry-id.js";
import type { Client } from "./connection.js";
import { extent, seenExtent } from "./lua/extent.js";
import { readPage } from "./page.js";
import { isReply } from "./reply.js";

/** The greatest id that an entry of a stream ever had; `0-0` when there was none. Without scripts: that of its last entry. */
export async function greatestId(client: Client, stream: string): Promise<string> {
  const asking = [
    async () => (await extent.run(client, [stream], []))[1],
    async () => String((await seenExtent.run(client, [stream], []))[1]),
  ];
  for (const ask of asking) {
    try {
      return await ask();
    } catch (error) {
      if (!isReply(error, "NOPERM")) throw error;
    }
  }
  const { entries } = await readPage(client, stream, { most: 1, maxEntryBytes: 0, newestFirst: true });
  return entries[0]?.id ?? "0-0";
}

/** A position in a stream; its end for one beyond it, where nothing is to come: the stream was deleted, or set back. */
export async function notBeyond(client: Client, stream: string, position: string): Promise<string> {
  const end = await greatestId(client, stream);
  return comesBefore(end, position) ? end : position;
}
