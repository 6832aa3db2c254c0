import type { Take } from "../broker/delivery.js";
import { ConnectionError } from "../errors.js";
import type { Clock, Timer } from "../time/clock.js";
import type { Pause } from "../time/pause.js";
import type { Connection } from "./connection.js";
import { type EntryTap, entryTapOf } from "./entry-tap.js";

/** Reads the new entries of a stream for one consumer of a group. */
export interface EntrySource {
  /** Takes up to so many new entries, or none after a while. They are taken before this resolves. */
  read(count: number, take: Take): Promise<void>;
  /** Ends a read that waits, so that no entry is lost on its way. */
  interrupt(by: Connection): Promise<void>;
}

/** The consumer that reads. */
export interface SourcePlace {
  readonly stream: string;
  readonly group: string;
  readonly consumer: string;
}

/** How much longer than its block a read may take before its connection counts as dead. */
const GRACE_MS = 2000;

type Reply = [stream: string, entries: [id: string, fields: string[] | null][]][] | null;

/** Reads that block in Redis, on a connection of their own: entries arrive as soon as they are published. */
export class BlockingSource implements EntrySource {
  readonly #place: SourcePlace;
  readonly #blockTimeMs: number;
  readonly #connection: Connection;
  readonly #pause: Pause;
  readonly #clock: Clock;
  readonly #tap: EntryTap;
  #clientId: number | undefined;

  constructor(place: SourcePlace, blockTimeMs: number, connection: Connection, pause: Pause, clock: Clock) {
    this.#place = place;
    this.#clock = clock;
    this.#blockTimeMs = blockTimeMs;
    this.#connection = connection;
    this.#pause = pause;
    this.#tap = entryTapOf(connection);
    connection.client.on("ready", () => {
      this.#clientId = undefined;
    });
  }

  async read(count: number, take: Take): Promise<void> {
    const { stream, group, consumer } = this.#place;
    const client = await this.#connection.ready(this.#pause.signal);
    this.#clientId ??= (await this.#watched(client.client("ID").catch(() => 0))) as number;
    const block = this.#blockTimeMs;
    this.#tap.expect(take);
    await this.#watched(
      client.xreadgroup("GROUP", group, consumer, "COUNT", count, "BLOCK", block, "STREAMS", stream, ">"),
    );
    this.#tap.handOver();
  }

  async interrupt(by: Connection): Promise<void> {
    if (!this.#clientId || !by.isReady) return;
    // Without the right to do so, the read ends with its block.
    await by.client.client("UNBLOCK", this.#clientId).catch(() => {});
  }

  /**
   * A half-open link looks idle. A read that takes longer than its block is given up together with its connection.
   * Redis may have answered it, so lost deliveries are looked for before the next read.
   */
  #watched<Value>(reading: Promise<Value>): Promise<Value> {
    const limitMs = this.#blockTimeMs + GRACE_MS;
    return new Promise((resolve, reject) => {
      const expire = (): void => {
        const what = `Redis has not answered a read of ${this.#place.stream} for ${limitMs} ms; connecting anew`;
        reject(new ConnectionError("REDIS_UNAVAILABLE", what));
        this.#connection.renew();
      };
      // A busy event loop runs late timers before it reads its sockets: the reply may have arrived.
      let timer: Timer = this.#clock.after(limitMs, () => {
        timer = this.#clock.after(100, expire);
      });
      const settle =
        <Result>(end: (result: Result) => void) =>
        (result: Result): void => {
          timer.cancel();
          end(result);
        };
      reading.then(settle(resolve), settle(reject));
    });
  }
}

/** Reads at intervals, on a shared connection: for a stream that is mostly empty. */
export class PollingSource implements EntrySource {
  readonly #place: SourcePlace;
  readonly #intervalMs: number;
  readonly #connection: Connection;
  readonly #pause: Pause;

  constructor(place: SourcePlace, intervalMs: number, connection: Connection, pause: Pause) {
    this.#place = place;
    this.#intervalMs = intervalMs;
    this.#connection = connection;
    this.#pause = pause;
  }

  async read(count: number, take: Take): Promise<void> {
    const { stream, group, consumer } = this.#place;
    const client = await this.#connection.ready(this.#pause.signal);
    const reply = (await client.xreadgroup("GROUP", group, consumer, "COUNT", count, "STREAMS", stream, ">")) as Reply;
    const deliveries = (reply?.[0]?.[1] ?? []).map(([id, fields]) => ({ id, fields, attempt: 1 }));
    if (deliveries.length === 0) await this.#pause.for(this.#intervalMs);
    else take(deliveries);
  }

  async interrupt(): Promise<void> {}
}
