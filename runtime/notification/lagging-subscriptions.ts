import { comesBefore } from "../broker/entry-id.js";
import type { Channel } from "../broker/subscriptions.js";
import type { PlainMessage } from "../contract/codec.js";
import { coverOf } from "./channel.js";

/** A notification as it was read from the stream. */
export interface Stored {
  readonly entryId: string;
  readonly channel: string;
  readonly message: PlainMessage;
}

/** A subscription that has missed something. */
export interface LaggingSubscription {
  readonly channel: Channel;
  readonly isClosed: boolean;
  /** The entry after which to read; moved on by what is read. */
  position: string;
  deliver(stored: Stored): void;
}

/** The subscriptions for which a pass reads, by what they listen to. */
export class LaggingSubscriptions {
  readonly #all = new Map<LaggingSubscription, () => void>();
  readonly #byChannel = new Map<string, LaggingSubscription[]>();
  readonly #byPattern: (readonly [covers: (channel: string) => boolean, LaggingSubscription])[] = [];

  /** @param done - called when the pass is over */
  add(subscription: LaggingSubscription, done: () => void): void {
    this.#all.set(subscription, done);
    const { channel } = subscription;
    if (channel.isPattern) this.#byPattern.push([coverOf(channel), subscription]);
    else {
      const others = this.#byChannel.get(channel.name);
      if (others === undefined) this.#byChannel.set(channel.name, [subscription]);
      else others.push(subscription);
    }
  }

  *of(channel: string): Iterable<LaggingSubscription> {
    yield* this.#byChannel.get(channel) ?? [];
    for (const [covers, subscription] of this.#byPattern) if (covers(channel)) yield subscription;
  }

  get areClosed(): boolean {
    for (const { isClosed } of this.#all.keys()) if (!isClosed) return false;
    return true;
  }

  /** Everything up to an entry has been read. */
  reached(entryId: string): void {
    for (const subscription of this.#all.keys())
      if (comesBefore(subscription.position, entryId)) subscription.position = entryId;
  }

  done(): void {
    for (const done of this.#all.values()) done();
  }
}
