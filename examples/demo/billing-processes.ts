import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Stage } from "./services.js";

/** Its service. */
export const BILLING = "billing-service";
/** The default is 15 s. */
export const LEASE_SECONDS = 2;

const COUNT = 2;

/** The processes of one service. Disposal ends them in order. */
export class BillingProcesses implements AsyncDisposable {
  readonly #children: readonly ChildProcess[];
  /** Those that told of their work, the last one last. */
  readonly #told: ChildProcess[] = [];

  private constructor({ redis, environment, screen }: Stage) {
    const env = {
      ...process.env,
      ...{ REDIS_URL: redis.url, ENVIRONMENT: environment },
      ...{ SERVICE_NAME: BILLING, CONSUMER_LEASE: String(LEASE_SECONDS) },
    };
    this.#children = Array.from({ length: COUNT }, () => fork(new URL("billing.ts", import.meta.url), { env }));
    for (const child of this.#children) {
      child.on("message", (what) => {
        if (what === "started") return;
        this.#told.push(child);
        screen.react(BILLING, String(what));
      });
    }
  }

  /** Resolves when all of them handle messages. */
  static async start(stage: Stage): Promise<BillingProcesses> {
    const processes = new BillingProcesses(stage);
    const started = processes.#children.map((child) => once(child, "message"));
    const ended = processes.#children.map((child) =>
      once(child, "exit").then(() => Promise.reject(new Error(`a process of ${BILLING} did not start`))),
    );
    try {
      await Promise.race([Promise.all(started), ...ended]);
    } catch (error) {
      await processes[Symbol.asyncDispose]();
      throw error;
    }
    return processes;
  }

  get pids(): readonly number[] {
    return this.#children.map(({ pid = 0 }) => pid);
  }

  /** Kills the one that told of its work last, as `kill -9` does. Resolves to its process id. */
  async killBusy(): Promise<number> {
    const busy = this.#told.at(-1);
    if (busy?.pid === undefined) throw new Error(`no process of ${BILLING} has begun`);
    const exited = once(busy, "exit");
    busy.kill("SIGKILL");
    await exited;
    return busy.pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const living = this.#children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    await Promise.all(
      living.map(async (child) => {
        const exited = once(child, "exit");
        child.disconnect();
        await exited;
      }),
    );
  }
}
