import { Worker } from "node:worker_threads";
import type { Config } from "../config/config.js";
import type { RuntimeParts } from "../messaging/hooks.js";
import type { Clock, Timer } from "../time/clock.js";
import { credentialSourceOf } from "./credentials.js";
import { heartbeatProgram } from "./heartbeat-program.js";
import { beat } from "./lua/beat.js";
import type { Route } from "./route.js";
import { answerTo, type ThreadQuestion, threadConnection } from "./thread-connection.js";

export interface HeartbeatParts extends RuntimeParts {
  readonly config: Config;
  readonly clock: Clock;
}

/** The beats that one master confirms together. */
export interface Round {
  readonly beats: readonly { readonly keys: readonly string[]; readonly args: readonly (string | number)[] }[];
  /** Memory that the thread shares, see {@link heartbeatProgram}. */
  readonly clock: SharedArrayBuffer;
  readonly intervalMs: number;
  /** Why the thread cannot beat, or an empty text. */
  readonly told: (why: string) => void;
}

type Told = { readonly round: number; readonly why: string } | (ThreadQuestion & { readonly id: number });

/** The thread that sends the heartbeats of this process, whatever its event loop does. It is started anew when it ends. */
export class HeartbeatThread {
  readonly #parts: HeartbeatParts;
  readonly #rounds: Round[] = [];
  #worker: Worker | undefined;
  #restart: Timer | undefined;
  #endRenewal: (() => void) | undefined;
  #isStarted = false;
  #isStopped = false;

  constructor(parts: HeartbeatParts) {
    this.#parts = parts;
  }

  /** To be called before {@link start}. */
  add(round: Round): void {
    this.#rounds.push(round);
  }

  /**
   * Called again, it has the thread beat for what was added since, too.
   *
   * @param route - where a client that finds Redis by itself has found it
   * @throws {ConfigError} when the TLS options hold what cannot be passed to a thread
   */
  start(route: Route): void {
    if (this.#isStarted) {
      this.#worker?.postMessage({ rounds: this.#given });
      return;
    }
    this.#spawn(route);
    // Only now: whoever tries again after an error must not have members without a heartbeat.
    this.#isStarted = true;
    const { clock, config } = this.#parts;
    const source = credentialSourceOf(config.redis, clock);
    this.#endRenewal = source?.onRenewed((credentials) => this.#worker?.postMessage(credentials));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#restart?.cancel();
    this.#endRenewal?.();
    await this.#worker?.terminate();
  }

  /** The rounds as the thread is given them: without what only this one can do. */
  get #given(): readonly Pick<Round, "beats" | "clock">[] {
    return this.#rounds.map(({ beats, clock }) => ({ beats: beats.map(({ keys, args }) => ({ keys, args })), clock }));
  }

  #spawn(route: Route): void {
    const { config, hooks, clock } = this.#parts;
    const { redis, service, leaseMs, handlerTimeoutMs: stallMs } = config;
    const [{ intervalMs } = { intervalMs: leaseMs }] = this.#rounds;
    const times = { intervalMs, leaseMs, stallMs, startedNs: process.hrtime.bigint() };
    const workerData = {
      connection: threadConnection(redis, service),
      rounds: this.#given,
      script: beat.lua,
      ...times,
    };
    const worker = new Worker(heartbeatProgram, { eval: true, workerData, execArgv: [] });
    this.#worker = worker;
    worker.on("message", async (told: Told) => {
      if ("why" in told) this.#rounds[told.round]?.told(told.why);
      else worker.postMessage({ id: told.id, ...(await answerTo(told, redis, route, clock)) });
    });
    worker.on("error", (error) => hooks.trouble("sending heartbeats", error));
    worker.on("exit", () => {
      if (!this.#isStopped) this.#restart = clock.after(1000, () => this.#spawn(route)).unref();
    });
    worker.unref();
  }
}
