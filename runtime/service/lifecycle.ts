import { hostname } from "node:os";
import type { Config } from "../config/config.js";
import type { Catalogue } from "../contract/catalogue.js";
import type { Descriptor } from "../contract/descriptor.js";
import type { HookBus } from "../messaging/hooks.js";
import type { PublishOptions } from "../messaging/messaging.js";
import type { Health } from "./health.js";

type Publish = (descriptor: Descriptor, message: Record<string, unknown>, options?: PublishOptions) => Promise<unknown>;

/** What the lifecycle is told by its service. */
export interface LifecycleSource {
  readonly instance: string;
  readonly publish: Publish;
  readonly health: () => Promise<Health>;
}

/**
 * Says that a service started, how it is doing now and then, and that it stopped, with the messages that its catalogue
 * has for it. It is a courtesy: what fails of it is reported and disturbs nothing.
 */
export class Lifecycle {
  readonly #config: Config;
  readonly #catalogue: Catalogue;
  readonly #source: LifecycleSource;
  readonly #hooks: HookBus;
  readonly #startedAt = new Date();
  #isStarted = false;
  #reporting: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(config: Config, catalogue: Catalogue, source: LifecycleSource, hooks: HookBus) {
    this.#config = config;
    this.#catalogue = catalogue;
    this.#source = source;
    this.#hooks = hooks;
  }

  started(): void {
    this.#isStarted = true;
    if (this.#config.announce) void this.#tell("service.started", this.#instance());
    if (this.#config.healthIntervalMs === 0) return;
    this.#reporting = this.#report();
    this.#timer = setInterval(() => {
      this.#reporting = this.#report();
    }, this.#config.healthIntervalMs).unref();
  }

  /** Does nothing for a service that never got as far as starting. */
  async stopped(reason: string): Promise<void> {
    clearInterval(this.#timer);
    if (!this.#isStarted) return;
    this.#isStarted = false;
    await this.#reporting;
    if (!this.#config.announce) return;
    await this.#tell("service.stopped", {
      reason,
      instance_id: this.#source.instance,
      uptime_seconds: Math.round(process.uptime()),
      stopped_at: new Date().toISOString(),
    });
  }

  #instance(): Record<string, unknown> {
    const { service, environment, version } = this.#config;
    return {
      name: service,
      ...(version === undefined ? {} : { version }),
      environment,
      instance_id: this.#source.instance,
      host: hostname(),
      started_at: this.#startedAt.toISOString(),
    };
  }

  async #report(): Promise<void> {
    const descriptor = this.#catalogue.messages.find(({ kind }) => kind === "health");
    if (descriptor === undefined) return;
    const { status, details, uptime_seconds, version } = await this.#source.health();
    await this.#publish(descriptor, { status, details, uptime_seconds, ...(version === undefined ? {} : { version }) });
  }

  async #tell(type: string, after_data: Record<string, unknown>): Promise<void> {
    const descriptor = this.#catalogue.messages.find((message) => message.kind === "event" && message.type === type);
    if (descriptor !== undefined) await this.#publish(descriptor, { entity_id: this.#config.service, after_data });
  }

  async #publish(descriptor: Descriptor, message: Record<string, unknown>): Promise<void> {
    try {
      await this.#source.publish(descriptor, message, { withoutCompany: true });
    } catch (error) {
      this.#hooks.emit("trouble", { what: `telling ${descriptor.type}`, error });
    }
  }
}
