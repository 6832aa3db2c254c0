import type { Redis } from "ioredis";
import type { Clock, Timer } from "../time/clock.js";

/** How many looks make up the time limit. */
const LOOKS = 4;

/**
 * Closes the socket of a client that awaits a reply and receives nothing until the limit, as on a half-open link.
 * Commands under way are rejected, and the client reconnects. It looks at fixed intervals, so a command costs no timer,
 * and a process that was stopped or busy has looked only once meanwhile.
 */
export function endWhenSilent(client: Redis, limitMs: number, clock: Clock): Timer {
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
  // A late timer runs before the sockets have been read, an immediate after them.
  return clock.every(limitMs / LOOKS, () => setImmediate(look));
}
