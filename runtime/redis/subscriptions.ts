import type { Redis } from "ioredis";
import type { Channel, Subscriber, Subscription, Subscriptions } from "../broker/subscriptions.js";
import type { Clock } from "../time/clock.js";
import { Pause, type ReportTrouble } from "../time/pause.js";
import type { Connection } from "./connection.js";

interface Subscribed {
  readonly channel: Channel;
  readonly subscribers: Set<Subscriber>;
  /** The session of the connection in which Redis has confirmed it. */
  confirmedIn: number;
}

/** Subscribes again after every reconnect, each channel confirmed; a failure is reported and tried again. */
export class RedisSubscriptions implements Subscriptions {
  readonly #connection: Connection;
  readonly #report: ReportTrouble;
  readonly #pause: Pause;
  readonly #closing = new AbortController();
  readonly #subscribed = new Map<string, Subscribed>();

  constructor(connection: Connection, clock: Clock, report: ReportTrouble) {
    this.#connection = connection;
    this.#report = report;
    this.#pause = new Pause(this.#closing.signal, clock, report);
    const { client } = connection;
    client.on("message", (channel: string, payload: string) => this.#receive(`c${channel}`, channel, payload));
    client.on("pmessage", (pattern: string, channel: string, payload: string) =>
      this.#receive(`p${pattern}`, channel, payload),
    );
    connection.onLost(() => {
      for (const { subscribers } of this.#subscribed.values())
        for (const subscriber of subscribers) subscriber.lost?.();
    });
    connection.onReady(() => {
      for (const subscribed of this.#subscribed.values()) void this.#restore(subscribed);
    });
  }

  async subscribe(channel: Channel, subscriber: Subscriber): Promise<Subscription> {
    await this.#connection.ready();
    const key = keyOf(channel);
    const subscribed = this.#subscribed.get(key) ?? { channel, subscribers: new Set(), confirmedIn: 0 };
    this.#subscribed.set(key, subscribed);
    subscribed.subscribers.add(subscriber);
    const close = (): Promise<void> => this.#close(key, subscribed, subscriber);
    try {
      await this.#connection.ask(`subscribing to ${channel.name}`, (client) => this.#confirm(client, subscribed));
    } catch (error) {
      await close();
      throw error;
    }
    return { close };
  }

  /** Redis answers on a connection in the order in which it sends. */
  async caughtUp(): Promise<void> {
    await this.#connection.client.ping();
  }

  close(): void {
    this.#closing.abort();
    this.#subscribed.clear();
  }

  async #confirm(client: Redis, subscribed: Subscribed): Promise<void> {
    const session = this.#connection.session;
    if (subscribed.confirmedIn === session) return;
    const { name, isPattern } = subscribed.channel;
    await (isPattern ? client.psubscribe(name) : client.subscribe(name));
    subscribed.confirmedIn = session;
  }

  async #close(key: string, subscribed: Subscribed, subscriber: Subscriber): Promise<void> {
    subscribed.subscribers.delete(subscriber);
    if (subscribed.subscribers.size > 0 || this.#subscribed.get(key) !== subscribed) return;
    this.#subscribed.delete(key);
    // Without a connection there is no subscription either.
    if (!this.#connection.isReady) return;
    const { client } = this.#connection;
    const { name, isPattern } = subscribed.channel;
    await (isPattern ? client.punsubscribe(name) : client.unsubscribe(name)).catch(() => {});
  }

  /** Ends when it is confirmed, when nobody wants it any more, or with its session: the next one begins anew. */
  async #restore(subscribed: Subscribed): Promise<void> {
    const session = this.#connection.session;
    const isWanted = (): boolean =>
      this.#connection.session === session && this.#subscribed.get(keyOf(subscribed.channel)) === subscribed;
    for (let failures = 0; isWanted(); failures++) {
      try {
        await this.#confirm(this.#connection.client, subscribed);
        if (!isWanted()) return;
        for (const subscriber of [...subscribed.subscribers]) subscriber.restored?.();
        return;
      } catch (error) {
        if (!isWanted() || !this.#connection.isReady) return;
        if (!(await this.#pause.afterFailure(failures, `subscribing to ${subscribed.channel.name}`, error))) return;
      }
    }
  }

  #receive(key: string, channel: string, payload: string): void {
    for (const subscriber of [...(this.#subscribed.get(key)?.subscribers ?? [])]) {
      try {
        subscriber.receive(channel, payload);
      } catch (error) {
        this.#report(`receiving on ${channel}`, error);
      }
    }
  }
}

const keyOf = ({ name, isPattern }: Channel): string => `${isPattern ? "p" : "c"}${name}`;
