import type { BrokerClock } from "../broker/broker.js";
import type { Clock, Timer } from "../time/clock.js";
import type { Client, Connection } from "./connection.js";

/** It is set again this often, because clocks drift apart. */
const SET_EVERY_MS = 30_000;

/**
 * Redis' clock, by which entries have their ids, estimated without a command each time. The estimate may be ahead of
 * Redis' clock but never behind it, whatever this machine's own time is and although it may have been suspended.
 */
export class RedisClock implements BrokerClock {
  readonly #connection: Connection;
  readonly #clock: Clock;
  #timer: Timer | undefined;
  /** How far it may be ahead of this process' two clocks, in ms. */
  #aheadOfSteady = Number.POSITIVE_INFINITY;
  #aheadOfWall = Number.POSITIVE_INFINITY;

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
    connection.onReady(() => {
      // It may be another Redis.
      this.#aheadOfSteady = Number.POSITIVE_INFINITY;
      this.#set(connection.client);
    });
  }

  start(): void {
    const set = (): void => {
      if (this.#connection.isReady) this.#set(this.#connection.client);
    };
    this.#timer = this.#clock.every(SET_EVERY_MS, set);
  }

  stop(): void {
    this.#timer?.cancel();
  }

  isBefore(instant: number): boolean {
    return this.#clock.now() + this.#aheadOfSteady < instant && this.#clock.wall() + this.#aheadOfWall < instant;
  }

  #set(client: Client): void {
    const steady = this.#clock.now();
    const wall = this.#clock.wall();
    client.time().then(
      ([seconds, micros]) => {
        const time = Number(seconds) * 1000 + Number(micros) / 1000;
        this.#aheadOfSteady = time - steady;
        this.#aheadOfWall = time - wall;
      },
      // Then it is not known.
      () => {},
    );
  }
}
