import type { LogEntry } from "../../broker/log.js";
import { prefixed } from "../../config/config.js";
import type { Client, Connection } from "../../redis/connection.js";
import { notBeyond } from "../../redis/greatest-id.js";
import { instantIn } from "../../redis/redis-clock.js";
import { systemClock } from "../../time/clock.js";
import { Pause, type ReportTrouble } from "../../time/pause.js";
import { type OperationsOptions, Operator } from "../operator.js";
import type { Routes } from "../routes.js";
import { alertsOf, type HealthAlert, type HealthRules } from "./alert.js";
import { HealthAlertBoard } from "./alert-board.js";
import { ReportReader } from "./report-reader.js";
import { type Known, Roster } from "./roster.js";
import type { ServiceHealth } from "./service-health.js";

/** Callbacks of a collector. Their errors are ignored. */
export interface HealthCollectorHooks {
  /** A rule is broken that held before. */
  readonly raised?: (alert: HealthAlert) => void;
  /** A broken rule holds again. The argument is the alert as it was raised. */
  readonly cleared?: (alert: HealthAlert) => void;
  /** A service has reported. */
  readonly reported?: (health: ServiceHealth) => void;
  /** An action failed and will be retried, or an entry is not a health message and was skipped. */
  readonly trouble?: (action: string, error: unknown) => void;
}

/** Settings of a collector. */
export interface HealthCollectorOptions extends OperationsOptions {
  /** The rules to check. @defaultValue none */
  readonly rules?: HealthRules;
  readonly hooks?: HealthCollectorHooks;
  /** Number of past reports that it reads at the start, to know the services. @defaultValue 1000 */
  readonly history?: number;
}

const PAUSE_MS = 250;

/**
 * Collects the reports of every service from the `health` stream. It raises an alert once when a rule is broken, and
 * clears it once when the rule holds again. It reads without a group, so each of several collectors receives every
 * report. For a service with several instances, the last report of any instance counts. It knows 1000 services at most: one that
 * is silent for a day makes room for another, and while none is, a new name is not taken in, which is told as trouble. Nor is
 * a report of more than 64 KiB of text.
 *
 * @example
 * await using collector = new HealthCollector({
 *   rules: { lagAbove: 1000, silentForSeconds: 120, deadLettersGrowing: true, unhealthy: true },
 *   hooks: { raised: (alert) => page(alert.service, alert.rule), cleared: (alert) => unpage(alert.service, alert.rule) },
 * });
 * await collector.start();
 * for (const { service, status, silentSeconds } of collector.services()) console.log(service, status, silentSeconds);
 */
export class HealthCollector implements AsyncDisposable {
  readonly #rules: HealthRules;
  readonly #hooks: HealthCollectorHooks;
  readonly #history: number;
  readonly #stream: string;
  readonly #routes: Routes;
  readonly #connection: Connection;
  readonly #reader: ReportReader;
  readonly #report: ReportTrouble = (what, error) => this.#tell(() => this.#hooks.trouble?.(what, error));
  readonly #ending = new AbortController();
  readonly #pause = new Pause(this.#ending.signal, systemClock, this.#report);
  readonly #known = new Roster((service) => this.forget(service));
  readonly #board: HealthAlertBoard;
  #position: string | undefined;
  /** The clock of Redis minus the monotonic clock of this process. */
  #clockMs = 0;
  /** The time at which Redis came back. No service could report before it. */
  #backMs = 0;
  #running: Promise<void> | undefined;

  /** @throws {ConfigError} naming every bad setting */
  constructor(options: HealthCollectorOptions = {}) {
    const { config, routes } = new Operator(options, {
      name: "health-collector",
      options: ["rules", "hooks", "history"],
    });
    this.#rules = options.rules ?? {};
    this.#hooks = options.hooks ?? {};
    this.#history = options.history ?? 1000;
    this.#board = new HealthAlertBoard(
      (alert) => this.#tell(() => this.#hooks.raised?.(alert)),
      (alert) => this.#tell(() => this.#hooks.cleared?.(alert)),
    );
    this.#stream = prefixed(config, "health");
    this.#routes = routes;
    this.#connection = routes.alone(this.#stream);
    this.#reader = new ReportReader(this.#connection, this.#stream, config.redis.socketTimeoutMs);
    this.#connection.onReady((again) => {
      if (again) this.#backMs = Number.NaN;
    });
  }

  /** Every service that has reported, by name, as far back as the stream and this collector reach. */
  services(): ServiceHealth[] {
    const names = this.#known.all().map(([service]) => service);
    return names.sort().map((service) => this.#health(service));
  }

  /** The active alerts. */
  alerts(): HealthAlert[] {
    return this.#board.all();
  }

  /** Forgets a retired service and clears its alerts. */
  forget(service: string): void {
    this.#known.forget(service);
    this.#board.settle(service, []);
  }

  /** Starts to collect; resolves after the first attempt to read. An unavailable Redis is retried in the background. */
  async start(): Promise<void> {
    if (this.#running !== undefined || this.#ending.signal.aborted) return;
    let looked = (): void => {};
    const first = new Promise<void>((resolve) => {
      looked = resolve;
    });
    this.#running = this.#run(looked);
    await first;
  }

  /** Stops collecting. A second call waits for the first. */
  async close(): Promise<void> {
    this.#ending.abort();
    this.#routes.close();
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(looked: () => void): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      try {
        const client = await this.#connection.ready(signal);
        if (this.#position === undefined) await this.#look(client);
        else await this.#read(client, this.#position);
        await this.#readClock(client);
        this.#judgeSilence();
      } catch (error) {
        if (signal.aborted) break;
        this.#report("collecting health", error);
        await this.#pause.for(PAUSE_MS);
      }
      looked();
    }
    looked();
  }

  async #look(client: Client): Promise<void> {
    await this.#readClock(client);
    let newest: string | undefined;
    // Of each service the latest report alone is kept.
    for await (const entry of this.#reader.past(client, this.#history)) {
      newest ??= entry.id;
      this.#tried(entry, () => this.#known.takeOlder(entry, this.#nowMs));
    }
    this.#position = newest ?? "0-0";
    // Only the latest report of each service is judged: a rule that holds again is not news.
    for (const [, { report }] of this.#known.all())
      this.#board.settle(report.service, alertsOf(this.#rules, report, report));
  }

  async #read(client: Client, position: string): Promise<void> {
    const isAny = await this.#reader.next(client, position, (entry) => this.#take(entry));
    if (!isAny) this.#position = await notBeyond(client, this.#stream, position);
  }

  #take(entry: LogEntry): void {
    this.#position = entry.id;
    const taken = this.#tried(entry, () => this.#known.take(entry, this.#nowMs));
    if (taken !== undefined) this.#judge(taken.now, taken.earlier);
  }

  #tried<Taken>({ id }: LogEntry, take: () => Taken): Taken | undefined {
    try {
      return take();
    } catch (error) {
      this.#report(`reading the health message ${id}`, error);
      return undefined;
    }
  }

  get #nowMs(): number {
    return systemClock.now() + this.#clockMs;
  }

  #judge({ report }: Known, earlier: Known | undefined): void {
    this.#board.settle(report.service, alertsOf(this.#rules, report, earlier?.report));
    this.#tell(() => this.#hooks.reported?.(this.#health(report.service)));
  }

  #judgeSilence(): void {
    const limit = this.#rules.silentForSeconds;
    if (limit === undefined) return;
    for (const [service, known] of this.#known.all()) {
      const seconds = this.#silentSeconds(known);
      const others = this.#board.of(service).filter(({ rule }) => rule !== "silentForSeconds");
      if (seconds > limit)
        this.#board.settle(service, [...others, { rule: "silentForSeconds", service, seconds, limit }]);
    }
  }

  #health(service: string): ServiceHealth {
    const known = this.#known.get(service) as Known;
    const { status, version, uptime_seconds: uptimeSeconds, details = {} } = known.message;
    const alerts = this.#board.of(service);
    const reportedAt = new Date(known.reportedMs);
    const silentSeconds = this.#silentSeconds(known);
    return { service, status, reportedAt, silentSeconds, version, uptimeSeconds, details, alerts };
  }

  #silentSeconds({ reportedMs }: Known): number {
    const since = Math.max(reportedMs, Number.isNaN(this.#backMs) ? Number.POSITIVE_INFINITY : this.#backMs);
    return Math.max(0, Math.round(this.#nowMs - since) / 1000);
  }

  async #readClock(client: Client): Promise<void> {
    const nowMs = instantIn(await client.time());
    this.#clockMs = nowMs - systemClock.now();
    if (Number.isNaN(this.#backMs)) this.#backMs = nowMs;
  }

  #tell(hook: () => unknown): void {
    try {
      const result = hook();
      if (result instanceof Promise) result.catch(() => {});
    } catch {
      // A failing hook must not stop the collector.
    }
  }
}
