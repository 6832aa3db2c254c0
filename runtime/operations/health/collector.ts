import { setTimeout as sleep } from "node:timers/promises";
import { addedAt } from "../../broker/entry-id.js";
import { prefixed } from "../../config/prefix.js";
import type { Client, Connection } from "../../redis/connection.js";
import { type OperationsOptions, Operator } from "../operator.js";
import { alertsOf, type HealthAlert, type HealthRules, type ServiceReport } from "./alert.js";
import { HealthAlertBoard } from "./alert-board.js";
import { type HealthMessage, readHealthMessage, serviceReport } from "./report.js";

/** What is known of one service. */
export interface ServiceHealth {
  readonly service: string;
  /** As the service itself put it: `healthy`, `unhealthy` or `unknown`. */
  readonly status: string;
  /** When its last report reached the stream, by Redis' clock. */
  readonly reportedAt: Date;
  /** How long it has said nothing, by Redis' clock; an outage of Redis does not count. */
  readonly silentSeconds: number;
  readonly version: string | undefined;
  readonly uptimeSeconds: number | undefined;
  /** What else it told: of our services, `redis`, `streams` and `counts`. */
  readonly details: Readonly<Record<string, unknown>>;
  /** The rules that it breaks now. */
  readonly alerts: readonly HealthAlert[];
}

/** Functions to be called on what is found. What they throw is ignored. */
export interface HealthCollectorHooks {
  /** A rule is broken, for the first time since it last held. */
  readonly raised?: (alert: HealthAlert) => void;
  /** A rule that was broken holds again; what it is given is the alert as it was raised. */
  readonly cleared?: (alert: HealthAlert) => void;
  /** A service reported. */
  readonly reported?: (health: ServiceHealth) => void;
  /** Something failed and is tried again, or an entry is no health message and is passed over. */
  readonly trouble?: (what: string, error: unknown) => void;
}

/** How a collector reaches Redis, and what it looks out for. */
export interface HealthCollectorOptions extends OperationsOptions {
  /** @defaultValue none: it only collects */
  readonly rules?: HealthRules;
  readonly hooks?: HealthCollectorHooks;
  /** How many past reports it reads at start, to know who there is. @defaultValue 1000 */
  readonly history?: number;
}

interface Known {
  readonly message: HealthMessage;
  readonly report: ServiceReport;
  readonly reportedMs: number;
}

const PAUSE_MS = 250;
const LONGEST_BLOCK_MS = 1000;

/**
 * Knows how every service is doing, from what they report to the `health` stream, and says which rules are broken:
 * each once, and once more when it holds again. It reads without a group, so any number may collect side by side, each
 * seeing everything. Of a service with several instances the last report counts, whichever sent it.
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
  readonly #blockMs: number;
  readonly #connection: Connection;
  readonly #ending = new AbortController();
  readonly #known = new Map<string, Known>();
  readonly #board: HealthAlertBoard;
  #position: string | undefined;
  /** Redis' clock less this process' monotonic one. */
  #clockMs = 0;
  /** When Redis was last found again: nobody could report before. */
  #backMs = 0;
  #running: Promise<void> | undefined;

  /** @throws {ConfigError} naming every bad setting */
  constructor(options: HealthCollectorOptions = {}) {
    const { config, connection } = new Operator(options, { name: "health-collector", role: "read:health" });
    this.#rules = options.rules ?? {};
    this.#hooks = options.hooks ?? {};
    this.#history = options.history ?? 1000;
    this.#board = new HealthAlertBoard(
      (alert) => this.#tell(() => this.#hooks.raised?.(alert)),
      (alert) => this.#tell(() => this.#hooks.cleared?.(alert)),
    );
    this.#stream = prefixed(config, "health");
    // Well below the time after which silence means that the connection is dead.
    this.#blockMs = Math.max(1, Math.min(LONGEST_BLOCK_MS, Math.floor(config.redis.socketTimeoutMs / 3)));
    this.#connection = connection;
    this.#connection.onReady((again) => {
      if (again) this.#backMs = Number.NaN;
    });
  }

  /** Every service that has ever reported, as far back as the stream or this collector goes, by name. */
  services(): ServiceHealth[] {
    return [...this.#known.keys()].sort().map((service) => this.#health(service));
  }

  /** The alerts that stand. */
  alerts(): HealthAlert[] {
    return this.#board.all();
  }

  /** Knows nothing of a service any more, for one that was retired; its alerts are cleared. */
  forget(service: string): void {
    this.#known.delete(service);
    this.#board.settle(service, []);
  }

  /** Begins to collect; resolves after the first look. A Redis that is not there is waited for in the background. */
  async start(): Promise<void> {
    if (this.#running !== undefined || this.#ending.signal.aborted) return;
    let looked = (): void => {};
    const first = new Promise<void>((resolve) => {
      looked = resolve;
    });
    this.#running = this.#run(looked);
    await first;
  }

  /** Ends it; a second call waits for the first. */
  async close(): Promise<void> {
    this.#ending.abort();
    this.#connection.close();
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
        this.#tell(() => this.#hooks.trouble?.("collecting health", error));
        await sleep(PAUSE_MS, undefined, { signal }).catch(() => {});
      }
      looked();
    }
    looked();
  }

  async #look(client: Client): Promise<void> {
    await this.#readClock(client);
    const entries = await client.xrevrange(this.#stream, "+", "-", "COUNT", this.#history);
    this.#position = entries[0]?.[0] ?? "0-0";
    for (const [entryId, fields] of entries.reverse()) this.#take(entryId, fields);
    // What broke a rule long ago and was mended since is no news.
    for (const { report } of this.#known.values())
      this.#board.settle(report.service, alertsOf(this.#rules, report, report));
  }

  async #read(client: Client, position: string): Promise<void> {
    const reply = await client.xread("COUNT", 500, "BLOCK", this.#blockMs, "STREAMS", this.#stream, position);
    for (const [entryId, fields] of reply?.[0]?.[1] ?? []) {
      this.#position = entryId;
      const before = this.#take(entryId, fields);
      if (before !== undefined) this.#judge(before.now, before.earlier);
    }
  }

  #take(entryId: string, fields: string[]): { now: Known; earlier: Known | undefined } | undefined {
    try {
      const message = readHealthMessage(fields);
      const now = { message, report: serviceReport(message), reportedMs: addedAt(entryId) };
      const earlier = this.#known.get(message.service_name);
      this.#known.set(message.service_name, now);
      return { now, earlier };
    } catch (error) {
      this.#tell(() => this.#hooks.trouble?.(`reading the health message ${entryId}`, error));
      return undefined;
    }
  }

  #judge({ report }: Known, earlier: Known | undefined): void {
    this.#board.settle(report.service, alertsOf(this.#rules, report, earlier?.report));
    this.#tell(() => this.#hooks.reported?.(this.#health(report.service)));
  }

  #judgeSilence(): void {
    const limit = this.#rules.silentForSeconds;
    if (limit === undefined) return;
    for (const [service, known] of this.#known) {
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
    return Math.max(0, Math.round(performance.now() + this.#clockMs - since) / 1000);
  }

  async #readClock(client: Client): Promise<void> {
    const [seconds, micros] = await client.time();
    const nowMs = Number(seconds) * 1000 + Number(micros) / 1000;
    this.#clockMs = nowMs - performance.now();
    if (Number.isNaN(this.#backMs)) this.#backMs = nowMs;
  }

  #tell(hook: () => unknown): void {
    try {
      const result = hook();
      if (result instanceof Promise) result.catch(() => {});
    } catch {
      // A broken pager must not end the watch.
    }
  }
}
