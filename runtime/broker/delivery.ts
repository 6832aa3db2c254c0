import type { FlatFields } from "../contract/codec.js";

/** One entry as it was handed to this consumer, until it is settled. */
export interface Delivery {
  readonly id: string;
  /** `null` when the entry was deleted from its stream while it was pending. */
  readonly fields: FlatFields | null;
  /** How often the group has been given it, this time included. */
  readonly attempt: number;
}

/** Called with what a read has brought. */
export type Take = (deliveries: readonly Delivery[]) => void;

/** How a delivery ended. */
export type Outcome =
  | { readonly kind: "done"; readonly answer?: Answer | undefined }
  /** Lay it aside and try again. */
  | { readonly kind: "retry"; readonly delayMs: number; readonly error: unknown }
  /** To the dead letters. */
  | { readonly kind: "dead"; readonly error: unknown; readonly answer?: Answer | undefined };

/** What the sender of a command is told. It is not settled before that has been stored and sent. */
export interface Answer {
  /** Where it is stored, in the slot of the command's stream. */
  readonly key: string;
  readonly text: string;
  readonly keepMs: number;
  /** The channel on which the sender listens. */
  readonly replyTo: string;
}

export const DONE: Outcome = { kind: "done" };
