import type { PlainMessage } from "../contract/codec.js";

/** The notifications of a user, a company, a channel, or all channels that match a pattern. */
export type NotificationTarget =
  | { readonly userId: number | string }
  | { readonly companyId: number | string }
  | { readonly channel: string }
  /** A Redis pattern for the channel's name after `notifications:`, such as `*` or `company:*`. */
  | { readonly pattern: string };

/** The delivery of a notification to a listener. */
export interface NotificationContext {
  readonly channel: string;
  /** Its entry in the stream, for `since` of a later subscription. `undefined` from Python services. */
  readonly entryId: string | undefined;
  /** Whether it was read from the stream later, because this process did not listen when it was published. */
  readonly missed: boolean;
}

/**
 * Called for each notification, at most once. Use a handler for those that must not be missed. A listener runs in no
 * AsyncLocalStorage context of yours, but with the correlation of its notification.
 */
export type NotificationListener<Message = PlainMessage> = (message: Message, context: NotificationContext) => unknown;

/** Options of one subscription. */
export interface ListenOptions {
  /** First deliver the notifications after this entry: a browser's `Last-Event-ID`. Implies `catchUp`. */
  readonly since?: string;
  /** After a reconnect, deliver those published meanwhile, as far as the stream has them. @defaultValue false */
  readonly catchUp?: boolean;
}

/** A confirmed subscription. */
export interface Listening extends AsyncDisposable {
  /** Ends the subscription. */
  close(): Promise<void>;
}
