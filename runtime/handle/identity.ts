import { type FlatFields, textReader } from "../contract/codec.js";
import type { MessageIds } from "../messaging/hooks.js";

const LONGEST_ID = 200;

/** The ids of the message in an entry, for logs. It may be anything: what it does not tell is `undefined`. */
export function identityOf(entry: FlatFields | null): MessageIds {
  const textOf = textReader(entry ?? []);
  const idOf = (name: string): string | undefined => textOf(name)?.slice(0, LONGEST_ID) || undefined;
  return { messageId: idOf("id"), correlationId: idOf("correlation_id") };
}
