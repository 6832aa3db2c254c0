import { globOf } from "../broker/glob.js";
import type { Channel, Subscriber } from "../broker/subscriptions.js";

interface Subscribed {
  readonly subscriber: Subscriber;
  readonly matches: (channel: string) => boolean;
}

/** The channels of the broker. What is published reaches those who are subscribed now, and nobody else. */
export class PubSub {
  readonly #subscribed = new Set<Subscribed>();

  /** Returns what ends the subscription. */
  subscribe({ name, isPattern }: Channel, subscriber: Subscriber): () => void {
    const matches = isPattern ? globOf(name) : (channel: string): boolean => channel === name;
    const subscribed = { subscriber, matches };
    this.#subscribed.add(subscribed);
    return () => this.#subscribed.delete(subscribed);
  }

  publish(channel: string, payload: string): void {
    for (const each of [...this.#subscribed]) {
      if (!each.matches(channel)) continue;
      // A subscriber that throws must not disturb the publisher.
      queueMicrotask(() => {
        if (this.#subscribed.has(each)) each.subscriber.receive(channel, payload);
      });
    }
  }
}
