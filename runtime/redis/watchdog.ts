import type { Redis } from "ioredis";

/** How often within its time limit a connection is looked at. */
const LOOKS = 4;

/**
 * Ends the socket of a client that waits for an answer while nothing comes at all for so long: a link that is half
 * open looks just so. What was under way is rejected, and the client connects anew.
 *
 * It looks now and then instead of setting a timer for each command, so that a command costs nothing. A process that
 * was stopped, or busy for long, has looked just once meanwhile: that ends nothing whose answer is there already.
 */
export function endWhenSilent(client: Redis, limitMs: number): NodeJS.Timeout {
  let silentLooks = 0;
  let seen: { readonly stream: unknown; readonly bytes: number } | undefined;
  const look = (): void => {
    const { stream } = client;
    const bytes = stream?.bytesRead;
    const isSilent = client["commandQueue"].length > 0 && seen?.stream === stream && seen?.bytes === bytes;
    seen = { stream, bytes };
    silentLooks = isSilent ? silentLooks + 1 : 0;
    if (silentLooks >= LOOKS) stream.destroy(new Error(`Redis has not answered for ${limitMs} ms`));
  };
  // A timer that is late runs before the sockets have been read; what is immediate, after.
  return setInterval(() => setImmediate(look), limitMs / LOOKS).unref();
}
