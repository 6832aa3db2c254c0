import { entryIdIn } from "../broker/entry-id.js";
import type { ReadEntry } from "../broker/letters.js";
import { MessageTooLargeError, MessagingError } from "../errors.js";
import type { DeadLetterRecord } from "./dead-letter-record.js";

/** Whether there is something to return, and a group to return it to. */
export function isReturnable({ original, keptBytes, group }: DeadLetterRecord): boolean {
  return (original.length > 0 || keptBytes !== undefined) && group !== "";
}

/**
 * The fields of a dead letter's entry, which is in its stream if it was too large for the letter. How large it is the broker
 * says, not the letter, which others may have written.
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
  // Nor does it name a stream of another kind.
  const id = entryIdIn(entryId);
  const found = await entry({ stream, group, id: id ?? "0-0", maxBytes });
  if (found !== undefined && found !== "foreign" && id !== undefined) {
    const { fields, oversizedBytes } = found;
    if (oversizedBytes === undefined) return fields;
    const advice = `raise it here and in every service of the group ${group}, and redrive it`;
    throw new MessageTooLargeError(`the entry of ${what}`, oversizedBytes, maxBytes, advice);
  }
  const why =
    found === "foreign"
      ? `it refers to ${stream}, which is not the stream of its group`
      : `its entry ${entryId} was removed from ${stream}, by hand or by a service of an older version, whose trimming does not know that the letter refers to it`;
  const text = `${what} cannot be redriven: ${why}. Discard it`;
  throw new MessagingError("DEAD_LETTER_MISSING", text);
}
