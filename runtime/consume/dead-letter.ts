import { type FlatFields, textReader, typeOf } from "../contract/codec.js";

/** What a dead letter can be found by, as far as its entry still tells. Each is empty where it does not. */
export interface DeadLetterLabels {
  readonly type: string;
  readonly message_id: string;
  readonly correlation_id: string;
}

const LONGEST_LABEL = 200;

/** Reads the labels of an entry of which nothing may be assumed. */
export function labelsOf(entry: FlatFields): DeadLetterLabels {
  const textOf = textReader(entry);
  const label = (text = ""): string => text.slice(0, LONGEST_LABEL);
  return {
    type: label(typeOf(entry)),
    message_id: label(textOf("id")),
    correlation_id: label(textOf("correlation_id")),
  };
}
