import { addedAt, comesBefore, idBefore } from "../../broker/entry-id.js";
import type { LogEntry } from "../../broker/log.js";
import { type Config, prefixed } from "../../config/config.js";
import { ConnectionError } from "../../errors.js";
import { greatestId } from "../../redis/greatest-id.js";
import { type Page, readPage } from "../../redis/page.js";
import { systemClock } from "../../time/clock.js";
import { Pause } from "../../time/pause.js";
import { askEach, type Unseen } from "../ask-each.js";
import { type Lane, lanesOf, type News } from "./lane.js";

/** What to read. */
export interface FollowOptions {
  /** The streams' names without the environment's prefix. */
  readonly streams: readonly string[];
  /** The id at which to begin; `undefined` for what is added from now on. */
  readonly from?: string | undefined;
  /** The id at which to end. @defaultValue it does not end */
  readonly to?: string | undefined;
  /** End at what is there, rather than wait for more. @defaultValue false */
  readonly isOver?: boolean | undefined;
  readonly signal: AbortSignal;
  /** Called with a sentence when the connection is lost or back, or a stream begins anew. */
  readonly notice: (sentence: string) => void;
  /** Told at first of the streams that are left out, because a master of a cluster is away. @defaultValue a notice of each */
  readonly unseen?: (streams: readonly Unseen[]) => void;
}

/** An entry, and where it is from. */
export interface FollowedEntry extends LogEntry {
  /** The stream's name without the environment's prefix. */
  readonly stream: string;
  /** Whether it was added after this had caught up. */
  readonly isLive: boolean;
}

interface Reading {
  readonly name: string;
  readonly key: string;
  readonly lane: Lane;
  /** What was read and not yet given. */
  entries: readonly LogEntry[];
  /** The last entry that was read, or the id behind which reading begins. */
  position: string;
  /** The greatest id that the stream is known to have had. */
  greatest: string;
  /** Whether there may be more to read. */
  isMore: boolean;
  /** Whether it has come to the id at which to end. */
  hasEnded: boolean;
}

const PAGE = 200;

/**
 * Reads streams as they grow, those that are there already in the order of time. It joins no group and leaves no trace: each
 * page is bounded in bytes, no more is read than is asked for, and it waits without asking again and again.
 */
export class Follower {
  readonly #options: FollowOptions;
  readonly #config: Config;
  readonly #lanes: ReadonlyMap<string, Lane>;
  readonly #pause: Pause;

  constructor(config: Config, options: FollowOptions) {
    this.#options = options;
    this.#config = config;
    this.#lanes = lanesOf(
      config.redis,
      options.streams.map((name) => prefixed(config, name)),
    );
    this.#pause = new Pause(options.signal, systemClock, () => {});
  }

  /** @throws {ConnectionError} Redis cannot be reached at first, or refuses; or a key is no stream */
  async *entries(): AsyncGenerator<FollowedEntry, void, undefined> {
    const { streams, signal, isOver = false } = this.#options;
    try {
      const hasMasters = this.#config.redis.cluster !== undefined;
      const { found: readings, unseen } = await askEach({ hasMasters }, streams, (name) => this.#begin(name));
      this.#leaveOut(unseen);
      let isLive = this.#options.from === undefined;
      while (!signal.aborted) {
        for (const reading of readings) if (reading.entries.length === 0 && reading.isMore) await this.#fill(reading);
        const next = oldest(readings);
        if (next !== undefined) {
          const [entry, ...rest] = next.entries as [LogEntry, ...LogEntry[]];
          next.entries = rest;
          yield { ...entry, stream: next.name, isLive };
        } else if (!readings.some(({ isMore }) => isMore)) {
          if (isOver || this.#isPast(readings)) return;
          isLive = true;
          await this.#wait(readings);
        }
      }
    } finally {
      for (const lane of this.#lanes.values()) lane.close();
    }
  }

  /** Whether nothing can come any more before the id at which to end. */
  #isPast(readings: readonly Reading[]): boolean {
    const { to } = this.#options;
    if (to === undefined) return false;
    return systemClock.wall() > addedAt(to) || readings.every(({ hasEnded }) => hasEnded);
  }

  async #begin(name: string): Promise<Reading> {
    const key = prefixed(this.#config, name);
    const { from } = this.#options;
    const lane = this.#lanes.get(key) as Lane;
    const greatest = await lane.connection.ask(`reading ${key}`, (client) => greatestId(client, key));
    const position = from === undefined ? greatest : idBefore(from);
    return { name, key, lane, entries: [], hasEnded: false, greatest, position, isMore: from !== undefined };
  }

  #leaveOut(unseen: readonly Unseen[]): void {
    const { notice, unseen: told } = this.#options;
    for (const { name } of unseen) this.#lanes.get(prefixed(this.#config, name))?.close();
    if (told !== undefined) told(unseen);
    else for (const { name, why } of unseen) notice(`${name} is left out: ${why}`);
  }

  async #fill(reading: Reading): Promise<void> {
    const { key, lane, position } = reading;
    const { to = "+" } = this.#options;
    const range = { from: `(${position}`, to, most: PAGE, maxEntryBytes: this.#config.maxMessageBytes };
    const page = await this.#again<Page>(lane, () =>
      lane.connection.ask(`reading ${key}`, (client) => readPage(client, key, range)),
    );
    if (page === undefined) return;
    reading.entries = page.entries;
    reading.isMore = page.isMore;
    reading.position = page.entries.at(-1)?.id ?? position;
    if (page.entries.length > 0 && comesBefore(reading.greatest, reading.position)) reading.greatest = reading.position;
  }

  /** Waits until one of the streams has more, for a while. */
  async #wait(readings: readonly Reading[]): Promise<void> {
    const open = readings.filter(({ hasEnded }) => !hasEnded);
    // The other lanes go on waiting meanwhile.
    await Promise.race([...new Set(open.map(({ lane }) => lane))].map((lane) => this.#waitIn(lane, open)));
  }

  /** The entry that ends the wait is read again, as one of a page. */
  #waitIn(lane: Lane, open: readonly Reading[]): Promise<void> {
    const own = open.filter((each) => each.lane === lane);
    return lane.once(async () => {
      const news = await this.#again(lane, () => this.#news(lane, own));
      if (news === undefined || this.#options.signal.aborted) return;
      const { to } = this.#options;
      for (const [key, [[id]]] of news) {
        const reading = own.find((each) => each.key === key);
        if (reading === undefined) continue;
        reading.hasEnded = to !== undefined && comesBefore(to, id);
        reading.isMore = !reading.hasEnded;
      }
      if (news.length === 0) await this.#again(lane, () => this.#notice(lane, own));
    });
  }

  #news(lane: Lane, own: readonly Reading[]): Promise<readonly News[]> {
    const { to, signal } = this.#options;
    const { blockTimeMs } = this.#config;
    const left = to === undefined ? blockTimeMs : Math.max(1, addedAt(to) + 1 - systemClock.wall());
    return lane.news(new Map(own.map(({ key, position }) => [key, position])), {
      ms: Math.ceil(Math.min(blockTimeMs, left)),
      signal,
    });
  }

  /** A stream that was deleted or renamed begins again with smaller ids. */
  async #notice(lane: Lane, own: readonly Reading[]): Promise<void> {
    for (const reading of own) {
      const { key } = reading;
      const greatest = await lane.connection.ask(`reading ${key}`, (client) => greatestId(client, key));
      const isBack = comesBefore(greatest, reading.greatest);
      reading.greatest = greatest;
      if (!isBack) continue;
      this.#options.notice(`${key} was deleted or set back: going on at its beginning`);
      reading.position = "0-0";
    }
  }

  /** Tries again after a loss of the connection. `undefined` when it is to end. */
  async #again<Result>(lane: Lane, work: () => Promise<Result>): Promise<Result | undefined> {
    for (let failures = 0; !this.#options.signal.aborted; failures++) {
      try {
        const result = await work();
        if (failures > 0) this.#options.notice("connected again");
        return result;
      } catch (error) {
        if (this.#options.signal.aborted || lane.isClosed) return undefined;
        const isLost = error instanceof ConnectionError && error.code === "REDIS_UNAVAILABLE";
        // Before the first reply it is not known whether there is a Redis at all.
        if (!isLost || lane.connection.session === 0) throw error;
        if (failures === 0) this.#options.notice(`${error.message}; trying again`);
        await this.#pause.afterFailure(failures, "", error);
      }
    }
    return undefined;
  }
}

/** The one whose next entry is the oldest. */
function oldest(readings: readonly Reading[]): Reading | undefined {
  return readings
    .filter(({ entries }) => entries.length > 0)
    .reduce<Reading | undefined>((one, other) => {
      if (one === undefined) return other;
      return comesBefore(other.entries[0]?.id ?? "", one.entries[0]?.id ?? "") ? other : one;
    }, undefined);
}
