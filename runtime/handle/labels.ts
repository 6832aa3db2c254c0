import { type FlatFields, typeOf } from "../contract/codec.js";
import { identityOf } from "./identity.js";

const LONGEST_LABEL = 200;

/** The labels by which a dead letter can be found. The entry may be anything, so each of them may be empty. */
export function labelsOf(entry: FlatFields): Record<"type" | "message_id" | "correlation_id", string> {
  const { messageId = "", correlationId = "" } = identityOf(entry);
  return {
    type: (typeOf(entry) ?? "").slice(0, LONGEST_LABEL),
    message_id: messageId,
    correlation_id: correlationId,
  };
}
