import type { Append, Appender } from "../broker/append.js";
import { EntryAppender, type EntryAppenderParts } from "./entry-appender.js";
import type { Route } from "./route.js";

/** Adds entries to streams that different masters of a cluster serve: each stream has its own order. */
export class SlotAppenders implements Appender {
  readonly #routeOf: (stream: string) => Route;
  readonly #parts: EntryAppenderParts;
  readonly #byStream = new Map<string, EntryAppender>();

  constructor(routeOf: (stream: string) => Route, parts: EntryAppenderParts) {
    this.#routeOf = routeOf;
    this.#parts = parts;
  }

  append(entry: Append): void {
    const { stream } = entry;
    let appender = this.#byStream.get(stream);
    if (appender === undefined) {
      appender = new EntryAppender(this.#routeOf(stream), this.#parts);
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
