import type { FlatFields } from "../contract/codec.js";

/** One entry as it was delivered to this consumer, until it is settled. */
export interface Delivery {
  readonly id: string;
  /** `null` when the entry was deleted from its stream while it was pending. */
  readonly fields: FlatFields | null;
  /** The bytes of its text on the wire, where they were counted when it was read. */
  readonly length?: number;
  /** Where it has more bytes than a message may have: how many. Its fields are then its short ones. */
  readonly oversizedBytes?: number;
  /** How often the group has been given it, this delivery included. */
  readonly attempt: number;
  /** How many of these deliveries began in processes that died: they use up no retries. None where it is left out. */
  readonly deaths?: number;
  /** It was taken over from a consumer that seemed dead. If that one lives after all, it may yet settle it. */
  isTakenOver?: boolean;
  /** `true` where it is certain that no member had answered it as a command when it was delivered. */
  isNew?: boolean;
}

export type Take = (deliveries: readonly Delivery[]) => void;

/** Up to so many entries are handled as soon as they arrive, before the next read is sent. */
export const FEW = 10;

/** A delivery ended: its entry is acknowledged, after the answer if there is one. */
interface Done {
  readonly kind: "done";
  readonly answer?: Answer | undefined;
}

/** A delivery ended: its entry is moved to the dead letters. */
interface Dead {
  readonly kind: "dead";
  readonly error: unknown;
  readonly answer?: Answer | undefined;
}

/** A delivery ended: it is tried again. */
export interface Retry {
  readonly kind: "retry";
  readonly delayMs: number;
  readonly error: unknown;
  /** The message did not come to its handler, for want of a service that all need: the attempt does not count. */
  readonly isUncounted?: boolean;
}

/**
 * How a delivery ended: it is acknowledged, tried again after a delay, or moved to the dead letters. An `unhandled` one
 * has a type that this consumer does not handle: it goes to another member of the group that does, and only if there is
 * none, it ends `otherwise`. An entry without any type has none here either.
 */
export type Outcome =
  | Done
  | Dead
  | Retry
  | { readonly kind: "unhandled"; readonly type: string | undefined; readonly otherwise: Done | Dead };

export const DONE: Done = { kind: "done" };

/** An entry of a type that its consumer does not handle. */
export interface Unhandled {
  readonly id: string;
  /** `undefined` when it has none. */
  readonly type: string | undefined;
  /** It was taken over from a dead consumer, which it may have killed. */
  readonly isSuspect: boolean;
}

/** The answer to a command. It is stored before the command is acknowledged. */
export interface Answer {
  /** The whole name of the command's stream. */
  readonly stream: string;
  readonly commandId: string;
  /** The entry's id in its stream, where a handler ran: an entry that comes later cannot have been answered before. */
  readonly entryId?: string;
  readonly text: string;
  /** For how long it is stored; 0 to send it only, and leave the stored one as it is. */
  readonly keepMs: number;
  /** The channel on which the sender waits. */
  readonly replyTo: string;
}
