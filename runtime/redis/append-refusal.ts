import type { Append } from "../broker/append.js";
import { type FlatFields, textLength } from "../contract/codec.js";
import { PublishError } from "../errors.js";
import { mayBeTooLong, refusalOf } from "./value-limit.js";

/** How much text is held for an entry. */
export function lengthOf({ entry, announced }: Append): number {
  return textLength(entry) + (announced === undefined ? 0 : announced.json.length);
}

/** Whether a value of an entry may be longer than Redis takes. @param length - that of the whole entry */
export function mayBeRefused(entry: Append, length: number): boolean {
  return mayBeTooLong(length) && valuesOf(entry).some((value) => mayBeTooLong(value.length));
}

/** Why Redis would not take an entry: with it, all that is under way would be uncertain. */
export function tooLong(entry: Append, longest: number): PublishError | undefined {
  const refusal = refusalOf(valuesOf(entry), longest);
  if (refusal === undefined) return undefined;
  const { messageId, stream } = entry;
  const text = `message ${messageId ?? "(without id)"} was not sent to ${stream}: ${refusal}`;
  return new PublishError("PUBLISH_FAILED", text, { messageId });
}

/** Why an entry is not sent while so much is under way. */
export function overloaded({ messageId }: Append, reason: string): PublishError {
  return new PublishError("PUBLISH_OVERLOADED", reason, { messageId, retryable: true });
}

/** Why an entry is not sent after a wait for a connection. */
export function unwanted({ isWanted, messageId }: Append): PublishError | undefined {
  if (isWanted?.() ?? true) return undefined;
  const text = `message ${messageId} was not sent: its sender had given up before there was a connection`;
  return new PublishError("PUBLISH_FAILED", text, { messageId, retryable: true });
}

/** What becomes single values of a command. */
function valuesOf({ entry, announced }: Append): FlatFields {
  return announced === undefined ? entry : [...entry, announced.json];
}
