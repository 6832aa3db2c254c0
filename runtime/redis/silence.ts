import type { Redis } from "ioredis";
import type { Clock, Timer } from "../time/clock.js";
import { afterLooks } from "../time/looks.js";

/**
 * Closes the socket of a client that awaits a reply and receives nothing until the limit; the client then reconnects. @param
 * looked - called at each look, when the sockets have been read
 */
export function endWhenSilent(client: Redis, limitMs: number, clock: Clock, looked: () => void = () => {}): Timer {
  let seen: { readonly stream: unknown; readonly bytes: number } | undefined;
  const isSilent = (): boolean => {
    looked();
    const { stream } = client;
    const bytes = stream?.bytesRead;
    const isSame = seen?.stream === stream && seen?.bytes === bytes;
    seen = { stream, bytes };
    return isSame && client["commandQueue"].length > 0;
  };
  const end = (): void => void client.stream.destroy(new Error(`Redis has not answered for ${limitMs} ms`));
  return afterLooks(limitMs, clock, isSilent, end);
}
