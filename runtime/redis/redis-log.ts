import type { Log } from "../broker/log.js";
import type { Client } from "./connection.js";
import { ourError } from "./driver-error.js";
import { greatestId } from "./greatest-id.js";
import type { StreamKeys } from "./keys.js";
import { boundLetters } from "./letters.js";
import { readPage } from "./page.js";
import type { Route } from "./route.js";
import { trimStream } from "./trim-stream.js";

/** The ways to a stream's node. */
export interface LogRoutes {
  readonly settle: Route;
  readonly publish: Route;
  /** Of its own, so that no publish waits for what many screens have missed. Opened at its first use. */
  readonly catchUp: () => Route;
}

/** A stream in Redis as a log. */
export class RedisLog implements Log {
  readonly #keys: StreamKeys;
  readonly #routes: LogRoutes;
  readonly #maxEntryBytes: number;

  /** @param maxEntryBytes - an entry of more bytes is abridged */
  constructor(keys: StreamKeys, routes: LogRoutes, maxEntryBytes: number) {
    this.#keys = keys;
    this.#routes = routes;
    this.#maxEntryBytes = maxEntryBytes;
  }

  get stream(): string {
    return this.#keys.stream;
  }

  async trim(bounds: Parameters<Log["trim"]>[0]): ReturnType<Log["trim"]> {
    const { stream, prefix, redrive } = this.#keys;
    const { maxAgeMs, maxLength, lockMs, graceMs, expireGroups } = bounds;
    const policy = expireGroups ? "expire-group" : "";
    // One group alone reads a redrive stream, whose keys are not followed by its name.
    const args = [prefix, stream === redrive ? "" : ":", maxAgeMs, maxLength, lockMs, graceMs, policy];
    return this.#tidy(`trimming ${stream}`, (client) => trimStream(client, this.#keys, args));
  }

  async boundDeadLetters(bounds: Parameters<Log["boundDeadLetters"]>[0]): ReturnType<Log["boundDeadLetters"]> {
    const { stream, redrive } = this.#keys;
    // The dead letters of a redrive stream are those of the stream.
    if (stream === redrive) return [];
    const what = `bounding the dead letters of ${stream}`;
    return (await this.#tidy(what, (client) => boundLetters(client, this.#keys, bounds))) ?? [];
  }

  readAfter(id: string, count: number): ReturnType<Log["readAfter"]> {
    const { stream } = this.#keys;
    const range = { from: `(${id}`, most: count, maxEntryBytes: this.#maxEntryBytes };
    return this.#routes.catchUp().ask(`reading ${stream}`, (client) => readPage(client, stream, range));
  }

  lastId(): Promise<string> {
    const { stream } = this.#keys;
    return this.#routes.publish.ask(`reading the end of ${stream}`, (client) => greatestId(client, stream));
  }

  /** Housekeeping opens no connection of its own and waits for none. Resolves to `undefined` without one. */
  async #tidy<Reply>(what: string, work: (client: Client) => Promise<Reply>): Promise<Reply | undefined> {
    const route = [this.#routes.settle, this.#routes.publish].find(({ isReady }) => isReady);
    if (route === undefined) return undefined;
    return work(route.client).catch((error: unknown) => {
      throw ourError(error, route.address, what);
    });
  }
}
