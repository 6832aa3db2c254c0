import type { Append, Appender } from "../broker/append.js";
import type { ConnectionPool } from "./connection-pool.js";
import { EntryAppender, type EntryAppenderParts } from "./entry-appender.js";
import { SlotAppenders } from "./slot-appenders.js";
import { UnderWay } from "./under-way.js";

interface AppenderParts extends Omit<EntryAppenderParts, "underWay"> {
  /** Of the entries that are under way together. */
  readonly mostBytes: number;
}

/**
 * Adds entries over one connection, and those that replicas must have over another: whoever waits for replicas holds up what comes
 * behind. That one is opened at its first use.
 */
export class DurableAppender implements Appender {
  readonly #stored: Appender;
  readonly #open: () => Appender;
  #replicated: Appender | undefined;

  constructor(stored: Appender, replicated: () => Appender) {
    this.#stored = stored;
    this.#open = replicated;
  }

  append(entry: Append): void {
    if (!entry.isReplicated) return void this.#stored.append(entry);
    this.#replicated ??= this.#open();
    this.#replicated.append(entry);
  }

  flush(): void {
    this.#stored.flush();
    this.#replicated?.flush();
  }

  async drained(): Promise<void> {
    await Promise.all([this.#stored.drained(), this.#replicated?.drained()]);
  }
}

/** Adds entries over the connections of a pool. */
export function appenderOf(pool: ConnectionPool, { mostBytes, clock, replicas, history }: AppenderParts): Appender {
  const underWay = new UnderWay(mostBytes);
  const over = (role: "publish" | "replicated", parts: Pick<EntryAppenderParts, "replicas">): Appender => {
    const own = { ...parts, underWay, clock, history };
    if (pool.topology === undefined) return new EntryAppender(pool.any(role), own);
    return new SlotAppenders((stream) => pool.route(role, stream), own);
  };
  return new DurableAppender(over("publish", {}), () => over("replicated", { replicas }));
}
