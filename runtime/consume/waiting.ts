import type { Delivery } from "../broker/delivery.js";
import { comesBefore } from "../broker/entry-id.js";
import type { Unfetched } from "../broker/membership.js";
import { textLength } from "../contract/codec.js";

/** An entry of which only the id is held. It is fetched just before it begins, if it still belongs to this consumer. */
export interface Placeholder extends Unfetched {
  readonly fields?: undefined;
  attempt: number;
  isTakenOver: boolean;
  /** It may have killed its process. */
  isAlone: boolean;
  /** Fetched ahead of its turn. */
  delivery?: Delivery | undefined;
}

export type Waiting = Delivery | Placeholder;

/** How much text is held of it. */
export function lengthOf(waiting: Waiting): number {
  if (waiting.fields == null) return 0;
  return waiting.length ?? textLength(waiting.fields);
}

export function isPlaceholder(waiting: Waiting): waiting is Placeholder {
  return waiting.fields === undefined;
}

/** Whether it is of use to fetch it before its turn. A delivery that is to be counted is fetched just before it begins. */
export function isFetchedAhead({ attempt, delivery }: Placeholder): boolean {
  return attempt === 0 && delivery === undefined;
}

export function isAlone(waiting: Waiting): boolean {
  return waiting.fields === undefined && waiting.isAlone;
}

export function isBefore(one: Waiting, other: Waiting): boolean {
  return comesBefore(one.id, other.id);
}

export function unloaded(waiting: Waiting): Placeholder {
  if (waiting.fields !== undefined) return { id: waiting.id, attempt: 0, isTakenOver: false, isAlone: false };
  waiting.delivery = undefined;
  return waiting;
}

/**
 * An entry that was fetched. What waited here for its next attempt has killed nobody, also where its errors were swept up
 * after its consumer was deleted.
 */
export function asHeld(delivery: Delivery, { attempt, isTakenOver }: Placeholder): Delivery {
  return Object.assign(delivery, { isTakenOver }, attempt > 0 && !isTakenOver && { deaths: 0 });
}
