import type { Append, Appender } from "../broker/append.js";
import type { Answers, Broker, BrokerClock } from "../broker/broker.js";
import type { Log } from "../broker/log.js";
import type { MemberPlace, MemberSignals, Members, Membership } from "../broker/membership.js";
import type { Subscriptions } from "../broker/subscriptions.js";
import type { Topology } from "../broker/topology.js";
import type { Transfer, Transferred } from "../broker/transfer.js";
import type { Config } from "../config/config.js";
import type { HookBus } from "../messaging/hooks.js";
import { Pause } from "../time/pause.js";
import type { Instance } from "./instance.js";
import { logOf } from "./memory-log.js";
import { MemoryMembership } from "./memory-membership.js";
import { MemoryShares } from "./memory-shares.js";
import { Seat } from "./seat.js";
import type { Store } from "./store.js";

export interface BrokerParts {
  readonly config: Config;
  readonly hooks: HookBus;
}

/** The broker of one process in a test. */
export class MemoryBroker implements Broker {
  readonly appender: Appender;
  readonly answers: Answers;
  readonly #clock: BrokerClock;
  readonly subscriptions: Subscriptions;
  readonly isReady = true;
  readonly isWhole = true;
  readonly #store: Store;
  readonly #instance: Instance;
  readonly #config: Config;
  readonly #hooks: HookBus;
  readonly #memberships = new Set<MemoryMembership>();
  readonly #subscribed = new Set<() => void>();

  constructor(store: Store, instance: Instance, { config, hooks }: BrokerParts) {
    this.#store = store;
    this.#instance = instance;
    this.#config = config;
    this.#hooks = hooks;
    const { clock, channels } = store;
    this.#clock = { now: () => clock.wall(), isBefore: (instant) => clock.wall() < instant, start: () => {} };
    this.appender = {
      append: (entry) => this.#append(entry),
      flush: () => {},
      drained: () => instance.call(() => {}),
    };
    this.answers = {
      find: (stream, id) => instance.call(() => store.answerTo(store.placeOf(stream, { messageId: id }), id) ?? null),
      failure: () => undefined,
      check: (stream, id, givenUpAt) =>
        instance.call(() => store.answerTo(stream, id) ?? (clock.wall() > givenUpAt ? "expired" : null)),
      give: (answer) => instance.call(() => store.answer(answer)),
    };
    this.subscriptions = {
      subscribe: (channel, subscriber) =>
        instance.call(() => {
          const end = channels.subscribe(channel, {
            receive: (name, payload) => void instance.call(() => subscriber.receive(name, payload)),
          });
          this.#subscribed.add(end);
          const close = (): Promise<void> => instance.call(end);
          return { close };
        }),
      caughtUp: () => instance.call(() => {}),
    };
    instance.onCrash(() => this.close());
  }

  connect(): Promise<{ readonly evictionPolicy: undefined }> {
    return this.#instance.call(() => ({ evictionPolicy: undefined }));
  }

  assertAffordable(): void {}

  /** A read that has waited for longer than its block ends now: nobody asks before. */
  ping(): Promise<number> {
    return this.#instance.call(async () => {
      for (const membership of this.#memberships) membership.endRead();
      for (let turns = 0; turns < 10; turns++) await Promise.resolve();
      return 0;
    });
  }

  transfer({ stream, entries, onceWindowMs }: Transfer): Promise<Transferred> {
    return this.#instance.call(() => {
      const entryIds = entries.map((each) =>
        this.#store.append({ ...each, stream: this.#store.placeOf(stream, each), onceWindowMs }),
      );
      return { entryIds, refusal: undefined };
    });
  }

  clockOf(): BrokerClock {
    return this.#clock;
  }

  topology(stream: string): Promise<Topology> {
    return this.#instance.call(() => this.#store.topology(stream));
  }

  log(stream: string): Log {
    return logOf(this.#store, this.#instance, stream, this.#config.maxMessageBytes);
  }

  members(): Members {
    return {
      heartbeat: { state: "confirmed", reason: null },
      add: (place, signals) => this.#member(place, signals),
      share: (stream, consumer, signal) => {
        const place = { stream, group: this.#config.group, consumer };
        return new MemoryShares(place, { store: this.#store, instance: this.#instance, signal });
      },
      start: () => {},
      stop: () => this.#instance.call(() => {}),
    };
  }

  close(): void {
    for (const end of this.#subscribed) end();
    this.#memberships.clear();
  }

  #member(place: MemberPlace, signals: MemberSignals): Membership {
    const instance = this.#instance;
    const pause = new Pause(signals.reading, instance.clock, this.#hooks.trouble);
    const seat = new Seat(place, this.#store, this.#config);
    const membership = new MemoryMembership(seat, { instance, signals, pause });
    this.#memberships.add(membership);
    return membership;
  }

  /** Stored at once. Its publisher hears of it in a later turn, as with Redis. */
  #append(append: Append): void {
    const store = (): string => {
      if (append.isKeyed) append.stream = this.#store.placeOf(append.stream, append);
      return this.#store.append(append);
    };
    void this.#instance.call(store).then((entryId) => append.stored(entryId));
  }
}
