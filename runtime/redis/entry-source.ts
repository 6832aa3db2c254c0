import type { Take } from "../broker/delivery.js";
import type { Member } from "../broker/member.js";
import { ConnectionError } from "../errors.js";
import type { Pause } from "../time/pause.js";
import type { Connection } from "./connection.js";
import { type EntryTap, entryTapOf } from "./entry-tap.js";

/** Where a reader's new entries come from. */
export interface EntrySource {
  readonly stream: string;
  /** Takes up to so many new entries, or none after a while. They are taken before this resolves, if any came. */
  read(count: number, take: Take): Promise<void>;
  /** Ends a read that waits, so that nothing that Redis has handed out is lost on its way. */
  interrupt(by: Connection): Promise<void>;
}

/** How much longer than its block a read may take before its connection counts as dead. */
const GRACE_MS = 2000;

type Reply = [stream: string, entries: [id: string, fields: string[] | null][]][] | null;

/** Reads that wait in Redis, on a connection of their own: entries come the moment that they are published. */
export class BlockingSource implements EntrySource {
  readonly stream: string;
  readonly #member: Member;
  readonly #blockTimeMs: number;
  readonly #connection: Connection;
  readonly #pause: Pause;
  readonly #tap: EntryTap;
  #clientId: number | undefined;

  constructor(member: Member, blockTimeMs: number, connection: Connection, pause: Pause) {
    this.stream = member.keys.stream;
    this.#member = member;
    this.#blockTimeMs = blockTimeMs;
    this.#connection = connection;
    this.#pause = pause;
    this.#tap = entryTapOf(connection);
    connection.client.on("ready", () => {
      this.#clientId = undefined;
    });
  }

  async read(count: number, take: Take): Promise<void> {
    const { group, consumer } = this.#member;
    const client = await this.#connection.ready(this.#pause.signal);
    this.#clientId ??= (await this.#watched(client.client("ID").catch(() => 0))) as number;
    const block = this.#blockTimeMs;
    this.#tap.expect(take);
    await this.#watched(
      client.xreadgroup("GROUP", group, consumer, "COUNT", count, "BLOCK", block, "STREAMS", this.stream, ">"),
    );
    this.#tap.handOver();
  }

  async interrupt(by: Connection): Promise<void> {
    if (!this.#clientId || !by.isReady) return;
    // Without the right to do so, the read ends with its block.
    await by.client.client("UNBLOCK", this.#clientId).catch(() => {});
  }

  /**
   * A half-open link looks idle. A read that outlasts its block is given up together with its connection: Redis may
   * have answered into the void, so what it handed out is looked for before the next read.
   */
  #watched<Value>(reading: Promise<Value>): Promise<Value> {
    const limitMs = this.#blockTimeMs + GRACE_MS;
    return new Promise((resolve, reject) => {
      const expire = (): void => {
        const what = `Redis has not answered a read of ${this.stream} for ${limitMs} ms; connecting anew`;
        reject(new ConnectionError("REDIS_UNAVAILABLE", what));
        this.#connection.renew();
      };
      // A busy event loop runs late timers before it looks at its sockets: the reply may be there already.
      let timer = setTimeout(() => {
        timer = setTimeout(expire, 100);
      }, limitMs);
      const settle =
        <Result>(end: (result: Result) => void) =>
        (result: Result): void => {
          clearTimeout(timer);
          end(result);
        };
      reading.then(settle(resolve), settle(reject));
    });
  }
}

/** Looks now and then, on a shared connection: for a stream in which there is seldom anything. */
export class PollingSource implements EntrySource {
  readonly stream: string;
  readonly #member: Member;
  readonly #intervalMs: number;
  readonly #connection: Connection;
  readonly #pause: Pause;

  constructor(member: Member, intervalMs: number, connection: Connection, pause: Pause) {
    this.stream = member.keys.stream;
    this.#member = member;
    this.#intervalMs = intervalMs;
    this.#connection = connection;
    this.#pause = pause;
  }

  async read(count: number, take: Take): Promise<void> {
    const { group, consumer } = this.#member;
    const client = await this.#connection.ready(this.#pause.signal);
    const reply = (await client.xreadgroup(
      "GROUP",
      group,
      consumer,
      "COUNT",
      count,
      "STREAMS",
      this.stream,
      ">",
    )) as Reply;
    const deliveries = (reply?.[0]?.[1] ?? []).map(([id, fields]) => ({ id, fields, attempt: 1 }));
    if (deliveries.length === 0) await this.#pause.for(this.#intervalMs);
    else take(deliveries);
  }

  async interrupt(): Promise<void> {}
}
