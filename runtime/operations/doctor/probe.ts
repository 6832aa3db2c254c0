import { randomBytes } from "node:crypto";
import type { Config } from "../../config/config.js";
import type { Logger } from "../../messaging/logger.js";
import type { Messaging } from "../../messaging/messaging.js";
import { answerKey, redriveKeys, streamKeys } from "../../redis/keys.js";
import { createMessagingFor } from "../../service/create-messaging.js";
import { systemClock } from "../../time/clock.js";
import { within } from "../../time/limit.js";
import type { OperationsOptions } from "../operator.js";
import type { Routes } from "../routes.js";
import { type Finding, failed } from "./finding.js";
import {
  doctorCatalogue,
  type Sample,
  sampleCommand,
  sampleEvent,
  sampleHealth,
  sampleNotification,
} from "./messages.js";

/** Text that a wrong character set or a faulty encoding would change. */
const SAMPLE: Sample = { text: 'naïve 数 😀 "quoted"\n', numbers: [0, -1, 1.5, 1e21] };
/**
 * The connections that a stream of each kind takes, on a cluster with a master for each: to read, publish, publish replicated,
 * settle and send heartbeats, to subscribe and to ask where the slots are.
 */
const NEEDED = 4 * 5 + 2;
const SILENT: Logger = { info() {}, warn() {}, error() {} };

/**
 * Sends every kind of message through this Redis and receives it, in an environment of its own. It touches no other
 * streams or groups, and {@link clean} removes its keys.
 */
export class DoctorProbe {
  readonly #environment = `doctor-${randomBytes(6).toString("hex")}`;
  readonly #messaging: Messaging<Record<never, never>>;
  readonly #group: string;
  readonly #limitMs: number;
  readonly #arrivals = new Map<string, (arrived: unknown) => void>();
  readonly #answered: string[] = [];

  constructor(options: OperationsOptions, config: Config, limitMs: number) {
    this.#limitMs = limitMs;
    this.#group = "doctor-workers";
    const { maxConnections } = config.redis;
    this.#messaging = createMessagingFor(doctorCatalogue as never, {
      ...options,
      service: "doctor",
      environment: this.#environment,
      groupSuffix: "workers",
      encoding: config.encoding,
      blockTimeMs: Math.min(config.blockTimeMs, 500),
      tenancy: "optional",
      announce: false,
      healthIntervalSeconds: 0,
      logger: SILENT,
      redis: { ...options.redis, maxConnections: Math.max(maxConnections, NEEDED) },
    }) as Messaging<Record<never, never>>;
  }

  async *run(): AsyncGenerator<Finding> {
    const messaging = this.#messaging;
    messaging.on(sampleEvent, (event) => this.#arrived("event", event.after_data));
    messaging.on(sampleNotification, ({ metadata }) => this.#arrived("notification", metadata));
    messaging.on(sampleHealth, ({ details }) => this.#arrived("health message", details));
    messaging.handle(sampleCommand, ({ payload }, { messageId = "" }) => {
      this.#answered.push(messageId);
      return payload;
    });
    const started = await this.#attempt("consumer groups", async () => {
      await messaging.start({ requireRedis: true });
      return "created, and read with blocking reads";
    });
    yield started;
    if (started.verdict === "bad") return;
    const title = "Examination";
    yield await this.#delivered("event", () =>
      messaging.publish(sampleEvent, { entity_id: "doctor", after_data: SAMPLE }),
    );
    yield await this.#attempt("command", async () => {
      const began = systemClock.now();
      const timeoutSeconds = Math.max(1, Math.ceil(this.#limitMs / 1000));
      assertIntact(await messaging.send(sampleCommand, SAMPLE, { timeoutSeconds }));
      return `answered after ${milliseconds(systemClock.now() - began)}`;
    });
    const live = this.#arrival("live notification");
    yield await this.#attempt("live subscription", async () => {
      const receive = ({ metadata }: { metadata: Sample }): void => this.#arrived("live notification", metadata);
      await messaging.listen({ userId: 1 }, receive);
      return "subscribed with Pub/Sub";
    });
    yield await this.#delivered("notification", () =>
      messaging.publish(sampleNotification, { title, message: title, target_user_id: 1, metadata: SAMPLE }),
    );
    yield await this.#attempt("live notification", async () => {
      assertIntact(await live);
      return "received by its user";
    });
    yield await this.#delivered("health message", () =>
      messaging.publish(sampleHealth, { status: "healthy", details: SAMPLE }),
    );
  }

  /** Ends the probe and removes its keys. They are removed by name, because a search may take long in a large Redis. */
  async clean(routes: Routes): Promise<Finding> {
    await this.#messaging.close();
    return this.#attempt("clean up", async () => {
      const keys = doctorCatalogue.messages.flatMap(({ stream: name }) => {
        const own = streamKeys(`${this.#environment}:${name}`, this.#group);
        const answers = this.#answered.map((id) => answerKey(own.stream, id));
        return [...Object.values(own), ...Object.values(redriveKeys(own, this.#group)), ...answers] as string[];
      });
      const remove = (key: string): Promise<number> =>
        routes.at(key).ask(`removing ${key}`, (client) => client.unlink(key));
      await Promise.all([...new Set(keys)].map(remove));
      return "the keys of this examination are removed";
    });
  }

  #delivered(kind: string, publish: () => Promise<unknown>): Promise<Finding> {
    return this.#attempt(kind, async () => {
      const arrival = this.#arrival(kind);
      const began = systemClock.now();
      await publish();
      assertIntact(await arrival);
      return `published, consumed and verified after ${milliseconds(systemClock.now() - began)}`;
    });
  }

  #arrived(kind: string, content: unknown): void {
    this.#arrivals.get(kind)?.(content);
  }

  #arrival(kind: string): Promise<unknown> {
    return new Promise((resolve) => this.#arrivals.set(kind, resolve));
  }

  async #attempt(check: string, work: () => Promise<string>): Promise<Finding> {
    try {
      const late = `nothing arrived within ${this.#limitMs / 1000} s`;
      return { check, verdict: "good", text: await within(this.#limitMs, systemClock, work, late) };
    } catch (error) {
      return failed(check, error);
    }
  }
}

function assertIntact(arrived: unknown): void {
  if (JSON.stringify(arrived) === JSON.stringify(SAMPLE)) return;
  throw new Error(`the content changed on its way: ${JSON.stringify(arrived)}`);
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(1)} ms`;
}
