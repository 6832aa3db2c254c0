import type { Delivery } from "../broker/delivery.js";
import type { Membership } from "../broker/membership.js";
import type { Pause } from "../time/pause.js";

/** Begins entries that this consumer has without having read them: counts each delivery just before it runs. */
export class Adopter {
  readonly #membership: Membership;
  readonly #pause: Pause;

  constructor(membership: Membership, pause: Pause) {
    this.#membership = membership;
    this.#pause = pause;
  }

  /** `undefined` when the entry does not belong to this consumer any more, `null` when settling has ended. */
  async adopt(id: string): Promise<Delivery | undefined | null> {
    for (let failures = 0; ; failures++) {
      try {
        return await this.#membership.adopt(id);
      } catch (error) {
        if (!(await this.#pause.afterFailure(failures, "taking over an entry", error))) return null;
      }
    }
  }
}
