import { comesBefore } from "../broker/entry-id.js";
import type { Log } from "../broker/log.js";
import type { FlatFields } from "../contract/codec.js";
import { MessagingError } from "../errors.js";
import type { Clock } from "../time/clock.js";
import type { ReportTrouble } from "../time/pause.js";
import { type LaggingSubscription, LaggingSubscriptions, type Stored } from "./lagging-subscriptions.js";

type Page = Awaited<ReturnType<Log["readAfter"]>>;

const PAGE = 200;
const RETRY_MS = 100;
/** After so many deliveries other work of the process goes on. */
const MOST_AT_A_STRETCH = 1000;

export interface CatchUpParts {
  readonly log: Log;
  readonly clock: Clock;
  readonly report: ReportTrouble;
  /** `undefined` for an entry that is no notification of the catalogue. */
  readonly decode: (entryId: string, fields: FlatFields) => Stored | undefined;
}

/**
 * Reads for all subscriptions of a process what they have missed. The stream is read in passes, page by page, each entry
 * is decoded once and goes to those who listen to its channel: what it costs depends on what was missed, not on how many
 * missed it. A subscription that comes when a pass is beyond its position waits for the next one.
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
    await this.#setBack();
    let cursor = oldestOf(this.#waiting.keys());
    for (let isOver = false; !isOver; ) {
      for (const [subscription, done] of this.#waiting) {
        if (comesBefore(subscription.position, cursor)) continue;
        lagging.add(subscription, done);
        this.#waiting.delete(subscription);
      }
      const page = await this.#page(cursor, lagging);
      await this.#deliver(page, lagging);
      cursor = page.at(-1)?.[0] ?? cursor;
      lagging.reached(cursor);
      isOver = page.length < PAGE;
    }
    lagging.done();
  }

  /** A position behind the end of the stream is one of another stream, under its name before: nothing of this one is read. */
  async #setBack(): Promise<void> {
    const areClosed = (): boolean => [...this.#waiting.keys()].every(({ isClosed }) => isClosed);
    const end = await this.#asked(() => this.#parts.log.lastId(), areClosed);
    if (end === undefined) return;
    for (const subscription of this.#waiting.keys()) {
      if (comesBefore(end, subscription.position)) subscription.position = "0-0";
    }
  }

  async #page(after: string, lagging: LaggingSubscriptions): Promise<Page> {
    return (
      (await this.#asked(
        () => this.#parts.log.readAfter(after, PAGE),
        () => lagging.areClosed,
      )) ?? []
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

  async #deliver(page: Page, lagging: LaggingSubscriptions): Promise<void> {
    let delivered = 0;
    for (const [entryId, fields] of page) {
      const stored = this.#parts.decode(entryId, fields);
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
