import type { Config } from "../config/config.js";
import type { HookBus } from "../messaging/hooks.js";
import type { Connection } from "../redis/connection.js";
import type { StreamKeys } from "../redis/keys.js";
import { type TrimReport, trim } from "../redis/lua/trim.js";
import { Pause } from "../time/pause.js";

/** Trims by many services fall into one, at most so often. */
const LONGEST_LOCK_MS = 1000;

/**
 * Keeps a stream from growing for ever: removes what is older than `MESSAGE_TTL` or beyond `STREAM_MAX_LENGTH`, once
 * every registered group has acknowledged it. Whoever is connected does it; a lock sees to it that one at a time does.
 */
export class Retention {
  readonly #keys: StreamKeys;
  readonly #config: Config;
  readonly #connection: Connection;
  readonly #hooks: HookBus;
  readonly #ending = new AbortController();
  readonly #pause: Pause;
  #loop: Promise<void> | undefined;
  #sinceTrim = 0;
  #trimming = false;
  #pinned: readonly string[] = [];

  constructor(keys: StreamKeys, config: Config, connection: Connection, hooks: HookBus) {
    this.#keys = keys;
    this.#config = config;
    this.#connection = connection;
    this.#hooks = hooks;
    this.#pause = new Pause(this.#ending.signal, hooks);
  }

  /** The groups that fill the stream beyond its length because nobody serves them; empty while it may be written. */
  get pinnedBy(): readonly string[] {
    return this.#pinned;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#loop;
  }

  /** So many entries were added: between two looks at the clock a fast publisher fills a stream many times over. */
  added(count: number): void {
    this.#sinceTrim += count;
    if (this.#sinceTrim < Math.max(100, this.#config.streamMaxLength / 10)) return;
    this.#sinceTrim = 0;
    void this.#trim();
  }

  async #run(): Promise<void> {
    while (await this.#pause.for(this.#config.trimIntervalMs * (0.75 + Math.random() / 2))) await this.#trim();
  }

  async #trim(): Promise<void> {
    if (this.#trimming || !this.#connection.isReady) return;
    this.#trimming = true;
    try {
      const { stream, floors, groups, trimming, marks, retention } = this.#keys;
      const { messageTtlMs, streamMaxLength, trimIntervalMs, unservedGroups } = this.#config;
      const lockMs = Math.max(1, Math.floor(Math.min(LONGEST_LOCK_MS, trimIntervalMs / 2)));
      const args = [floors, messageTtlMs, streamMaxLength, lockMs, unservedGroups];
      const report = await trim.run(this.#connection.client, [stream, trimming, marks, retention, groups], args);
      if (report !== null) this.#tell(JSON.parse(report) as Partial<TrimReport>);
    } catch (error) {
      if (!this.#ending.signal.aborted) this.#hooks.emit("trouble", { what: `trimming ${this.#keys.stream}`, error });
    } finally {
      this.#trimming = false;
    }
  }

  #tell({ removed = 0, length = 0, unserved = [], expired = [], missed = [] }: Partial<TrimReport>): void {
    const { stream } = this.#keys;
    const { unservedGroups: policy, streamMaxLength } = this.#config;
    if (removed > 0) this.#hooks.emit("trimmed", { stream, removed, length });
    for (const { group, silentMs } of unserved) {
      this.#hooks.emit("groupUnserved", { stream, group, silentMs, policy, expired: expired.includes(group) });
    }
    for (const { group, count } of missed) this.#hooks.emit("entriesMissed", { stream, group, count });
    const full = policy === "reject-publish" && length > streamMaxLength;
    this.#pinned = full ? unserved.map(({ group }) => group) : [];
  }
}
