import { entryIdIn } from "../broker/entry-id.js";
import { MessageTooLargeError, MessagingError } from "../errors.js";
import type { Client } from "../redis/connection.js";
import { type StreamKeys, streamKeys } from "../redis/keys.js";
import type { DeadLetterRecord } from "./dead-letter-record.js";

/** Whether there is something to return, and a group to return it to. */
export function isReturnable({ original, keptBytes, group }: DeadLetterRecord): boolean {
  return (original.length > 0 || keptBytes !== undefined) && group !== "";
}

/**
 * The fields of a dead letter's entry, which is in its stream if it was too large for the letter.
 *
 * @param what - names the letter
 * @throws {MessageTooLargeError} the entry is too large for the operator's own limit
 * @throws {MessagingError} `DEAD_LETTER_MISSING` when others removed it, or the letter names another stream
 */
export async function originalOf(
  client: Client,
  letter: DeadLetterRecord,
  { what, keys, maxBytes }: { readonly what: string; readonly keys: StreamKeys; readonly maxBytes: number },
): Promise<readonly Buffer[]> {
  const { original, keptBytes, stream, entryId, group } = letter;
  if (keptBytes === undefined) return original;
  const advice = `raise it here and in every service of the group ${group}, and redrive it`;
  if (keptBytes > maxBytes) throw new MessageTooLargeError(`the entry of ${what}`, keptBytes, maxBytes, advice);
  // A letter is what others may have written: it names no stream of another kind.
  const isOurs = stream === keys.stream || stream === streamKeys(keys.stream, group).redrive;
  const id = isOurs ? entryIdIn(entryId) : undefined;
  const [entry] = id === undefined ? [] : await client.xrangeBuffer(stream, id, id);
  if (entry !== undefined) return entry[1];
  const text = `${what} cannot be redriven: its entry ${entryId} is not in ${stream} any more`;
  throw new MessagingError("DEAD_LETTER_MISSING", text);
}
