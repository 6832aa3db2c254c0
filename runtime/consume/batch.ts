import type { Delivery, Unhandled } from "../broker/delivery.js";
import type { Aside } from "../broker/group-pause.js";

/** Entries that are settled together. */
export class Batch {
  readonly acks: string[] = [];
  /** Those of them that failed before: the errors recorded for them are deleted, too. */
  readonly retried: string[] = [];
  /**
   * Entries whose type is not handled here. They are acknowledged with the others if no member handles it, and their delivery
   * is forgotten then.
   */
  readonly unhandled: (Unhandled & { readonly delivery: Delivery })[] = [];
  /** Entries whose type is paused. */
  readonly aside: Aside[] = [];

  get size(): number {
    return this.acks.length + this.unhandled.length + this.aside.length;
  }
}
