import type { Take } from "../broker/delivery.js";
import { comesBefore, entryIdIn } from "../broker/entry-id.js";
import type { MemberPlace, Membership } from "../broker/membership.js";
import type { Clock } from "../time/clock.js";
import type { Pause } from "../time/pause.js";
import { BlockingLink } from "./blocking-link.js";
import type { Connection } from "./connection.js";
import { type EntryTap, entryTapOf } from "./entry-tap.js";
import { readSome } from "./lua/read.js";
import { deliveryOf } from "./lua/retry.js";
import type { Route } from "./route.js";

export type EntrySource = Pick<Membership, "read" | "interrupt">;

export interface SourcePlace extends Pick<MemberPlace, "stream" | "group" | "consumer"> {
  /** The hash that says up to which entry commands were answered, where entries are to be known as new. */
  readonly floor: string | undefined;
  /** The types of which the whole entry is needed; all where there is no list. */
  readonly wanted: ReadonlySet<string | undefined> | undefined;
}

export interface SourceParts {
  readonly place: SourcePlace;
  readonly blockTimeMs: number;
  /** Whether what this read brings must come before what the next one does. */
  readonly isOrdered: boolean;
  /** After how much text a reply ends, where it can. */
  readonly replyBytes: number;
  /** An entry of more bytes is abridged. */
  readonly maxEntryBytes: number;
  readonly connection: Connection;
  readonly settle: Route;
  readonly pause: Pause;
  readonly clock: Clock;
}

/** Redis ends a read a moment after its block. */
const LATE_MS = 100;

/** Reads that block in Redis, on a connection of their own: entries arrive as soon as they are published. */
export class BlockingSource implements EntrySource {
  readonly #parts: SourceParts;
  readonly #tap: EntryTap;
  readonly #link: BlockingLink;
  /** When the last read was sent. */
  #sentAt = Number.NEGATIVE_INFINITY;

  constructor(parts: SourceParts) {
    this.#parts = parts;
    this.#tap = entryTapOf(parts.connection);
    this.#link = new BlockingLink({ ...parts, stream: parts.place.stream });
  }

  /**
   * If Redis does not hear that its connection is lost, it goes on with the read, and gives the next entries to nobody. With an
   * order, nothing may be read behind them: it ends when that read must have ended.
   */
  async read(count: number, take: Take): Promise<void> {
    const { isOrdered, blockTimeMs, pause, clock } = this.#parts;
    try {
      await this.#read(count, take);
    } catch (error) {
      const isLost = (error as Error).name !== "ReplyError";
      if (isOrdered && isLost) await pause.for(this.#sentAt + blockTimeMs + LATE_MS - clock.now());
      throw error;
    }
  }

  async #read(count: number, take: Take): Promise<void> {
    const { place, blockTimeMs, maxEntryBytes, connection, pause, clock } = this.#parts;
    const { stream, group, consumer, floor, wanted } = place;
    const client = await connection.ready(pause.signal);
    await this.#link.authenticate();
    await this.#link.identify(client);
    this.#tap.expect(take, { isHeld: floor !== undefined, wanted, maxEntryBytes });
    const most = ["COUNT", count, "BLOCK", blockTimeMs] as const;
    this.#sentAt = clock.now();
    const reading = client.xreadgroup("GROUP", group, consumer, ...most, "STREAMS", stream, ">");
    if (floor === undefined) {
      await this.#link.limited(reading);
      this.#tap.handOver();
      return;
    }
    // Sent right behind the read: its answer is of a moment after the delivery, and takes no round trip more. Whoever
    // may not ask does not know.
    const asking = client.hget(floor, "answered").catch(() => null);
    const [, answered] = await this.#link.limited(Promise.all([reading, asking]));
    this.#tap.handOver((deliveries) => {
      const last = entryIdIn(answered ?? "");
      if (last !== undefined) for (const delivery of deliveries) delivery.isNew = comesBefore(last, delivery.id);
    });
  }

  interrupt(): Promise<void> {
    return this.#link.interrupt();
  }
}

/** Reads at intervals, on a shared connection, where a reply is held whole, so it is bounded: for a stream that is mostly empty. */
export function pollingSource(parts: Omit<SourceParts, "connection">): EntrySource {
  const { place, blockTimeMs, replyBytes, maxEntryBytes, settle, pause } = parts;
  const { stream, group, consumer } = place;
  const read: EntrySource["read"] = async (count, take) => {
    const client = await settle.ready(pause.signal);
    const entries = await readSome.run(client, [stream], [group, consumer, count, replyBytes, maxEntryBytes]);
    const deliveries = entries.map(deliveryOf);
    if (deliveries.length === 0) await pause.for(blockTimeMs);
    else take(deliveries);
  };
  return { read, interrupt: async () => {} };
}
