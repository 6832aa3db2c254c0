import { slotOf } from "../../broker/slot.js";
import type { RedisConfig } from "../../config/redis-config.js";
import { BriefReplies } from "../../redis/brief-reply.js";
import { Connection } from "../../redis/connection.js";
import { ourError } from "../../redis/driver-error.js";
import { systemClock } from "../../time/clock.js";

/** A stream that has more, and the id of the entry that it has. */
export type News = readonly [key: string, entries: readonly [readonly [id: string]]];

/** A connection that reads streams with blocking reads: all streams of one Redis, or one of a cluster's, with its master. */
export class Lane {
  readonly connection: Connection;
  readonly #socketTimeoutMs: number;
  readonly #replies: BriefReplies;
  #underWay: Promise<void> | undefined;
  #isClosed = false;

  /** @param slot - that of its stream, on a cluster */
  constructor(redis: RedisConfig, slot?: number) {
    this.connection = new Connection(redis, "tail", "read:tail", systemClock, slot);
    this.#socketTimeoutMs = redis.socketTimeoutMs;
    this.#replies = new BriefReplies(this.connection);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Begins a piece of work, unless one is under way: then it is waited for. */
  once(work: () => Promise<void>): Promise<void> {
    this.#underWay ??= work().finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  /** Waits until one of the streams has an entry behind its position. Resolves to nothing after so many ms. */
  async news(
    positions: ReadonlyMap<string, string>,
    { ms, signal }: { readonly ms: number; readonly signal: AbortSignal },
  ): Promise<readonly News[]> {
    const client = await this.connection.ready(signal);
    const end = (): void => this.close();
    // A link that died in silence never answers.
    const watchdog = systemClock.after(ms + this.#socketTimeoutMs, () => this.connection.renew());
    signal.addEventListener("abort", end);
    try {
      // The entries themselves are read as a page, which is bounded.
      this.#replies.isOn = true;
      const reply = await client.xread("COUNT", 1, "BLOCK", ms, "STREAMS", ...positions.keys(), ...positions.values());
      return (reply ?? []) as unknown as News[];
    } catch (error) {
      if (signal.aborted) return [];
      throw ourError(error, this.connection.address, `waiting for ${[...positions.keys()].join(", ")}`);
    } finally {
      this.#replies.isOn = false;
      watchdog.cancel();
      signal.removeEventListener("abort", end);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.connection.close();
  }
}

/** The lanes in which streams are read, by the streams' keys: a blocking read takes no streams of two slots. */
export function lanesOf(redis: RedisConfig, keys: readonly string[]): ReadonlyMap<string, Lane> {
  if (redis.cluster !== undefined) return new Map(keys.map((key) => [key, new Lane(redis, slotOf(key))]));
  const lane = new Lane(redis);
  return new Map(keys.map((key) => [key, lane]));
}
