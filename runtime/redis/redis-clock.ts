import type { Redis } from "ioredis";
import type { Connection } from "./connection.js";

/** So often it is set again: clocks drift apart. */
const SET_EVERY_MS = 30_000;

/**
 * Redis' clock, by which entries have their ids, as far as it can be told without asking each time. It may be taken to
 * be ahead of what it is, never behind: neither this machine's own time matters, nor that it was suspended meanwhile.
 */
export class RedisClock {
  readonly #connection: Connection;
  #timer: NodeJS.Timeout | undefined;
  /** How far it may be ahead of this process' two clocks, in ms. */
  #aheadOfSteady = Number.POSITIVE_INFINITY;
  #aheadOfWall = Number.POSITIVE_INFINITY;

  constructor(connection: Connection) {
    this.#connection = connection;
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
    this.#timer = setInterval(set, SET_EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Whether it is surely not that late there, in ms since 1970. */
  isBefore(instant: number): boolean {
    return performance.now() + this.#aheadOfSteady < instant && Date.now() + this.#aheadOfWall < instant;
  }

  #set(client: Redis): void {
    const steady = performance.now();
    const wall = Date.now();
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
