import type { HeartbeatState } from "../broker/signs-of-life.js";
import { LONGEST_TIMER_MS, type Timer } from "../time/clock.js";
import type { Client } from "./connection.js";
import { type HeartbeatParts, HeartbeatThread } from "./heartbeat-thread.js";
import type { StreamKeys } from "./keys.js";
import { beat } from "./lua/beat.js";
import type { Route } from "./route.js";

/** Places in the memory that the thread shares. */
const [TURN, BEAT, THREAD, LAPSES, CONFIRMED] = [0, 1, 2, 3, 4] as const;
const TURN_EVERY_MS = 500;
/** The main thread looks so often in a lease whether the last beat is old, and is then late by so much at most. */
const LOOKS_PER_LEASE = 12;
/** No entry has a greater id, so a read behind it delivers nothing. */
const BEHIND_ALL = "18446744073709551614-0";

interface Beat {
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
  readonly place: { readonly stream: string; readonly group: string; readonly consumer: string };
}

/**
 * Sends the heartbeats of this process' consumers from a thread: a handler that keeps the event loop busy must not make
 * them look dead. It stops while the event loop has been blocked for longer than a handler may take. Whenever the last
 * confirmed beat is old, because the thread has just begun or cannot reach Redis, the main thread beats over its own
 * connection.
 */
export class Heartbeat {
  readonly #parts: HeartbeatParts;
  readonly #leaseNs: bigint;
  readonly #intervalMs: number;
  readonly #instants = new BigInt64Array(new SharedArrayBuffer(40));
  readonly #beats: Beat[] = [];
  #timers: readonly Timer[] = [];
  readonly #thread: HeartbeatThread;
  #isCovering = false;
  /** Why the thread cannot beat, and why the main thread cannot; empty while it can. */
  #threadFailure = "";
  #failure = "";
  #seenLapses = 0;
  #seenLapseAt = Number.NEGATIVE_INFINITY;
  #toldState: HeartbeatState["state"] = "confirmed";

  /** @param thread - which others may share */
  constructor(parts: HeartbeatParts, thread: HeartbeatThread = new HeartbeatThread(parts)) {
    this.#parts = parts;
    this.#thread = thread;
    this.#leaseNs = BigInt(parts.config.leaseMs) * 1_000_000n;
    this.#intervalMs = Math.min(LONGEST_TIMER_MS, Math.max(1, Math.floor(parts.config.leaseMs / 3)));
    this.#turn();
    thread.add({
      ...{ beats: this.#beats, clock: this.#instants.buffer, intervalMs: this.#intervalMs },
      told: (why) => {
        this.#threadFailure = why;
      },
    });
  }

  add({ stream, alive, floor }: Pick<StreamKeys, "stream" | "alive" | "floor">, group: string, consumer: string): void {
    const args = [consumer, this.#parts.config.leaseMs];
    this.#beats.push({ keys: [alive, floor], args, place: { stream, group, consumer } });
  }

  /** Beats among the members that share partitions, for as long as this one is among them. */
  addShare(
    members: string,
    { stream, floor }: Pick<StreamKeys, "stream" | "floor">,
    group: string,
    consumer: string,
  ): void {
    const args = [consumer, this.#parts.config.leaseMs, "XX"];
    this.#beats.push({ keys: [members, floor], args, place: { stream, group, consumer } });
  }

  /**
   * Called again, it beats for those that were added since, too.
   *
   * @throws {ConfigError} when the TLS options hold what cannot be passed to a thread
   */
  start(route: Route): void {
    if (this.#timers.length === 0) this.#begin(route);
    this.#thread.start(route);
  }

  /** Beats once from the main thread: before the first read, and before the next one after the lease has lapsed. */
  async renew(route: Route): Promise<void> {
    const client = await route.ready();
    const now = process.hrtime.bigint();
    for (const { keys, args } of this.#beats) await beat.run(client, keys, [this.#parts.clock.wall(), ...args]);
    this.#failure = "";
    const last = Atomics.load(this.#instants, BEAT);
    const age = last === 0n ? 0n : now - last;
    // Others saw the last beat until this one came to Redis, which may have been as late as its reply.
    const late = last === 0n ? 0n : process.hrtime.bigint() - last;
    // Every consumer of this process must learn of the lapse, not only the one that noticed it.
    if (late > this.#leaseNs) Atomics.add(this.#instants, LAPSES, 1n);
    // Unless the thread has been quicker.
    if (age >= 0n && Atomics.compareExchange(this.#instants, BEAT, last, now) === last) {
      Atomics.add(this.#instants, CONFIRMED, age > this.#leaseNs / 2n ? this.#leaseNs / 6n : age);
    }
  }

  /** Whether others may have taken the entries of this process by now. */
  get lapsed(): boolean {
    return this.#age(BEAT) > this.#leaseNs;
  }

  /** How often a beat came that late. */
  get lapses(): number {
    return Number(Atomics.load(this.#instants, LAPSES));
  }

  /**
   * For how many ms beats have been confirmed, as a clock. Of a time without one, longer than half a lease, only a sixth of a
   * lease counts: what hinders this process may hinder others, so their heartbeats that stand still meanwhile tell little.
   */
  get confirmedMs(): number {
    return Number(Atomics.load(this.#instants, CONFIRMED) / 1_000_000n);
  }

  /** Whether no other member can have taken what a handler holds that runs now: no beat was late while it ran. */
  get keepsAll(): boolean {
    const { clock, config } = this.#parts;
    const { lapsed, lapses } = this;
    if (lapsed || lapses !== this.#seenLapses) this.#seenLapseAt = clock.now();
    this.#seenLapses = lapses;
    return clock.now() - this.#seenLapseAt > config.handlerTimeoutMs;
  }

  get state(): HeartbeatState {
    let state: HeartbeatState["state"] = "confirmed";
    if (this.#age(THREAD) > this.#leaseNs) {
      if (this.lapsed) state = "unconfirmed";
      else if (this.#failure === "") state = "covered";
    }
    const reason = (state === "unconfirmed" && this.#failure) || this.#threadFailure || "no answer";
    return { state, reason: state === "confirmed" ? null : reason };
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) timer.cancel();
    await this.#thread.stop();
  }

  #begin(route: Route): void {
    const { clock, config } = this.#parts;
    // It has a lease to begin.
    Atomics.store(this.#instants, THREAD, process.hrtime.bigint());
    const look = (): void => this.#look(route);
    this.#timers = [
      clock.every(TURN_EVERY_MS, () => this.#turn()),
      clock.every(Math.max(1, config.leaseMs / LOOKS_PER_LEASE), look),
    ];
  }

  #age(place: typeof BEAT | typeof THREAD): bigint {
    return process.hrtime.bigint() - Atomics.load(this.#instants, place);
  }

  #look(route: Route): void {
    // Without a connection there is other news in the log.
    if (!route.isReady) return;
    this.#report();
    if (this.#isCovering || this.#age(BEAT) < BigInt(Math.ceil(this.#intervalMs * 1.1)) * 1_000_000n) return;
    this.#isCovering = true;
    const failed = async (error: unknown): Promise<void> => {
      this.#failure = (error as Error).message;
      if ((error as Error).name === "ReplyError" && route.isReady) await this.#touch(route.client);
    };
    void this.renew(route)
      .catch(failed)
      .finally(() => {
        this.#isCovering = false;
      });
  }

  /** Redis notes when each consumer last asked for something, and others look at that, too. */
  async #touch(client: Client): Promise<void> {
    for (const { place } of this.#beats) {
      const { stream, group, consumer } = place;
      await client.xreadgroup("GROUP", group, consumer, "COUNT", 1, "STREAMS", stream, BEHIND_ALL).catch(() => {});
    }
  }

  /** Says once that the beats are hindered, and once more if the main thread's are, too. */
  #report(): void {
    const { state, reason } = this.state;
    const told = this.#toldState;
    if (state !== "confirmed" && (told === "unconfirmed" || told === state)) return;
    this.#toldState = state;
    if (state === "confirmed") return;
    const what = state === "covered" ? "sending heartbeats over their own connection" : "sending heartbeats";
    this.#parts.hooks.trouble(what, new Error(reason ?? ""));
  }

  #turn(): void {
    Atomics.store(this.#instants, TURN, process.hrtime.bigint());
  }
}
