// notification/ delivers notifications live. It may import publish/ and what publish/ may import.

import type { BrokerClock } from "../broker/broker.js";
import { addedAt, entryIdIn } from "../broker/entry-id.js";
import type { Log, LogEntry } from "../broker/log.js";
import type { Channel, Subscriptions } from "../broker/subscriptions.js";
import type { Config } from "../config/config.js";
import type { PlainMessage } from "../contract/codec.js";
import type { Catalogue } from "../contract/descriptor.js";
import { DecodeError } from "../errors.js";
import { correlationOf, withCorrelationOnly } from "../messaging/correlation.js";
import type { RuntimeParts } from "../messaging/hooks.js";
import type {
  Listening,
  ListenOptions,
  NotificationContext,
  NotificationListener,
  NotificationTarget,
} from "../messaging/notification.js";
import type { Timer } from "../time/clock.js";
import { CatchUp } from "./catch-up.js";
import { subscriptionOf } from "./channel.js";
import type { Stored } from "./lagging-subscriptions.js";
import { Missed } from "./missed.js";
import { type MaybeLater, NotificationReader, type NotificationReaderParts, type Received } from "./reader.js";

const ADVANCE_EVERY_MS = 5000;
/** No machine's clock is as far behind that of Redis. */
const DAY_MS = 86_400_000;
interface Listener {
  readonly receive: NotificationListener;
  /** Only where it is to catch up. */
  missed: Missed | undefined;
  isOpen: boolean;
  /** The last of those that wait for a key. What comes later waits for it. */
  waiting: Promise<unknown> | undefined;
}

export interface HubParts extends RuntimeParts, NotificationReaderParts {
  readonly subscriptions: Subscriptions;
  readonly log: Log;
  /** Started with the hub. */
  readonly brokerClock: BrokerClock;
}

/** Delivers notifications to the listeners of this process as they are published. */
export class NotificationHub {
  readonly #config: Config;
  readonly #reader: NotificationReader;
  readonly #parts: HubParts;
  readonly #catchUp: CatchUp;
  readonly #catchingUp = new Set<Missed>();
  #ticking: Timer | undefined;
  #isAdvancing = false;
  #lastId: string | undefined;
  #decoded: { readonly payload: string; readonly received: MaybeLater<Received> } | undefined;

  constructor(config: Config, catalogue: Catalogue, parts: HubParts) {
    this.#config = config;
    this.#reader = new NotificationReader(config, catalogue, parts);
    this.#parts = parts;
    const { log, clock, hooks } = parts;
    const decode = (entry: LogEntry): MaybeLater<Stored> => this.#reader.stored(entry);
    this.#catchUp = new CatchUp({ log, clock, report: hooks.trouble, decode });
    parts.brokerClock.start();
  }

  async listen(target: NotificationTarget, receive: NotificationListener, options: ListenOptions): Promise<Listening> {
    const channel = subscriptionOf(this.#config, target);
    const { since, catchUp = since !== undefined } = options;
    const position = since === undefined ? undefined : entryIdIn(since);
    if (since !== undefined && position === undefined) {
      throw new DecodeError(`${JSON.stringify(since)} is no entry id to continue from`);
    }
    const listener: Listener = { receive, missed: undefined, isOpen: true, waiting: undefined };
    const missed = catchUp ? await this.#missedBy(listener, channel, position) : undefined;
    listener.missed = missed;
    // What is published while the stream is read is held back.
    if (since !== undefined) missed?.hold();
    try {
      const subscription = await this.#subscribe(channel, listener);
      if (since !== undefined) await missed?.catchUp();
      const close = async (): Promise<void> => {
        this.#forget(listener);
        await subscription.close();
      };
      return { close, [Symbol.asyncDispose]: close };
    } catch (error) {
      this.#forget(listener);
      throw error;
    }
  }

  /** Ends every subscription. */
  close(): void {
    this.#ticking?.cancel();
    this.#catchUp.close();
    for (const missed of this.#catchingUp) missed.close();
    this.#catchingUp.clear();
  }

  #subscribe(channel: Channel, listener: Listener): ReturnType<Subscriptions["subscribe"]> {
    let isBehind = false;
    return this.#parts.subscriptions.subscribe(channel, {
      receive: (name, payload) => this.#sent(listener, name, payload),
      lost: () => {
        this.#lastId = undefined;
        if (isBehind) return;
        isBehind = true;
        // A live notification after the reconnect would move the position beyond what was missed.
        listener.missed?.hold();
      },
      restored: () => {
        if (!isBehind) return;
        isBehind = false;
        void listener.missed?.catchUp();
      },
    });
  }

  async #missedBy(listener: Listener, channel: Channel, since: string | undefined): Promise<Missed> {
    const { log, clock } = this.#parts;
    const missed = new Missed(since ?? (await log.lastId()), {
      ...{ channel, isResumed: since !== undefined, catchUp: this.#catchUp },
      deliver: ({ message, channel, entryId }) => this.#deliver(listener, message, { channel, entryId, missed: true }),
    });
    this.#catchingUp.add(missed);
    this.#ticking ??= clock.every(ADVANCE_EVERY_MS, () => void this.#advance());
    return missed;
  }

  #forget(listener: Listener): void {
    listener.isOpen = false;
    if (listener.missed === undefined) return;
    listener.missed.close();
    this.#catchingUp.delete(listener.missed);
  }

  #sent(listener: Listener, channel: string, payload: string): void {
    // Every listener of a channel is given the same payload in turn: it is decoded once.
    if (this.#decoded?.payload !== payload) {
      this.#decoded = { payload, received: this.#reader.announced(channel, payload) };
    }
    const { received } = this.#decoded;
    const sent = (one: Received | undefined): void => {
      if (one === undefined) return;
      const { message, entryId } = one;
      const deliver = (): void => {
        if (entryId !== undefined && listener.missed?.wasBefore(entryId)) return;
        this.#deliver(listener, message, { channel, entryId, missed: false });
      };
      if (listener.missed === undefined) deliver();
      else listener.missed.afterMissed(deliver);
    };
    if (listener.waiting === undefined && !(received instanceof Promise)) {
      sent(received);
      return;
    }
    const waiting = Promise.resolve(listener.waiting)
      .then(() => received)
      .then((one) => {
        sent(one);
        if (listener.waiting === waiting) listener.waiting = undefined;
      });
    listener.waiting = waiting;
  }

  #deliver({ receive, missed, isOpen }: Listener, message: PlainMessage, context: NotificationContext): void {
    if (!isOpen) return;
    const { channel, entryId } = context;
    const correlation = correlationOf("notification", message);
    const { messageId, correlationId } = correlation;
    const ids = { messageId, correlationId };
    if (this.#hasExpired(message, entryId)) {
      this.#parts.hooks.emit("notificationExpired", { channel, entryId, ...ids });
      return;
    }
    if (missed?.note(messageId ?? entryId) === false) return;
    const received = (async () => withCorrelationOnly(correlation, () => receive(message, context)))();
    received.catch((error: unknown) => {
      this.#parts.hooks.trouble(`handling a notification on ${channel}`, error, ids);
    });
  }

  /** Judged by Redis' clock. While that is not known, it is no earlier than the entry, unless its id lies far ahead. */
  #hasExpired({ expires_at: expires }: PlainMessage, entryId: string | undefined): boolean {
    if (typeof expires !== "string") return false;
    const { brokerClock, clock } = this.#parts;
    const added = entryId === undefined ? Number.NaN : addedAt(entryId);
    const now = brokerClock.now() ?? (added > clock.wall() + DAY_MS ? Number.NaN : added);
    return Date.parse(expires) <= now;
  }

  /**
   * Moves every position on, so that a reconnect need not read the whole day: to the end of the stream one look ago.
   * What was added since may still be on its way.
   */
  async #advance(): Promise<void> {
    if (this.#isAdvancing || this.#catchingUp.size === 0) return;
    this.#isAdvancing = true;
    const reached = this.#lastId;
    try {
      const lastId = await this.#parts.log.lastId();
      await this.#parts.subscriptions.caughtUp();
      this.#lastId = lastId;
      if (reached !== undefined) for (const missed of this.#catchingUp) missed.reached(reached);
    } catch {
      this.#lastId = undefined;
    } finally {
      this.#isAdvancing = false;
    }
  }
}
