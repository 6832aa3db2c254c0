import type { ConsumerParts } from "./parts.js";
import type { Workload } from "./workload.js";

const LONGEST_WAIT_MS = 1000;
const CROWDED_WAIT_MS = 20;
const MOST_AT_ONCE = 100;
/** How often it looks for parked entries whose due time was lost. */
const SWEEP_EVERY_MS = 30_000;

/** Takes parked entries, of any consumer, when their retry is due. New entries are read meanwhile. */
export async function runRetryQueue(parts: ConsumerParts, workload: Workload): Promise<void> {
  const { clock, membership, reading } = parts;
  let sweptAt = Number.NEGATIVE_INFINITY;
  for (let failures = 0; !reading.signal.aborted; ) {
    try {
      if (clock.now() - sweptAt > SWEEP_EVERY_MS && workload.roomForRetries > 0) {
        await membership.sweep();
        sweptAt = clock.now();
      }
      await workload.settler.parkedDue(await release(parts, workload));
      failures = 0;
    } catch (error) {
      if (!(await reading.afterFailure(failures++, `retrying on ${membership.stream}`, error))) return;
    }
  }
}

async function release({ membership }: ConsumerParts, workload: Workload): Promise<number> {
  const room = Math.min(workload.roomForRetries, MOST_AT_ONCE);
  if (room <= 0) return CROWDED_WAIT_MS;
  const { deliveries, nextMs } = await membership.release(room);
  workload.takeAgain(deliveries);
  return nextMs < 0 ? LONGEST_WAIT_MS : Math.min(LONGEST_WAIT_MS, nextMs);
}
