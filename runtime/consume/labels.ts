import { type FlatFields, textReader, typeOf } from "../contract/codec.js";

const LONGEST_LABEL = 200;

/** The labels by which a dead letter can be found. The entry may be anything, so each of them may be empty. */
export function labelsOf(entry: FlatFields): Record<"type" | "message_id" | "correlation_id", string> {
  const textOf = textReader(entry);
  const label = (text = ""): string => text.slice(0, LONGEST_LABEL);
  const [type, id, correlationId] = [typeOf(entry), textOf("id"), textOf("correlation_id")];
  return { type: label(type), message_id: label(id), correlation_id: label(correlationId) };
}
