import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Redis } from "ioredis";
import { catalogue, type Messaging, type MessagingOptions } from "../../../../generated/index.js";
import { statusText } from "../../../../runtime/cli/status/text.js";
import { diagnose, type Limits, Operations, type Problem, readStatus } from "../../../../runtime/operations/index.js";
import type { RedisServer } from "../../../../runtime/testing/redis/index.js";
import { repository } from "../../../codegen/scratch.js";
import { type Child, startChild } from "../../../support/child.js";
import { eventually } from "../../../support/eventually.js";
import { bundleOf } from "../../../support/program-bundle.js";
import { createService } from "../../../support/service.js";
import type { Conduct } from "./patient.js";

/** Short times, so that a test sees in a second what takes minutes in the field. */
const QUICK = { leaseSeconds: 0.3, blockTimeMs: 50, retryDelaySeconds: 0.05, drainTimeoutSeconds: 0.1 };
const LIMITS: Partial<Limits> = { heldMs: 200, overdueMs: 200 };

/** Looks for longer than a test usually does: the leases are short, and the machine may be busy. */
export function patiently<T>(look: () => T | Promise<T>, holds?: (seen: T) => boolean): Promise<T> {
  return eventually(look, holds, { withinMs: 25_000 });
}

/** A part of a Redis for one sickness: streams of its own, and all that was started for it. */
export class Ward implements AsyncDisposable {
  readonly redis: RedisServer;
  readonly admin: Redis;
  readonly environment: string;
  readonly #open: AsyncDisposable[] = [];

  constructor(redis: RedisServer, admin: Redis, environment: string) {
    this.redis = redis;
    this.admin = admin;
    this.environment = environment;
  }

  /** The whole name of a stream, or of another key. */
  key(name: string): string {
    return `${this.environment}:${name}`;
  }

  /** A service in this process. */
  service(service: string, options: MessagingOptions = {}): Messaging {
    const { environment } = this;
    const messaging = createService(this.redis, { ...QUICK, service, environment, ...options });
    this.#open.push(messaging);
    return messaging;
  }

  /** A service in a process of its own, which can be killed. */
  async patient(
    service: string,
    conduct: Conduct,
  ): Promise<Child<{ readonly begun?: string; readonly started?: true }>> {
    const options = { url: this.redis.url, environment: this.environment, service, conduct, settings: QUICK };
    const child = await startChild<{ readonly begun?: string; readonly started?: true }>(
      new URL("./patient.ts", import.meta.url),
      { arguments: [JSON.stringify(options)] },
    );
    this.#open.push(child);
    await child.next(({ started }) => started === true);
    return child;
  }

  /** An entry as another program writes it. */
  async write(type: string, message: object, stream = "events"): Promise<string> {
    const json = JSON.stringify(message);
    return (await this.admin.xadd(this.key(stream), "*", "message_type", type, "json", json)) as string;
  }

  operations(): Operations {
    const operations = new Operations({ env: {}, environment: this.environment, redis: { url: this.redis.url } });
    this.#open.push(operations);
    return operations;
  }

  /** Runs a command of merp that is shown, as it is, and answers yes. Resolves to what it prints. */
  async merp(command: string): Promise<string> {
    const [name, ...words] = command.split(" ");
    if (name !== "merp") throw new Error(`no command of merp: ${command}`);
    const program = await bundleOf(join(repository, "runtime/cli/index.ts"));
    const { url } = this.redis;
    const env = { PATH: process.env["PATH"] ?? "", NO_COLOR: "1", REDIS_URL: url, ENVIRONMENT: this.environment };
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...words, "--yes"], { env });
    return stdout;
  }

  /** What is wrong the most. */
  async worst(): Promise<Problem | undefined> {
    return (await this.status()).problem;
  }

  /** What `merp status` says, and what it says first. */
  async status(): Promise<{ readonly problem: Problem | undefined; readonly text: string }> {
    const { environment } = this;
    const { leaseSeconds } = QUICK;
    const place = { env: {}, environment, redis: { url: this.redis.url }, leaseSeconds };
    const status = await readStatus({ ...place, messages: catalogue.messages });
    const problems = diagnose(status, LIMITS);
    return { problem: problems[0], text: statusText(status, problems, Number.POSITIVE_INFINITY) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.#open.reverse()) await each[Symbol.asyncDispose]();
  }
}
