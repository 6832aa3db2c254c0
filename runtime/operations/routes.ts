import type { Config } from "../config/config.js";
import type { Client, Connection } from "../redis/connection.js";
import { ConnectionPool } from "../redis/connection-pool.js";
import type { Route } from "../redis/route.js";
import { systemClock } from "../time/clock.js";

/** Asks what serves a stream: each partition may be at another master. */
export type AtStream = <Reply>(stream: string, question: (client: Client) => Promise<Reply>) => Promise<Reply>;

const NEVER = new AbortController().signal;

/**
 * An operator's ways to what serves each stream: one connection to one Redis, or one to each master of a cluster. A master that is away is
 * waited for once.
 */
export class Routes {
  /** Where Redis is, for texts. */
  readonly address: string;
  /** Whether streams may be at several masters, of which one may be away. */
  readonly hasMasters: boolean;
  readonly #pool: ConnectionPool;

  /** @param name - that of the connections in `CLIENT LIST`, before the role */
  constructor({ redis }: Config, name: string) {
    this.address = redis.address;
    this.#pool = new ConnectionPool({ redis, service: name, clock: systemClock, waitsOnce: true });
    this.hasMasters = redis.cluster !== undefined;
  }

  /** @param key - a stream, or any key beside one: they are in one slot */
  at(key: string): Route {
    return this.#pool.route("settle", key);
  }

  /** The connection to read one stream alone with blocking reads. On one Redis it is that of {@link at}. */
  alone(key: string): Connection {
    return this.#pool.own("settle", key);
  }

  /** Asks one Redis, or some node of a cluster. @throws {ConnectionError} */
  ask<Reply>(question: (client: Client) => Promise<Reply>): Promise<Reply> {
    return this.#pool.ask(question, NEVER);
  }

  close(): void {
    this.#pool.close();
  }
}
