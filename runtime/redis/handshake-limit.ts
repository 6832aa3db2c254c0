import type { Redis } from "ioredis";
import type { Clock, Timer } from "../time/clock.js";

/** A link may die during the handshake. A connection that may be silent would then neither become ready nor fail. */
export function limitHandshakes(client: Redis, limitMs: number, clock: Clock, end: () => void): void {
  let timer: Timer | undefined;
  client.on("connect", () => {
    timer?.cancel();
    timer = clock.after(limitMs, end);
  });
  for (const ended of ["ready", "close", "end"]) client.on(ended, () => timer?.cancel());
}
