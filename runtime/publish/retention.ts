import type { Broker } from "../broker/broker.js";
import type { Log, TrimReport } from "../broker/log.js";
import type { Config } from "../config/config.js";
import type { HookBus } from "../messaging/hooks.js";
import type { Clock } from "../time/clock.js";
import { Pause } from "../time/pause.js";

/** The trims of many services within this time count as one. */
const LONGEST_LOCK_MS = 1000;

/**
 * Bounds a stream: removes entries that are older than `MESSAGE_TTL` or beyond `STREAM_MAX_LENGTH`, once every
 * registered group has acknowledged them. Any service that is connected does it, one at a time.
 */
export class Retention {
  readonly #log: Log;
  readonly #config: Config;
  readonly #hooks: HookBus;
  readonly #ending = new AbortController();
  readonly #pause: Pause;
  #loop: Promise<void> | undefined;
  #sinceTrim = 0;
  #trimming = false;
  #pinned: readonly string[] = [];

  constructor(log: Log, config: Config, clock: Clock, hooks: HookBus) {
    this.#log = log;
    this.#config = config;
    this.#hooks = hooks;
    this.#pause = new Pause(this.#ending.signal, clock, hooks.trouble);
  }

  /** The unserved groups because of which the stream is full. Empty while the stream may be written. */
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

  /** So many entries were added. A fast publisher fills a stream many times over between two trims at intervals. */
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
    if (this.#trimming) return;
    this.#trimming = true;
    try {
      const { messageTtlMs: maxAgeMs, streamMaxLength: maxLength, trimIntervalMs, unservedGroups } = this.#config;
      const lockMs = Math.max(1, Math.floor(Math.min(LONGEST_LOCK_MS, trimIntervalMs / 2)));
      const expireGroups = unservedGroups === "expire-group";
      const report = await this.#log.trim({ maxAgeMs, maxLength, lockMs, expireGroups });
      if (report !== undefined) this.#tell(report);
    } catch (error) {
      if (!this.#ending.signal.aborted) this.#hooks.trouble(`trimming ${this.#log.stream}`, error);
    } finally {
      this.#trimming = false;
    }
  }

  #tell({ removed, length, unserved, expired, missed }: TrimReport): void {
    const { stream } = this.#log;
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

/** The retention of every stream that a service writes or reads, one each. */
export class Retentions {
  readonly #config: Config;
  readonly #broker: Broker;
  readonly #clock: Clock;
  readonly #hooks: HookBus;
  readonly #byStream = new Map<string, Retention>();

  constructor(config: Config, broker: Broker, clock: Clock, hooks: HookBus) {
    this.#config = config;
    this.#broker = broker;
    this.#clock = clock;
    this.#hooks = hooks;
  }

  /** The retention of a stream that is written, by the stream's whole name. */
  of(stream: string): Retention {
    return this.#byStream.get(stream) ?? this.keep(this.#broker.log(stream));
  }

  /** Begins to bound a stream. */
  keep(log: Log): Retention {
    let retention = this.#byStream.get(log.stream);
    if (retention === undefined) {
      retention = new Retention(log, this.#config, this.#clock, this.#hooks);
      this.#byStream.set(log.stream, retention);
      retention.start();
    }
    return retention;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#byStream.values()].map((retention) => retention.stop()));
  }
}
