import { type FlatFields, fieldOf, isJsonEntry, typeOf } from "./codec.js";

/** What a dead letter can be found by, as far as its entry still tells. Each is empty where it does not. */
export interface DeadLetterLabels {
  readonly type: string;
  readonly message_id: string;
  readonly correlation_id: string;
}

const LONGEST_LABEL = 200;

/** Reads the labels of an entry of which nothing may be assumed. */
export function labelsOf(entry: FlatFields): DeadLetterLabels {
  const envelope = isJsonEntry(entry) ? envelopeOf(fieldOf(entry, "json") ?? "") : undefined;
  const label = (name: string): string => {
    const value = envelope === undefined ? fieldOf(entry, name) : envelope[name];
    return typeof value === "string" ? value.slice(0, LONGEST_LABEL) : "";
  };
  return {
    type: (typeOf(entry) ?? "").slice(0, LONGEST_LABEL),
    message_id: label("id"),
    correlation_id: label("correlation_id"),
  };
}

function envelopeOf(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
