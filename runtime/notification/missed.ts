import { isLater } from "../broker/entry-id.js";
import type { Log } from "../broker/log.js";
import type { FlatFields } from "../contract/codec.js";
import { MessagingError } from "../errors.js";
import type { Clock } from "../time/clock.js";
import type { ReportTrouble } from "../time/pause.js";

const PAGE = 200;
const RETRY_MS = 100;
const MOST_SEEN = 10_000;

export interface MissedParts {
  readonly log: Log;
  readonly clock: Clock;
  readonly report: ReportTrouble;
  /** Delivers an entry of the stream, if it belongs to the subscription. */
  readonly deliver: (entryId: string, fields: FlatFields) => void;
}

/**
 * The notifications that one subscription misses while it is not connected: reads them from the stream, and meanwhile
 * holds back live ones, so that they come in their order and none comes twice.
 */
export class Missed {
  readonly #parts: MissedParts;
  /** The entry after which to look. */
  #position: string;
  /** The number of reads that are wanted or under way. While there are any, live notifications wait. */
  #holds = 0;
  readonly #held: (() => void)[] = [];
  /** The last of those reads: they run one after another. */
  #reading: Promise<void> = Promise.resolve();
  /** The ids of the messages delivered since the position. */
  readonly #seen = new Set<string>();
  #isClosed = false;

  constructor(position: string, parts: MissedParts) {
    this.#position = position;
    this.#parts = parts;
  }

  /** Holds back live notifications until {@link catchUp}, which is to be called once for each hold. */
  hold(): void {
    this.#holds++;
  }

  /** Delivers a live notification, after those that were missed. */
  afterMissed(deliver: () => void): void {
    if (this.#holds === 0) deliver();
    else this.#held.push(deliver);
  }

  /** Notes a delivery. Returns `false` for a message that was delivered before. */
  note(messageId: string | undefined, entryId: string | undefined): boolean {
    if (entryId !== undefined && isLater(entryId, this.#position)) this.#position = entryId;
    if (messageId === undefined) return true;
    if (this.#seen.has(messageId)) return false;
    this.#seen.add(messageId);
    if (this.#seen.size > MOST_SEEN) this.#seen.delete(this.#seen.values().next().value as string);
    return true;
  }

  /** Everything up to an entry has been received, unless it is still to be read. */
  reached(entryId: string): void {
    if (this.#holds === 0 && isLater(entryId, this.#position)) this.#position = entryId;
  }

  /** Reads what was missed, then releases one hold. */
  catchUp(): Promise<void> {
    this.#reading = this.#reading.then(async () => {
      await this.#read();
      this.#holds--;
      if (this.#holds === 0) for (const deliver of this.#held.splice(0)) deliver();
    });
    return this.#reading;
  }

  close(): void {
    this.#isClosed = true;
  }

  /** Continues for as long as Redis is away: the screen asked for every notification. */
  async #read(): Promise<void> {
    const { log, clock, report, deliver } = this.#parts;
    while (!this.#isClosed) {
      try {
        const page = await log.readAfter(this.#position, PAGE);
        for (const [entryId, fields] of page) {
          this.#position = entryId;
          deliver(entryId, fields);
        }
        if (page.length < PAGE) return;
      } catch (error) {
        report("reading the notifications that were missed", error);
        // Closed, or refused: a repeat would not help.
        if (error instanceof MessagingError && !error.retryable) return;
        await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve).unref());
      }
    }
  }
}
