import type { ConsumerParts } from "./parts.js";
import type { Workload } from "./workload.js";

/**
 * Ends the handlers of messages that an operator moves to the dead letters, for as long as something may be settled: also those
 * that a partition's owner waits for before it frees the partition.
 */
export async function watchBurials(
  { clock, config, hooks, membership, settling }: ConsumerParts,
  workload: Workload,
): Promise<void> {
  if (membership.buried === undefined) return;
  const pauseMs = (): number => (config.leaseMs / 4) * (0.75 + clock.chance() / 2);
  while (await settling.for(pauseMs())) {
    try {
      await workload.dismissBuried();
    } catch (error) {
      hooks.trouble(`looking for buried messages of ${membership.stream}`, error);
    }
  }
}
