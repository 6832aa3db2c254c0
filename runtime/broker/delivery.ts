import type { FlatFields } from "../contract/codec.js";

/** One entry as it was delivered to this consumer, until it is settled. */
export interface Delivery {
  readonly id: string;
  /** `null` when the entry was deleted from its stream while it was pending. */
  readonly fields: FlatFields | null;
  /** How often the group has been given it, this delivery included. */
  readonly attempt: number;
}

export type Take = (deliveries: readonly Delivery[]) => void;

/** Up to so many entries are handled as soon as they arrive, before the next read is sent. */
export const FEW = 10;

/** How a delivery ended: it is acknowledged, tried again after a delay, or moved to the dead letters. */
export type Outcome =
  | { readonly kind: "done"; readonly answer?: Answer | undefined }
  | { readonly kind: "retry"; readonly delayMs: number; readonly error: unknown }
  | { readonly kind: "dead"; readonly error: unknown; readonly answer?: Answer | undefined };

export const DONE: Outcome = { kind: "done" };

/** The answer to a command. It is stored before the command is acknowledged. */
export interface Answer {
  /** The whole name of the command's stream. */
  readonly stream: string;
  readonly commandId: string;
  readonly text: string;
  readonly keepMs: number;
  /** The channel on which the sender waits. */
  readonly replyTo: string;
}
