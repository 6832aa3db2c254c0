import type { Delivery } from "../broker/delivery.js";
import type { ConsumerParts } from "./parts.js";

/**
 * Begins an entry that this consumer has without having read it: counts its delivery just before it runs. Resolves to
 * `undefined` when the entry does not belong to this consumer any more, to `null` when it has stopped settling.
 */
export async function adopt({ membership, settling }: ConsumerParts, id: string): Promise<Delivery | undefined | null> {
  for (let failures = 0; ; failures++) {
    try {
      return await membership.adopt(id);
    } catch (error) {
      if (!(await settling.afterFailure(failures, "taking over an entry", error))) return null;
    }
  }
}
