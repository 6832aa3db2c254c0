import { MessageTooLargeError } from "../errors.js";
import type { Client } from "./connection.js";
import { isForbiddenCommand, isReply } from "./reply.js";

/** Clients whose user may not ask for a size. Each attempt would be an entry of `ACL LOG`, which operators watch. */
const limited = new WeakSet<Client>();

/**
 * The answer that is stored under a key; `null` for none.
 *
 * @throws {MessageTooLargeError} for one of more bytes, which is not read whole
 */
export async function findAnswer(client: Client, key: string, maxBytes: number): Promise<string | null> {
  if (limited.has(client)) return client.get(key);
  try {
    // Others may replace it between the two, so neither is trusted alone.
    const [length, text] = await Promise.all([client.strlen(key), client.getrangeBuffer(key, 0, maxBytes)]);
    const bytes = Math.max(length, text.length);
    if (bytes > maxBytes) throw tooLarge(bytes, maxBytes);
    return text.length === 0 ? null : text.toString();
  } catch (error) {
    if (!isReply(error, "NOPERM")) throw error;
    // Rights that were given for an older version do not include these.
    if (isForbiddenCommand(error)) limited.add(client);
  }
  return client.get(key);
}

export function tooLarge(bytes: number, maxBytes: number): MessageTooLargeError {
  return new MessageTooLargeError("the stored answer", bytes, maxBytes);
}
