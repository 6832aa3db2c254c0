import type { BrokerClock } from "../broker/broker.js";
import type { Clock, Timer } from "../time/clock.js";
import type { Client, Connection } from "./connection.js";

/** Clocks drift apart, so it is set again this often. */
const SET_EVERY_MS = 30_000;

/** An estimate of Redis' clock that is never behind it, also when this machine was suspended or its time changed. */
export class RedisClock implements BrokerClock {
  readonly #connections: readonly Connection[];
  readonly #clock: Clock;
  #timer: Timer | undefined;
  /** How far it may be ahead of this process' two clocks, in ms. Infinite while that is not known. */
  #aheadOfSteady = Number.POSITIVE_INFINITY;
  #aheadOfWall = Number.POSITIVE_INFINITY;

  /** @param connections - the first that is ready is asked; the last is opened when none has been */
  constructor(connections: readonly Connection[], clock: Clock) {
    this.#connections = connections;
    this.#clock = clock;
    for (const connection of connections) {
      connection.onReady(() => {
        // It may be another Redis.
        this.#aheadOfSteady = Number.POSITIVE_INFINITY;
        this.#set();
      });
    }
    // Who is ready already does not say so again.
    this.#set();
  }

  start(): void {
    this.#timer ??= this.#clock.every(SET_EVERY_MS, () => this.#set());
    if (this.#connections.some(({ isReady }) => isReady)) return;
    // Whoever needs it for more reports why there is no connection.
    const connecting = this.#connections.at(-1)?.ready();
    connecting?.catch(() => {});
  }
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  now(): number | undefined {
    return Number.isFinite(this.#aheadOfSteady) ? this.#clock.now() + this.#aheadOfSteady : undefined;
  }

  isBefore(instant: number): boolean {
    return this.#clock.now() + this.#aheadOfSteady < instant && this.#clock.wall() + this.#aheadOfWall < instant;
  }

  #set(): void {
    const connection = this.#connections.find(({ isReady }) => isReady);
    if (connection === undefined) return;
    const steady = this.#clock.now();
    const wall = this.#clock.wall();
    const set = (reply: readonly unknown[]): void => {
      const time = instantIn(reply);
      this.#aheadOfSteady = time - steady;
      this.#aheadOfWall = time - wall;
    };
    connection.client.time().then(set, () => {});
  }
}

/** Where a new group begins: for a moment of the monotonic clock, below what was added since, by little over a round trip. */
export async function startId(client: Client, startFrom: "all" | "new" | number, clock: Clock): Promise<string> {
  if (typeof startFrom === "string") return startFrom === "new" ? "$" : "0";
  const reply = await client.time();
  const elapsedMs = clock.now() - startFrom;
  return `${Math.max(0, Math.floor(instantIn(reply) - elapsedMs) - 1)}-0`;
}

/** The moment of a reply to `TIME`, in ms since 1970. */
export function instantIn([seconds, micros]: readonly unknown[]): number {
  return Number(seconds) * 1000 + Number(micros) / 1000;
}
