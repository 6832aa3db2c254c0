import { ConfigError, type MessagingError } from "../errors.js";
import type { OutboxHealth } from "../messaging/health.js";
import type { Publisher } from "../messaging/publisher.js";
import { type RelayParts, relayPartsOf } from "../publish/relayable.js";
import { Pause } from "../time/pause.js";
import type { Database } from "./database.js";
import { assertMigrated } from "./migrate.js";
import { type BatchReport, relayBatch } from "./outbox-batch.js";
import { outboxHealth } from "./outbox-health.js";
import { sweepSent } from "./outbox-store.js";
import { reached } from "./reached.js";
import { RelayAlarm } from "./relay-alarm.js";
import { type RelayOptions, type RelaySettings, readRelayOptions } from "./relay-options.js";

/** A relay at work. */
export interface Relay extends AsyncDisposable {
  /** Finishes the batches under way and begins no more. Call it before the messaging and the pool are closed. */
  stop(): Promise<void>;
}

const SWEEP_EVERY_MS = 60_000;
/** The pause of one that finds all parts taken by its siblings. */
const STAND_BY_MS = 10;
const LONGEST_HINDRANCE_MS = 2000;

/**
 * Starts a relay, which publishes what committed transactions have written to the outbox. Any number of processes may have one:
 * they share the work, and each message of a key is published after those before it. What one leaves, however it ends, the
 * others publish. While Redis or the database is away it waits.
 * @throws {ConfigError} an option is wrong, or the tables are missing or of another version
 * @example
 * const relay = await startRelay(messaging, pool);
 * process.once("SIGTERM", async () => {
 *   await relay.stop();
 *   await messaging.close();
 *   await pool.end();
 * });
 */
export async function startRelay(
  messaging: Publisher<unknown>,
  database: Database,
  options: RelayOptions = {},
): Promise<Relay> {
  const parts = relayPartsOf(messaging);
  if (parts === undefined) {
    throw new ConfigError(["startRelay() takes a messaging, as createMessaging() or getMessaging() returns it"]);
  }
  const settings = readRelayOptions(options, database, parts.config);
  await reached(assertMigrated(database), "outbox");
  return new RunningRelay(parts, database, settings);
}

class RunningRelay implements Relay {
  readonly #parts: RelayParts;
  readonly #database: Database;
  readonly #settings: RelaySettings;
  readonly #ending = new AbortController();
  readonly #pause: Pause;
  readonly #alarm: RelayAlarm;
  readonly #untell: () => void;
  readonly #running: Promise<unknown>;
  /** The streams that cannot be added to, until when, and how often they could not. */
  readonly #hindered = new Map<string, { readonly until: number; readonly failures: number }>();
  #busy = 0;

  constructor(parts: RelayParts, database: Database, settings: RelaySettings) {
    const { clock, hooks } = parts;
    const { signal } = this.#ending;
    this.#parts = parts;
    this.#database = database;
    this.#settings = settings;
    this.#pause = new Pause(signal, clock, hooks.trouble);
    this.#alarm = new RelayAlarm(database, settings, { clock, signal, report: hooks.trouble });
    this.#untell = parts.tellOf((): Promise<OutboxHealth> => outboxHealth(database));
    this.#running = Promise.all([this.#run(), this.#sweep()]);
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#running;
    this.#alarm.close();
    this.#untell();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #run(): Promise<void> {
    const { concurrency } = this.#settings;
    while (!this.#isOver) {
      await Promise.all(Array.from({ length: concurrency }, () => this.#drain()));
      if (this.#isOver) return;
      // Once more when it is set: what was committed before would not ring.
      if (!(await this.#alarm.set())) await this.#alarm.wait(this.#hinderedForMs());
    }
  }

  /** Publishes until nothing is left that nobody else works on. */
  async #drain(): Promise<void> {
    for (let failures = 0; !this.#isOver; ) {
      try {
        this.#busy++;
        const report = await this.#batch().finally(() => {
          this.#busy--;
        });
        failures = 0;
        if (report.done > 0) this.#alarm.busy();
        else if (this.#busy === 0) return;
        else await this.#pause.for(STAND_BY_MS);
      } catch (error) {
        await this.#pause.afterFailure(failures++, "reading the outbox", error);
      }
    }
  }

  async #batch(): Promise<BatchReport> {
    const now = this.#parts.clock.now();
    const hindered = [...this.#hindered].flatMap(([stream, { until }]) => (until > now ? [stream] : []));
    const { batchSize, keepSentMs, holdMs } = this.#settings;
    const limits = { batchSize, keepsSent: keepSentMs > 0, holdMs, hindered };
    const report = await relayBatch(this.#database, this.#parts, limits);
    for (const stream of report.sound) this.#hindered.delete(stream);
    for (const [stream, error] of report.troubles) this.#hinder(stream, error);
    return report;
  }

  /** How long until the messages of a stream that could not be added to are tried again. */
  #hinderedForMs(): number {
    const now = this.#parts.clock.now();
    const ends = [...this.#hindered.values()].map(({ until }) => Math.max(0, until - now));
    return Math.min(Number.POSITIVE_INFINITY, ...ends);
  }

  /** Leaves the messages of a stream waiting for a while. Those of others go on. */
  #hinder(stream: string, error: MessagingError): void {
    const { clock, hooks } = this.#parts;
    const failures = (this.#hindered.get(stream)?.failures ?? 0) + 1;
    const ms = Math.min(LONGEST_HINDRANCE_MS, 50 * 2 ** failures) * (0.5 + clock.chance() / 2);
    this.#hindered.set(stream, { until: clock.now() + ms, failures });
    if (!this.#isOver) hooks.trouble(`relaying the outbox to ${stream}`, error);
  }

  async #sweep(): Promise<void> {
    const { keepSentMs } = this.#settings;
    const { hooks, clock } = this.#parts;
    while (await this.#pause.for(SWEEP_EVERY_MS * (0.75 + clock.chance() / 2))) {
      try {
        while (!this.#isOver && !(await sweepSent(this.#database, keepSentMs)));
      } catch (error) {
        hooks.trouble("removing from the outbox what was sent", error);
      }
    }
  }

  /** Also when its messaging has been closed, which publishes nothing any more. */
  get #isOver(): boolean {
    return this.#ending.signal.aborted || this.#parts.transfer.isClosed;
  }
}
