import { setImmediate, setTimeout } from "node:timers/promises";
import { repartitioned } from "../../broker/partition-control.js";
import { MessagingError } from "../../errors.js";
import type { Instance } from "../../memory/instance.js";
import { Store } from "../../memory/store.js";
import { VirtualClock } from "../../memory/virtual-clock.js";
import { LONGEST_TIMER_MS } from "../../time/clock.js";
import { randomOf } from "../random.js";
import { Activity } from "./activity.js";
import { readOptions, type TestBrokerOptions } from "./broker-options.js";
import { Chronicle } from "./chronicle.js";
import { type Duration, msOf } from "./duration.js";
import { EndlessError, UnsettledError } from "./errors.js";
import { Observer } from "./observer.js";
import type { Outgoing, Run } from "./run.js";
import type { TestBroker, TestTime } from "./test-broker.js";
import { TestKeys } from "./test-keys.js";

type Unended = Run | Outgoing;

/** The real one, whatever a test replaces later. */
const realNow: () => number = performance.now.bind(performance);
/** Acknowledgements are gathered for so long. */
const SOON_MS = 5;
const QUIET_TURNS = 2;
const IDLE_TURNS = 50;

/** The broker of tests, with what the messagings that share it need. */
export class SharedBroker extends Observer implements TestBroker, TestTime {
  readonly store: Store;
  readonly activity: Activity = new Activity();
  readonly chronicle: Chronicle;
  readonly keys: TestKeys;
  readonly #clock: VirtualClock;
  readonly #limitMs: number;
  readonly #patienceMs: number;
  readonly #maxHandled: number;
  /** How many partitions streams begin with. */
  readonly #partitions: readonly (readonly [stream: string, count: number])[];
  readonly #services = new Set<{ close(): Promise<void> }>();
  /** What ends as time passes, and the time that passes for it. */
  readonly #closings = new Set<Promise<void>>();
  #passing: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /** @throws {ConfigError} */
  constructor(options: TestBrokerOptions = {}) {
    const { startsAt, seed, realTimeLimitMs, patienceMs, maxHandled, partitions } = readOptions(options);
    const chronicle = new Chronicle();
    const keys = new TestKeys();
    super(chronicle, seed, { sealing: keys.sealing });
    this.keys = keys;
    this.chronicle = chronicle;
    this.#clock = new VirtualClock(startsAt, randomOf(seed));
    this.#limitMs = realTimeLimitMs;
    this.#patienceMs = patienceMs;
    this.#maxHandled = maxHandled;
    this.#partitions = Object.entries(partitions);
    this.store = new Store(this.#clock, (stream, entryId, isHandedOn) => {
      const fields = this.store.stream(stream).log.find(entryId)?.fields ?? [];
      this.chronicle.added({ stream, entryId, fields, isHandedOn }, this.activity.current);
      this.activity.added(stream, entryId);
    });
  }

  /** Before a runner with the usual limit of five seconds ends a test. */
  get warnAfterMs(): number {
    return Math.min(this.#limitMs / 2, LONGEST_TIMER_MS);
  }

  get time(): TestTime {
    return this;
  }

  now(): Date {
    return new Date(this.#clock.wall());
  }

  async advance(duration: Duration): Promise<void> {
    const ms = msOf(duration);
    return this.#alone("time.advance()", async () => {
      const end = this.#clock.now() + ms;
      await this.#quiet();
      for (let next = this.#clock.next; next !== undefined && next <= end; next = this.#clock.next) {
        this.#clock.step();
        await this.#quiet();
      }
      this.#clock.passTo(end);
    });
  }

  settled(): Promise<void> {
    return this.#alone("settled()", async () => {
      for (;;) {
        const busy = await this.#drain(this.#limitMs, () => this.activity.busy);
        if (busy.length > 0) throw new UnsettledError(this.activity, this.#limitMs, this.seed);
        if (!this.#stepSoon()) return;
      }
    });
  }

  forget(kind: string, id: string | number): void {
    this.keys.forget(`${kind}:${id}`, this.now().toISOString());
  }

  close(): Promise<void> {
    this.#closing ??= Promise.all([...this.#services].map((service) => service.close())).then(() => this.store.halt());
    return this.#closing;
  }

  /**
   * @param wholeOf - the name of a stream in its environment
   * @throws {MessagingError} `CLOSED`
   */
  add(service: { close(): Promise<void> }, wholeOf: (stream: string) => string): void {
    this.assertOpen("create a messaging");
    this.#services.add(service);
    for (const [stream, count] of this.#partitions) {
      const before = this.store.topology(wholeOf(stream));
      if (before.version > 0) continue;
      this.store.partition(wholeOf(stream), repartitioned(before, count, { nowMs: this.#clock.wall(), filled: [] }));
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Lets time pass until work of an instance ends that may wait for it. */
  async during(work: Promise<void>, instance: Instance): Promise<void> {
    if (instance.hasCrashed) return;
    this.#closings.add(work);
    work.catch(() => {}).finally(() => this.#closings.delete(work));
    this.#passing ??= this.#passUntilClosed();
    await work;
  }

  async #passUntilClosed(): Promise<void> {
    while (this.#closings.size > 0) {
      await this.#quiet();
      if (this.#closings.size > 0) this.#clock.step();
    }
    this.#passing = undefined;
  }

  /** Acknowledgements wait for others for a moment. */
  #stepSoon(): boolean {
    const { next } = this.#clock;
    if (next === undefined || next - this.#clock.now() > SOON_MS || !this.store.isUnsettled) return false;
    this.#clock.step();
    return true;
  }

  /** Waits for what runs, but not for handlers that do nothing: time passes without them. */
  async #quiet(): Promise<void> {
    const busy = (): readonly Unended[] => this.activity.busy.filter(({ isIdle }) => !isIdle);
    for (const each of await this.#drain(this.#patienceMs, busy)) each.isIdle = true;
  }

  /**
   * Lets everything run that can without virtual time. Resolves to what has not ended, and has done nothing for so many ms
   * of real time.
   */
  async #drain(patienceMs: number, busyOf: () => readonly Unended[]): Promise<readonly Unended[]> {
    let quiet = 0;
    let quietSince = realNow();
    for (;;) {
      const before = this.#signs;
      await (quiet < IDLE_TURNS ? setImmediate() : setTimeout(1));
      if (this.activity.begun > this.#maxHandled && !this.store.isHalted) {
        this.store.halt();
        throw new EndlessError(this.activity.newest, this.#maxHandled, this.seed);
      }
      if (this.#signs !== before) {
        quiet = 0;
        quietSince = realNow();
        continue;
      }
      if (++quiet < QUIET_TURNS) continue;
      const busy = busyOf();
      if (busy.length === 0 || realNow() - quietSince > patienceMs) return busy;
    }
  }

  /** @throws {MessagingError} `CLOSED` */
  assertOpen(what: string): void {
    if (this.#closing === undefined) return;
    throw new MessagingError("CLOSED", `cannot ${what}: the broker of this test is closed; create another`);
  }

  get #signs(): number {
    return this.store.calls + this.activity.events;
  }

  /** One at a time: two that let time pass would disturb each other. */
  async #alone<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
    this.assertOpen(`await ${what}`);
    return this.activity.waiting({ what, until: undefined }, () => {
      const done = this.#last.then(() => {
        this.activity.begun = 0;
        return work();
      });
      this.#last = done.catch(() => {});
      return done;
    });
  }
}

/**
 * Creates what stands for Redis in a test, for several services.
 * @example
 * const broker = createTestBroker();
 * const orders = createTestMessaging({ service: "orders", broker });
 * const billing = createTestMessaging({ service: "billing", broker });
 */
export function createTestBroker(options?: TestBrokerOptions): TestBroker {
  return new SharedBroker(options);
}
