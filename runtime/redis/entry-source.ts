import type { Take } from "../broker/delivery.js";
import { comesBefore, entryIdIn } from "../broker/entry-id.js";
import type { MemberPlace, Membership } from "../broker/membership.js";
import { ConnectionError } from "../errors.js";
import type { Clock, Timer } from "../time/clock.js";
import type { Pause } from "../time/pause.js";
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

/** A read that takes so much longer than its block has lost its connection. */
const GRACE_MS = 2000;
/** Redis ends a read a moment after its block. */
const LATE_MS = 100;

/** Reads that block in Redis, on a connection of their own: entries arrive as soon as they are published. */
export class BlockingSource implements EntrySource {
  readonly #parts: SourceParts;
  readonly #tap: EntryTap;
  #clientId: number | undefined;
  /** When the last read was sent. */
  #sentAt = Number.NEGATIVE_INFINITY;

  constructor(parts: SourceParts) {
    this.#parts = parts;
    this.#tap = entryTapOf(parts.connection);
    parts.connection.onReady(() => {
      this.#clientId = undefined;
    });
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
    if (connection.authentication.isDue) await this.#limited(connection.authentication.renew());
    this.#clientId ??= (await this.#limited(client.client("ID").catch(() => 0))) as number;
    this.#tap.expect(take, { isHeld: floor !== undefined, wanted, maxEntryBytes });
    const most = ["COUNT", count, "BLOCK", blockTimeMs] as const;
    this.#sentAt = clock.now();
    const reading = client.xreadgroup("GROUP", group, consumer, ...most, "STREAMS", stream, ">");
    if (floor === undefined) {
      await this.#limited(reading);
      this.#tap.handOver();
      return;
    }
    // Sent right behind the read: its answer is of a moment after the delivery, and takes no round trip more. Whoever
    // may not ask does not know.
    const asking = client.hget(floor, "answered").catch(() => null);
    const [, answered] = await this.#limited(Promise.all([reading, asking]));
    this.#tap.handOver((deliveries) => {
      const last = entryIdIn(answered ?? "");
      if (last !== undefined) for (const delivery of deliveries) delivery.isNew = comesBefore(last, delivery.id);
    });
  }

  async interrupt(): Promise<void> {
    const { settle, connection } = this.#parts;
    // While a slot moves they may be at different nodes, where the number is another client's.
    if (!this.#clientId || !settle.isReady || settle.connection.node !== connection.node) return;
    // A user without this right waits for the end of the block.
    await settle.client.client("UNBLOCK", this.#clientId).catch(() => {});
  }

  /** A half-open link looks idle: a read that takes too long is rejected, and its connection renewed. */
  #limited<Value>(reading: Promise<Value>): Promise<Value> {
    const { place, blockTimeMs, connection, clock } = this.#parts;
    const limitMs = blockTimeMs + GRACE_MS;
    return new Promise((resolve, reject) => {
      const expire = (): void => {
        const text = `Redis has not answered a read of ${place.stream} for ${limitMs} ms; reconnecting`;
        reject(new ConnectionError("REDIS_UNAVAILABLE", text));
        connection.renew();
      };
      // A busy event loop runs late timers before it reads its sockets: the reply may have arrived.
      let timer: Timer = clock.after(limitMs, () => {
        timer = clock.after(100, expire);
      });
      const cancel = (): void => timer.cancel();
      reading.then(resolve, reject);
      reading.then(cancel, cancel);
    });
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
