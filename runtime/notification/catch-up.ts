import { comesBefore } from "../broker/entry-id.js";
import type { Log, LogEntry } from "../broker/log.js";
import { MessagingError } from "../errors.js";
import type { Clock } from "../time/clock.js";
import type { ReportTrouble } from "../time/pause.js";
import { type LaggingSubscription, LaggingSubscriptions, type Stored } from "./lagging-subscriptions.js";
import type { MaybeLater } from "./reader.js";

type Page = Awaited<ReturnType<Log["readAfter"]>>;

const NONE: Page = { entries: [], isMore: false };
const PAGE = 200;
const RETRY_MS = 100;
/** After so many deliveries other work of the process goes on. */
const MOST_AT_A_STRETCH = 1000;

export interface CatchUpParts {
  readonly log: Log;
  readonly clock: Clock;
  readonly report: ReportTrouble;
  /** `undefined` for an entry that is no notification of the catalogue, or too large. */
  readonly decode: (entry: LogEntry) => MaybeLater<Stored>;
}

/**
 * Reads for all subscriptions of a process what they have missed. The stream is read in passes, page by page, each entry
 * is decoded once and goes to those who listen to its channel: what it costs depends on what was missed, not on how many
 * missed it. A subscription that comes during a pass waits for the next one.
 */
export class CatchUp {
  readonly #parts: CatchUpParts;
  readonly #waiting = new Map<LaggingSubscription, () => void>();
  #isReading = false;
  #isClosed = false;

  constructor(parts: CatchUpParts) {
    this.#parts = parts;
  }

  /** Resolves when everything up to the end of the stream has been delivered, or the subscription is closed. */
  async read(subscription: LaggingSubscription): Promise<void> {
    const done = new Promise<void>((resolve) => this.#waiting.set(subscription, resolve));
    if (!this.#isReading) void this.#readAll();
    return done;
  }

  close(): void {
    this.#isClosed = true;
  }

  async #readAll(): Promise<void> {
    this.#isReading = true;
    // Those who ask in the same turn are read for together.
    await Promise.resolve();
    while (this.#waiting.size > 0) await this.#pass();
    this.#isReading = false;
  }

  async #pass(): Promise<void> {
    const lagging = new LaggingSubscriptions();
    const judged = await this.#judged();
    for (const subscription of judged) {
      lagging.add(subscription, this.#waiting.get(subscription) as () => void);
      this.#waiting.delete(subscription);
    }
    let cursor = oldestOf(judged);
    for (let isOver = false; !isOver; ) {
      const { entries, isMore } = await this.#page(cursor, lagging);
      await this.#deliver(entries, lagging);
      cursor = entries.at(-1)?.id ?? cursor;
      lagging.reached(cursor);
      isOver = !isMore;
    }
    lagging.done();
  }

  /**
   * Those who wait, each with a position in this stream. One past its end is of another stream, which had its name before: of
   * this one nothing was read.
   */
  async #judged(): Promise<ReadonlySet<LaggingSubscription>> {
    // Not those who come meanwhile: their positions may be later than this end.
    const waiting = new Set(this.#waiting.keys());
    const areClosed = (): boolean => [...waiting].every(({ isClosed }) => isClosed);
    const end = await this.#asked(() => this.#parts.log.lastId(), areClosed);
    for (const subscription of end === undefined ? [] : waiting) {
      if (comesBefore(end as string, subscription.position)) subscription.position = "0-0";
    }
    return waiting;
  }

  async #page(after: string, lagging: LaggingSubscriptions): Promise<Page> {
    return (
      (await this.#asked(
        () => this.#parts.log.readAfter(after, PAGE),
        () => lagging.areClosed,
      )) ?? NONE
    );
  }

  /** Goes on for as long as Redis is away: the screens asked for every notification. */
  async #asked<Reply>(question: () => Promise<Reply>, areClosed: () => boolean): Promise<Reply | undefined> {
    const { report, clock } = this.#parts;
    while (!this.#isClosed && !areClosed()) {
      try {
        return await question();
      } catch (error) {
        report("reading the notifications that were missed", error);
        // Closed, or refused: a repeat would not help.
        if (error instanceof MessagingError && !error.retryable) break;
        await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve).unref());
      }
    }
    return undefined;
  }

  async #deliver(entries: readonly LogEntry[], lagging: LaggingSubscriptions): Promise<void> {
    let delivered = 0;
    for (const entry of entries) {
      const { id: entryId } = entry;
      const read = this.#parts.decode(entry);
      const stored = read instanceof Promise ? await read : read;
      if (stored === undefined) continue;
      for (const subscription of lagging.of(stored.channel)) {
        if (subscription.isClosed || !comesBefore(subscription.position, entryId)) continue;
        subscription.position = entryId;
        subscription.deliver(stored);
        if (++delivered % MOST_AT_A_STRETCH === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }
}

function oldestOf(lagging: Iterable<LaggingSubscription>): string {
  let oldest: string | undefined;
  for (const { position } of lagging) {
    if (oldest === undefined || comesBefore(position, oldest)) oldest = position;
  }
  return oldest ?? "0-0";
}
