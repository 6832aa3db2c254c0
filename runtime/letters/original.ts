import { entryIdIn } from "../broker/entry-id.js";
import type { ReadEntry } from "../broker/letters.js";
import { MessageTooLargeError, MessagingError } from "../errors.js";
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
  letter: DeadLetterRecord,
  { what, entry, maxBytes }: { readonly what: string; readonly entry: ReadEntry; readonly maxBytes: number },
): Promise<readonly Buffer[]> {
  const { original, keptBytes, stream, entryId, group } = letter;
  if (keptBytes === undefined) return original;
  const advice = `raise it here and in every service of the group ${group}, and redrive it`;
  if (keptBytes > maxBytes) throw new MessageTooLargeError(`the entry of ${what}`, keptBytes, maxBytes, advice);
  // A letter is what others may have written: it names no stream of another kind.
  const id = entryIdIn(entryId);
  const fields = id === undefined ? undefined : await entry(stream, group, id);
  if (fields !== undefined) return fields;
  const text = `${what} cannot be redriven: its entry ${entryId} is not in ${stream} any more`;
  throw new MessagingError("DEAD_LETTER_MISSING", text);
}
