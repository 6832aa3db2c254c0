import { entryIdIn } from "../broker/entry-id.js";
import { DecodeError } from "../errors.js";

/** What a notification's payload tells before it is read by its contract. @throws {DecodeError} when it is no JSON */
export function labelsOfPayload(payload: string): { type: string; entryId: string | undefined } {
  let parsed: Record<string, unknown> | null;
  try {
    parsed = JSON.parse(payload) as Record<string, unknown> | null;
  } catch {
    throw new DecodeError(`a notification holds no JSON (${payload.length} characters)`);
  }
  const entryId = parsed?.["entry_id"];
  return {
    type: String(parsed?.["notification_type"] ?? ""),
    // Anyone may publish on a channel. The position of a screen must not depend on a text that is no id.
    entryId: typeof entryId === "string" ? entryIdIn(entryId) : undefined,
  };
}
