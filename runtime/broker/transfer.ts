import type { MessagingError } from "../errors.js";
import type { Append } from "./append.js";

/** Entries that were written to a database and are now to be added to a stream. */
export interface Transfer {
  readonly stream: string;
  /** Each has a message id. */
  readonly entries: readonly Pick<Append, "entry" | "messageId" | "announced" | "key">[];
  /** Each is stored once under its message id within this window, however often it is transferred. */
  readonly onceWindowMs: number;
}

/** What has become of a transfer. */
export interface Transferred {
  /** The ids of the entries that are stored: of the first ones, in their order. */
  readonly entryIds: readonly string[];
  /** Why the next one is not stored, or may not be. None behind it is sent. `undefined` when all are stored. */
  readonly refusal: Refusal | undefined;
}

export interface Refusal {
  readonly error: MessagingError;
  /** The entry itself is refused, whenever it is repeated. Those behind it may be stored. */
  readonly isForGood: boolean;
}
