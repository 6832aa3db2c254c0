import type { Clock, Timer } from "./clock.js";

/** How many looks make up a limit. */
export const LOOKS = 4;

/**
 * Looks at a condition at fixed intervals, and calls once when it has held for so many milliseconds. A process that was
 * stopped or busy has looked only once meanwhile. A look comes after the sockets have been read.
 */
export function afterLooks(limitMs: number, clock: Clock, holds: () => boolean, call: () => void): Timer {
  let looks = 0;
  let isOver = false;
  const look = (): void => {
    if (isOver) return;
    looks = holds() ? looks + 1 : 0;
    if (looks >= LOOKS) call();
  };
  // A late timer runs before the sockets have been read, an immediate after them.
  const timer = clock.every(limitMs / LOOKS, () => setImmediate(look));
  return {
    cancel: () => {
      isOver = true;
      timer.cancel();
    },
    unref: () => timer.unref(),
  };
}
