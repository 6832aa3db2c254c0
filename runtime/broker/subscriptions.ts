/** A Pub/Sub channel, or a pattern of channels. */
export interface Channel {
  readonly name: string;
  readonly isPattern: boolean;
}

export interface Subscriber {
  /** @param channel - the channel itself, also where a pattern was subscribed to */
  receive(channel: string, payload: string): void;
  /** The connection was lost: from now on messages are missed. */
  lost?(): void;
  /** The subscription is confirmed again after a loss: from now on messages are received. */
  restored?(): void;
}

export interface Subscription {
  close(): Promise<void>;
}

/** The subscriptions of one messaging, over one connection. After a reconnect all of them are made again. */
export interface Subscriptions {
  /** Resolves when the subscription is confirmed. A subscriber whose call rejects is not subscribed. */
  subscribe(channel: Channel, subscriber: Subscriber): Promise<Subscription>;
  /** Resolves when everything that was published before this call has been received. Rejects without a connection. */
  caughtUp(): Promise<void>;
}
