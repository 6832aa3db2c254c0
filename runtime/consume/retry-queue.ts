import type { Released } from "../broker/membership.js";
import { ASK_EVERY_MS } from "./halt.js";
import type { ConsumerParts } from "./parts.js";
import type { Workload } from "./workload.js";

const CROWDED_WAIT_MS = 20;
/** While others may hand new entries over to this member. */
const HANDOVER_WAIT_MS = 50;
const MOST_AT_ONCE = 100;
/** How often it looks for parked entries whose due time was lost. */
const SWEEP_EVERY_MS = 30_000;

/**
 * Takes parked entries, of any consumer, when their retry is due, and entries that others handed over. New entries are
 * read meanwhile.
 */
export async function runRetryQueue(parts: ConsumerParts, workload: Workload): Promise<void> {
  const { clock, membership, reading } = parts;
  let sweptAt = Number.NEGATIVE_INFINITY;
  for (let failures = 0; !reading.signal.aborted; ) {
    try {
      if (clock.now() - sweptAt > SWEEP_EVERY_MS && workload.roomForRetries > 0) {
        // Before: a sweep that is refused must not keep what is due from its retry.
        sweptAt = clock.now();
        await membership.sweep();
      }
      await workload.settler.parkedDue(await release(parts, workload));
      failures = 0;
    } catch (error) {
      // The reply may have been lost with entries that are pending for this consumer now. What was refused has brought none, and the
      // same master would refuse a look for them, too: new entries are read meanwhile.
      if (!membership.hasTakenNothing(error)) workload.suspectLoss();
      if (!(await reading.afterFailure(failures++, `retrying on ${membership.stream}`, error))) return;
    }
  }
}

/** Returns how long to wait before the next look. */
async function release(parts: ConsumerParts, workload: Workload): Promise<number> {
  const { membership, halt, heldRetries } = parts;
  const room = Math.min(workload.roomForRetries, MOST_AT_ONCE);
  if (room <= 0) {
    // A consumer that is full learns all the same what is paused.
    if (workload.isOpen && halt.isOld) learn(parts, await membership.release(0, heldRetries.heard));
    return CROWDED_WAIT_MS;
  }
  // Retries do not take all the room while others may hand entries over, nor do these.
  const most = membership.receives ? Math.max(1, Math.floor(room / 2)) : room;
  const releasing = workload.lapses.notice();
  const released = await membership.release(most, heldRetries.heard);
  const { deliveries, nextMs, areHandedOver, isOutdated } = released;
  learn(parts, released);
  workload.takeAgain(deliveries, releasing);
  if (isOutdated) await membership.enrol();
  const longestMs = membership.receives && !membership.redriven ? HANDOVER_WAIT_MS : ASK_EVERY_MS;
  const waitMs = nextMs < 0 ? longestMs : Math.min(longestMs, nextMs);
  if (!areHandedOver) return waitMs;
  // There is a place for one beyond the room: it must not wait for as long as retries fill it.
  const receiving = workload.lapses.notice();
  const handedOver = await membership.receive(Math.max(1, room - deliveries.length), workload.roomForTakenOver);
  workload.takeAgain(handedOver.deliveries, receiving);
  workload.takeOver(handedOver.takenOver);
  return handedOver.areMore ? 0 : waitMs;
}

/** What operators want. A pause is heard first: what it holds goes on waiting. */
function learn({ halt, heldRetries }: ConsumerParts, { pauses, calls }: Released): void {
  halt.learn(pauses);
  heldRetries.hear(calls, (type) => halt.holds(type));
}
