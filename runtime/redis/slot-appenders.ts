import type { Append, Appender } from "../broker/append.js";
import type { Clock } from "../time/clock.js";
import type { ConnectionPool } from "./connection-pool.js";
import { EntryAppender } from "./entry-appender.js";
import { UnderWay } from "./under-way.js";

/** Adds entries to streams that different masters of a cluster serve: each stream has its own order. */
export class SlotAppenders implements Appender {
  readonly #pool: ConnectionPool;
  readonly #clock: Clock;
  readonly #underWay: UnderWay;
  readonly #byStream = new Map<string, EntryAppender>();

  /** @param mostBytes - of the entries that are under way together */
  constructor(pool: ConnectionPool, mostBytes: number, clock: Clock) {
    this.#pool = pool;
    this.#clock = clock;
    this.#underWay = new UnderWay(mostBytes);
  }

  append(entry: Append): void {
    const { stream } = entry;
    let appender = this.#byStream.get(stream);
    if (appender === undefined) {
      appender = new EntryAppender(this.#pool.route("publish", stream), this.#underWay, this.#clock);
      this.#byStream.set(stream, appender);
    }
    appender.append(entry);
  }

  flush(): void {
    for (const appender of this.#byStream.values()) void appender.flush();
  }

  async drained(): Promise<void> {
    await Promise.all([...this.#byStream.values()].map((appender) => appender.drained()));
  }
}
