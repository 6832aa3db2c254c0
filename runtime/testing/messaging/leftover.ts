import type { Leftover } from "../../memory/leftovers.js";
import type { Clock } from "../../time/clock.js";
import { momentText } from "./wait.js";

/** Of more entries the first are told. */
const MOST_TOLD = 10;

/** As a line of a log. */
export function leftoverText({ stream, unread, parked, inHand }: Leftover): string {
  const parts = [
    ...(unread > 0 ? [`${unread} unread`] : []),
    ...(inHand > 0 ? [`${inHand} in hand`] : []),
    ...(parked > 0 ? [`${parked} waiting for a retry`] : []),
  ];
  return `${stream}: ${parts.join(", ")}`;
}

/** What each entry waits for that was delivered and has not ended. */
export function heldTexts({ stream, held }: Leftover, leaseMs: number, clock: Clock): readonly string[] {
  const texts = held.slice(0, MOST_TOLD).map(({ id, type, attempt, waitsFor, since }) => {
    const reasons = {
      retry: since < clock.now() ? "the next instance" : `its retry at ${momentText(since, clock)}`,
      resume: "its type to be resumed",
      member: "an instance that handles its type",
      lease: `the lease of an instance that has crashed, which ends soon after ${momentText(since + leaseMs, clock)}`,
      handler: "its handler",
    };
    return `${type} (${id}, attempt ${attempt}) on ${stream} waits for ${reasons[waitsFor]}`;
  });
  return held.length > MOST_TOLD ? [...texts, `${held.length - MOST_TOLD} more on ${stream}`] : texts;
}
