import { bytesOf, type FlatFields } from "../contract/codec.js";
import { ConfigError, MessageTooLargeError, type MessagingError } from "../errors.js";

/** What is wrong with the key that a publisher chose; `undefined` for a good one, or none. */
export function misuseOfKey(
  key: unknown,
  { type, entry, maxBytes }: { readonly type: string; readonly entry: FlatFields; readonly maxBytes: number },
): MessagingError | undefined {
  if (key === undefined) return undefined;
  if (typeof key !== "string" || key === "") {
    return new ConfigError([`key must be a text that is not empty, got ${JSON.stringify(key)}`]);
  }
  const bytes = bytesOf(entry, maxBytes);
  return bytes > maxBytes ? new MessageTooLargeError(`${type} with its key`, bytes, maxBytes) : undefined;
}
