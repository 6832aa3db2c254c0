import { comesBefore } from "../broker/entry-id.js";
import type { Channel } from "../broker/subscriptions.js";
import type { CatchUp } from "./catch-up.js";
import type { LaggingSubscription, Stored } from "./lagging-subscriptions.js";

/** So many live notifications wait at most while the stream is read. With more, it is read on instead. */
const MOST_HELD = 100;
/** The ids of so many messages are remembered between two looks at the stream's end. */
const MOST_SEEN = 10_000;

export interface MissedParts {
  readonly channel: Channel;
  /** Whether the listener has had the entry at the position, and all before it. @defaultValue false */
  readonly isResumed?: boolean;
  readonly catchUp: CatchUp;
  readonly deliver: (stored: Stored) => void;
}

/**
 * The notifications that one subscription misses while it is not connected: has them read from the stream, and meanwhile
 * holds back live ones, so that they come in their order and none comes twice.
 */
export class Missed implements LaggingSubscription {
  position: string;
  isClosed = false;
  readonly #parts: MissedParts;
  /** The number of reads that are wanted or under way. While there are any, live notifications wait. */
  #holds = 0;
  #held: (() => void)[] = [];
  /** Live notifications were dropped. They are in the stream, beyond what is being read. */
  #hasDropped = false;
  /** The last of those reads: they run one after another. */
  #reading: Promise<void> = Promise.resolve();
  /** The messages delivered since the last look, and between that and the one before: what the position has not passed. */
  #seen = new Set<string>();
  #seenBefore = new Set<string>();
  /** Until the second look: the entry that the listener has had, before others. The nodes of a cluster may announce it late. */
  #resumedAt: string | undefined;

  constructor(position: string, parts: MissedParts) {
    this.position = position;
    this.#parts = parts;
    this.#resumedAt = parts.isResumed ? position : undefined;
  }

  get channel(): Channel {
    return this.#parts.channel;
  }

  deliver(stored: Stored): void {
    this.#parts.deliver(stored);
  }

  /** Holds back live notifications until {@link catchUp}, which is to be called once for each hold. */
  hold(): void {
    this.#holds++;
  }

  /** Delivers a live notification, after those that were missed. */
  afterMissed(deliver: () => void): void {
    if (this.#holds === 0) deliver();
    else if (this.#held.length < MOST_HELD) this.#held.push(deliver);
    else this.#hasDropped = true;
  }

  /** Whether the listener had the entry before it began to listen. */
  wasBefore(entryId: string): boolean {
    if (this.#resumedAt === undefined) return false;
    // A stream that was made anew is read from its beginning.
    const from = comesBefore(this.position, this.#resumedAt) ? this.position : this.#resumedAt;
    return !comesBefore(from, entryId);
  }

  /** Notes a delivery. Returns `false` for a message that was delivered before. */
  note(messageId: string | undefined): boolean {
    if (messageId === undefined) return true;
    if (this.#seen.has(messageId) || this.#seenBefore.has(messageId)) return false;
    this.#seen.add(messageId);
    if (this.#seen.size > MOST_SEEN) this.#seen.delete(this.#seen.values().next().value as string);
    return true;
  }

  /** Everything up to an entry was received before the last look, unless it is still to be read. */
  reached(entryId: string): void {
    if (this.#holds > 0) return;
    if (comesBefore(this.position, entryId)) this.position = entryId;
    this.#resumedAt = undefined;
    this.#seenBefore = this.#seen;
    this.#seen = new Set();
  }

  /** Has what was missed read, then releases one hold. */
  catchUp(): Promise<void> {
    this.#reading = this.#reading.then(async () => {
      do {
        if (this.#hasDropped) this.#held = [];
        this.#hasDropped = false;
        await this.#parts.catchUp.read(this);
      } while (this.#hasDropped && !this.isClosed);
      this.#holds--;
      if (this.#holds === 0) for (const deliver of this.#held.splice(0)) deliver();
    });
    return this.#reading;
  }

  close(): void {
    this.isClosed = true;
    this.#held = [];
  }
}
