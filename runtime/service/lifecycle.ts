import { hostname } from "node:os";
import type { Config } from "../config/config.js";
import type { PlainMessage } from "../contract/codec.js";
import type { Catalogue, Descriptor } from "../contract/descriptor.js";
import type { Health } from "../messaging/health.js";
import type { RuntimeParts } from "../messaging/hooks.js";
import type { MessagePublisher } from "../publish/publisher.js";
import type { Timer } from "../time/clock.js";

export interface LifecycleParts extends RuntimeParts {
  readonly instance: string;
  readonly publisher: MessagePublisher;
  readonly health: () => Promise<Health>;
  /** Whether Redis can be reached: on a cluster, each master that is used. */
  readonly isWhole: () => boolean;
  /** Whether failed publishes are reported already. */
  readonly reports: boolean;
}

/**
 * Tells of a service's start and stop, and publishes both and its health if its catalogue has messages for them. Failures are
 * only reported.
 */
export class Lifecycle {
  readonly #config: Config;
  readonly #catalogue: Catalogue;
  readonly #parts: LifecycleParts;
  readonly #startedAt: string;
  #isStarted = false;
  #reporting: Promise<void> | undefined;
  #timer: Timer | undefined;

  constructor(config: Config, catalogue: Catalogue, parts: LifecycleParts) {
    this.#config = config;
    this.#catalogue = catalogue;
    this.#parts = parts;
    this.#startedAt = new Date(parts.clock.wall()).toISOString();
  }

  /** @param streams - those that it reads */
  started(streams: readonly string[]): void {
    this.#isStarted = true;
    const { service: name, environment, version, announce, healthIntervalMs } = this.#config;
    const { instance: instance_id, clock, hooks } = this.#parts;
    hooks.emit("started", { instance: instance_id, group: this.#config.group, streams });
    const versioned = version === undefined ? {} : { version };
    const place = { environment, instance_id, host: hostname(), started_at: this.#startedAt };
    if (announce) void this.#tell("service.started", { name, ...versioned, ...place });
    if (healthIntervalMs === 0) return;
    const report = (): void => {
      this.#reporting = this.#report();
    };
    report();
    this.#timer = clock.every(healthIntervalMs, report);
  }

  /** Publishes nothing if the service had not started. */
  async stopping(): Promise<void> {
    this.#timer?.cancel();
    if (!this.#isStarted) return;
    // Without Redis nothing is waited for: what cannot be told fails when the messaging is closed.
    const isWhole = this.#parts.isWhole();
    if (isWhole) await this.#reporting;
    if (!this.#config.announce) return;
    const told = this.#tell("service.stopped", {
      reason: "stopped in order",
      instance_id: this.#parts.instance,
      uptime_seconds: Math.round(process.uptime()),
      stopped_at: new Date(this.#parts.clock.wall()).toISOString(),
    });
    if (isWhole) await told;
  }

  /** It reads no longer, and its handlers have ended. */
  stopped(): void {
    if (!this.#isStarted) return;
    this.#isStarted = false;
    this.#parts.hooks.emit("stopped", { instance: this.#parts.instance });
  }

  async #report(): Promise<void> {
    const descriptor = this.#catalogue.messages.find(({ kind }) => kind === "health");
    if (descriptor === undefined) return;
    const { status, details, uptime_seconds, version } = await this.#parts.health();
    // While Redis is away the stop does not wait for it.
    if (!this.#isStarted) return;
    await this.#publish(descriptor, { status, details, uptime_seconds, version });
  }

  async #tell(type: string, after_data: PlainMessage): Promise<void> {
    const descriptor = this.#catalogue.messages.find((message) => message.kind === "event" && message.type === type);
    if (descriptor !== undefined) await this.#publish(descriptor, { entity_id: this.#config.service, after_data });
  }

  async #publish(descriptor: Descriptor, message: PlainMessage): Promise<void> {
    try {
      await this.#parts.publisher.publish(descriptor, message, { withoutCompany: true, durability: "stored" });
    } catch (error) {
      if (!this.#parts.reports) this.#parts.hooks.trouble(`publishing ${descriptor.type}`, error);
    }
  }
}
