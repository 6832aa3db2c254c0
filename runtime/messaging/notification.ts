import type { PlainMessage } from "../contract/codec.js";

/** The notifications of one user, one company or one channel, or of all channels that match a pattern. */
export type NotificationTarget =
  | { readonly userId: number | string }
  | { readonly companyId: number | string }
  | { readonly channel: string }
  /** A Redis pattern over what follows `notifications:`, such as `*` or `company:*`. */
  | { readonly pattern: string };

/** The circumstances in which a listener is given a notification. */
export interface NotificationContext {
  /** The channel on which it was published. */
  readonly channel: string;
  /** Its entry in the stream, from which a later subscription can continue. `undefined` from Python services. */
  readonly entryId: string | undefined;
  /** Whether it was published while this process did not listen, and was read from the stream afterwards. */
  readonly missed: boolean;
}

/**
 * Called for each notification, at most once. A notification that must not be missed belongs into a handler of the
 * stream.
 *
 * A listener runs in no AsyncLocalStorage context of yours, but with the correlation of its notification.
 */
export type NotificationListener<Message = PlainMessage> = (message: Message, context: NotificationContext) => unknown;

/** Options of one subscription. */
export interface ListenOptions {
  /** Deliver first the notifications that follow this entry: a browser's `Last-Event-ID`. Implies `catchUp`. */
  readonly since?: string;
  /** After a reconnect, deliver what was published meanwhile, as far as the stream still has it. @defaultValue false */
  readonly catchUp?: boolean;
}

/** A subscription that is confirmed. */
export interface Listening extends AsyncDisposable {
  /** Ends the subscription. */
  close(): Promise<void>;
}
