import { comesBefore } from "../broker/entry-id.js";
import type { Client } from "./connection.js";
import { extent } from "./lua/extent.js";
import { isReply } from "./reply.js";

/** The greatest id that an entry of a stream ever had; `0-0` when there was none. Without scripts: that of its last entry. */
export async function greatestId(client: Client, stream: string): Promise<string> {
  try {
    return (await extent.run(client, [stream], []))[1];
  } catch (error) {
    if (!isReply(error, "NOPERM")) throw error;
  }
  const [last] = await client.xrevrange(stream, "+", "-", "COUNT", 1);
  return last?.[0] ?? "0-0";
}

/** A position in a stream; its end for one beyond it, where nothing is to come: the stream was deleted, or set back. */
export async function notBeyond(client: Client, stream: string, position: string): Promise<string> {
  const end = await greatestId(client, stream);
  return comesBefore(end, position) ? end : position;
}
