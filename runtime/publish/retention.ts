import type { Broker } from "../broker/broker.js";
import type { Log, TrimReport } from "../broker/log.js";
import type { Config } from "../config/config.js";
import { ConnectionError, PublishError } from "../errors.js";
import type { HookBus, RuntimeParts } from "../messaging/hooks.js";
import type { Jitter } from "../time/clock.js";
import { Pause } from "../time/pause.js";

/** The trims of many services within this time count as one. */
const LONGEST_LOCK_MS = 1000;
/** Every consumer makes itself known at least twice meanwhile. */
const SHORTEST_GRACE_MS = 60_000;

/**
 * Bounds a stream: removes entries that are older than `MESSAGE_TTL` or beyond `STREAM_MAX_LENGTH`, once every
 * registered group has acknowledged them. Every connected service takes part; one of them trims at a time.
 */
export class Retention {
  readonly #log: Log;
  readonly #config: Config;
  readonly #hooks: HookBus;
  readonly #ending = new AbortController();
  readonly #loop: Promise<void>;
  #sinceTrim = 0;
  #trimming = false;
  /** Whether this service has no right to trim. */
  #isRefused = false;
  /** The unserved groups that keep the stream full. */
  #pinned: readonly string[] = [];

  /** @param isTimed - trims at intervals, too, and not only after so many entries that were added here */
  constructor(log: Log, config: Config, { clock, hooks }: RuntimeParts, isTimed = true) {
    this.#log = log;
    this.#config = config;
    this.#hooks = hooks;
    const pause = new Pause(this.#ending.signal, clock, hooks.trouble);
    this.#loop = isTimed ? this.#run(pause, clock) : Promise.resolve();
  }

  /** Why a message is not accepted now: unserved groups keep the stream full. `undefined` while messages are. */
  refusalOf(messageId: string | undefined): PublishError | undefined {
    if (this.#pinned.length === 0) return undefined;
    const { stream } = this.#log;
    const text = `${stream} is full because no consumer serves ${this.#pinned.join(", ")}. Start its service, or destroy the group (XGROUP DESTROY ${stream} ${this.#pinned[0]})`;
    return new PublishError("PUBLISH_FAILED", text, { messageId, retryable: true });
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#loop;
  }

  /** Counts an added entry: a fast publisher could fill the stream many times over between two trims at intervals. */
  added(): void {
    if (++this.#sinceTrim < Math.max(100, this.#config.streamMaxLength / 10)) return;
    this.#sinceTrim = 0;
    void this.#trim();
  }

  async #run(pause: Pause, jitter: Jitter): Promise<void> {
    while (await pause.for(this.#config.trimIntervalMs * (0.75 + jitter.chance() / 2))) await this.#trim();
  }

  async #trim(): Promise<void> {
    if (this.#trimming) return;
    this.#trimming = true;
    try {
      const { messageTtlMs: maxAgeMs, streamMaxLength: maxLength, trimIntervalMs, unservedGroups } = this.#config;
      const lockMs = Math.max(1, Math.floor(Math.min(LONGEST_LOCK_MS, trimIntervalMs / 2)));
      const expireGroups = unservedGroups === "expire-group";
      const graceMs = Math.max(SHORTEST_GRACE_MS, 2 * trimIntervalMs);
      const report = await this.#log.trim({ maxAgeMs, maxLength, lockMs, graceMs, expireGroups });
      if (report === undefined) return;
      this.#tell(report);
      await this.#boundDeadLetters();
      this.#isRefused = false;
    } catch (error) {
      // A service that only publishes need not have the right to trim: consumers do it. One report says so.
      const wasRefused = this.#isRefused;
      this.#isRefused = error instanceof ConnectionError && error.code === "REDIS_REFUSED";
      if (this.#isRefused && wasRefused) return;
      if (!this.#ending.signal.aborted) this.#hooks.trouble(`trimming ${this.#log.stream}`, error);
    } finally {
      this.#trimming = false;
    }
  }

  async #boundDeadLetters(): Promise<void> {
    const { deadLetterTtlMs: maxAgeMs, deadLettersMax: maxLength } = this.#config;
    const { stream } = this.#log;
    for (const { group, count } of await this.#log.boundDeadLetters({ maxAgeMs, maxLength })) {
      this.#hooks.emit("deadLettersRemoved", { stream, group, count });
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
    const isFull = policy === "reject-publish" && length > streamMaxLength;
    this.#pinned = isFull ? unserved.map(({ group }) => group) : [];
  }
}

/** The retention of every stream that a service writes or reads, one each. */
export class Retentions {
  readonly #broker: Broker;
  readonly #create: (log: Log, isTimed: boolean) => Retention;
  readonly #byStream = new Map<string, Retention>();
  /** Of the partitions to which this service publishes. Those that it owns it trims as it trims any stream. */
  readonly #byPartition = new Map<string, Retention>();

  constructor(broker: Broker, create: (log: Log, isTimed: boolean) => Retention) {
    this.#broker = broker;
    this.#create = create;
  }

  /** The first call for a stream, by its whole name, begins its retention. */
  of(stream: string, log?: Log): Retention {
    const known = this.#byStream.get(stream);
    if (known !== undefined) return known;
    const retention = this.#create(log ?? this.#broker.log(stream), true);
    this.#byStream.set(stream, retention);
    return retention;
  }

  /** A partition is trimmed at intervals by its owner. A publisher trims it only by what it has itself added. */
  ofPartition(stream: string): Retention {
    const known = this.#byStream.get(stream) ?? this.#byPartition.get(stream);
    if (known !== undefined) return known;
    const retention = this.#create(this.#broker.log(stream), false);
    this.#byPartition.set(stream, retention);
    return retention;
  }

  /** Ends the retention of a stream that another service trims from now on. */
  async end(stream: string): Promise<void> {
    const retention = this.#byStream.get(stream);
    this.#byStream.delete(stream);
    await retention?.stop();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#byStream.values()].map((retention) => retention.stop()));
  }
}
