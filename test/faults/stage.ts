import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import {
  type Messaging,
  MessagingError,
  type MessagingOptions,
  type PublishOptions,
  publishUserCreated,
  type RedisOptions,
} from "../../generated/index.js";
import { type RedisServer, type StartRedisOptions, startRedis } from "../../runtime/testing/redis/index.js";
import { startChild } from "../support/child.js";
import { createService } from "../support/service.js";
import { EXIT_CODE } from "./behaviour.js";
import { type Account, Ledger } from "./ledger.js";
import { createMember, type Role, SWIFT } from "./member.js";
import { eventually, turn } from "./patience.js";
import { scaled } from "./scale.js";
import type { ServiceNews } from "./service.js";
import { type ServiceProcess, serviceProcess } from "./service-process.js";

/** How a test describes a consumer; the rest is the stage's. */
export type Part = Partial<Omit<Role, "journal">> & Pick<MessagingOptions, "hooks" | "logger">;

/** A consumer of this process. */
export interface LocalMember {
  /** By what name the ledger knows it. */
  readonly by: string;
  readonly messaging: Messaging;
}

interface Command {
  readonly environment?: Record<string, string>;
  readonly program?: string;
}

/** How it publishes. */
export interface PublishPlan extends PublishOptions {
  readonly from?: Messaging;
  /** @defaultValue side by side */
  readonly everyMs?: number;
  /** How many entities share the messages. @defaultValue each message has its own */
  readonly entities?: number;
  /** Text that makes each message longer. */
  readonly text?: string;
}

const STREAM = "events";

/** One Redis or several, those who publish and consume there, and the ledger of what they did. */
export class Stage<Place extends AsyncDisposable = RedisServer> implements AsyncDisposable {
  readonly redis: Place;
  readonly ledger = new Ledger();
  /** Looks at Redis from outside. */
  readonly client: Redis;
  readonly publisher: Messaging;
  /** Where the messaging finds it. */
  readonly address: RedisOptions;
  readonly #folder = mkdtempSync(join(tmpdir(), "merp-faults-"));
  readonly #open: AsyncDisposable[] = [];
  readonly #end: () => void;
  #serial = 0;
  #members = 0;

  /**
   * @param redis - what is played on; it ends with the stage
   * @param address - where the messaging finds that
   * @param client - a client for it
   */
  constructor(redis: Place, address: RedisOptions, client: Redis, end: () => void = () => {}) {
    this.redis = redis;
    this.address = address;
    this.#end = end;
    this.client = client;
    this.client.on("error", () => {});
    this.publisher = this.createPublisher();
  }

  static async open(options: StartRedisOptions = {}): Promise<Stage> {
    const end = await turn();
    const redis = await startRedis(options);
    const client = new Redis(redis.url, { maxRetriesPerRequest: 0, retryStrategy: () => 50 });
    return new Stage(redis, { url: redis.url }, client, end);
  }

  createPublisher(options: MessagingOptions = {}, url?: string): Messaging {
    const address = url === undefined ? this.address : { url };
    const redis = { ...SWIFT.redis, ...address, ...options.redis };
    // A publisher trims, too.
    const { deadLettersMax } = SWIFT;
    const publisher = createService({}, { service: "publisher", deadLettersMax, ...options, redis });
    this.#open.push(publisher);
    return publisher;
  }

  /** Starts a consumer in this process. */
  async join(service: string, part: Part = {}): Promise<LocalMember> {
    const { hooks, logger, ...role } = part;
    const { by, whole } = this.#role(service, role);
    const messaging = createMember(whole, { ...(hooks && { hooks }), ...(logger && { logger }) });
    this.#open.push(messaging);
    await messaging.start();
    return { by, messaging };
  }

  /**
   * Starts a consumer in a process of its own.
   * @param command - `program`: another one than this release's
   */
  async spawn(service: string, part: Part = {}, command: Command = {}): Promise<ServiceProcess> {
    const { by, whole } = this.#role(service, part);
    const { ledger } = this;
    ledger.note(`starts ${by}`);
    const { program = new URL("./service.ts", import.meta.url), ...options } = command;
    const child = await startChild<ServiceNews>(program, { arguments: [JSON.stringify(whole)], ...options });
    this.#open.push(child);
    // One whose first message kills it is gone before it can say that it is ready.
    const exit = await Promise.race([child.next((news) => "ready" in news).catch(() => child.exited), child.exited]);
    if ("code" in exit && exit.signal === null && exit.code !== EXIT_CODE) throw new Error(`${by}: ${child.output}`);
    return serviceProcess(by, child, ledger);
  }

  /**
   * Publishes so many messages, side by side, and gives their serial numbers. What Redis refused for the moment is
   * tried again; what may have been stored is not, unless it is published once.
   */
  async publish(count: number, plan: PublishPlan = {}): Promise<number[]> {
    const serials = Array.from({ length: count }, () => ++this.#serial);
    if (plan.everyMs === undefined) {
      for (let at = 0; at < count; at += 500) {
        await Promise.all(serials.slice(at, at + 500).map((serial) => this.#publishOne(serial, plan)));
      }
    } else {
      for (const serial of serials) {
        await this.#publishOne(serial, plan);
        await sleep(plan.everyMs);
      }
    }
    return serials;
  }

  /** Publishes all the time until told to stop, one message after another. */
  publishAlways(everyMs: number, plan: PublishPlan = {}): () => Promise<void> {
    let going = true;
    const publishing = (async () => {
      while (going) {
        await this.publish(1, plan);
        await sleep(everyMs);
      }
    })();
    return () => {
      going = false;
      return publishing;
    };
  }

  /** Resolves when each of these services has handled everything that was confirmed, or has it as a dead letter. */
  async handledAll(services: readonly string[], withinMs: number = scaled(60_000, 600_000)): Promise<void> {
    const groups = services.map(groupOf);
    const missing = (): object[] => {
      const accounts = groups.map((group) => ({ group, ...this.ledger.account(group) }));
      return accounts
        .filter(({ lost }) => lost.length > 0)
        .map(({ group, lost }) => ({ group, lost: lost.slice(0, 20), count: lost.length }));
    };
    await eventually(missing, (lost) => lost.length === 0, { withinMs, everyMs: 50, what: "every message handled" });
  }

  /** How often a service's handlers have handled a message. */
  handled(service: string, serial: number): number {
    return this.ledger.handlings(groupOf(service), serial).length;
  }

  account(service: string): Account {
    return this.ledger.account(groupOf(service));
  }

  /** How many messages each consumer of a service has handled. */
  tally(service: string): ReadonlyMap<string, number> {
    return this.ledger.tally(groupOf(service));
  }

  /** Resolves when nothing is pending in a service's group. */
  async settled(service: string, withinMs: number = scaled(60_000, 600_000)): Promise<void> {
    const look = async (): Promise<unknown> => (await this.client.xpending(STREAM, groupOf(service)))[0];
    await eventually(look, (pending) => pending === 0, { withinMs, everyMs: 30, what: "nothing pending" });
  }

  /** What lies in the dead letters, oldest first; the serial number is NaN where there is none. */
  async deadLetters(): Promise<{ serial: number; reason: string }[]> {
    const entries = await this.client.xrange(`{${STREAM}}:dead`, "-", "+");
    return entries.map(([, fields]) => {
      const field = (name: string): string => fields[fields.indexOf(name) + 1] ?? "";
      const serial = Number(/"serial":(\d+)/.exec(field("original"))?.[1] ?? Number.NaN);
      return { serial, reason: field("reason") };
    });
  }

  /** The names that Redis knows in a service's group. */
  async consumers(service: string): Promise<string[]> {
    const list = (await this.client.xinfo("CONSUMERS", STREAM, groupOf(service))) as string[][];
    return list.map((info) => info[1] as string);
  }

  /** Says how long a recovery took, where somebody wants to know. */
  measure(what: string, since: number): void {
    const file = process.env["FAULT_TIMES"];
    if (file !== undefined) appendFileSync(file, `${Math.round(performance.now() - since)} ms\t${what}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.disconnect();
    if (isServer(this.redis)) {
      if (!this.redis.running) await this.redis.restart().catch(() => {});
      this.redis.resume();
    }
    await Promise.allSettled(this.#open.map((open) => open[Symbol.asyncDispose]()));
    await this.redis[Symbol.asyncDispose]();
    this.ledger.close();
    rmSync(this.#folder, { recursive: true, force: true });
    this.#end();
  }

  async #publishOne(serial: number, plan: PublishPlan): Promise<void> {
    const { from = this.publisher, everyMs: _, entities, text, ...options } = plan;
    const entity = entities === undefined ? serial : 1 + (serial % entities);
    const message = {
      entity_id: entity,
      after_data: { email: "user@example.com" },
      metadata: { serial, ...(text !== undefined && { text }) },
    };
    const id = crypto.randomUUID();
    this.ledger.sending(serial);
    for (;;) {
      try {
        await publishUserCreated(from, message, { id, ...options });
        this.ledger.published(serial);
        return;
      } catch (error) {
        if (!(error instanceof MessagingError)) throw error;
        if (error.code === "PUBLISH_UNCERTAIN") this.ledger.uncertain(serial);
        if (error.code === "CLOSED" || (error.code === "PUBLISH_UNCERTAIN" && options.once !== true)) return;
        await sleep(50);
      }
    }
  }

  #role(service: string, part: Partial<Omit<Role, "journal">>): { by: string; whole: Role } {
    const by = `${service}#${++this.#members}`;
    const journal = join(this.#folder, `${service}-${this.#members}`);
    this.ledger.join(groupOf(service), by, journal);
    const address = part.url === undefined ? this.address : {};
    const settings = { ...part.settings, redis: { ...address, ...part.settings?.redis } };
    return { by, whole: { ...part, settings, service, journal } };
  }
}

function isServer(place: object): place is RedisServer {
  return "restart" in place;
}

export function groupOf(service: string): string {
  return `${service}-workers`;
}
