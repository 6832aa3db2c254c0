import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { Guard } from "./guard.js";
import type { RedisProgram } from "./program.js";
import type { RedisFlavour } from "./version.js";

/** The server did not start. The message contains the last lines of its log. */
export class RedisStartError extends Error {
  readonly code = "REDIS_START_FAILED";
  override readonly name = "RedisStartError";
}

/** A private, temporary Redis, on the loopback interface only. */
export interface RedisServer extends AsyncDisposable {
  readonly external: false;
  readonly host: string;
  readonly port: number;
  /** `redis://127.0.0.1:<port>` */
  readonly url: string;
  /** The process id of the running server, else of the last one. It changes with {@link restart}. */
  readonly pid: number;
  readonly running: boolean;
  /** Its working directory; removed by {@link stop}. */
  readonly folder: string;
  readonly flavour: RedisFlavour;
  /** For example `7.0.15`. Valkey's own version, not the Redis version that it is compatible with. */
  readonly version: string;
  /** The last lines of its log. */
  readonly log: readonly string[];
  /** Sends SIGKILL, like a crash. Port and folder are kept for {@link restart}. */
  kill(): Promise<void>;
  /** Sends SIGSTOP: connections stay open and silent. */
  pause(): void;
  /** Sends SIGCONT. */
  resume(): void;
  /** Kills a running server and starts it again on its port. By default only a persistent server keeps its data. */
  restart(options?: { readonly keepData?: boolean }): Promise<void>;
  /** Stops the server and removes its folder. May be called again. */
  stop(): Promise<void>;
}

const host = "127.0.0.1";

/** The line that Redis and Valkey log when they are ready, or the one of a sentinel. */
const readyLine = /Ready to accept connections|Sentinel ID is/;

const startWithinMs = 20_000;

/** Number of attempts to use a port that another server has just taken. */
export const portAttempts = 20;

export interface PrivateRedisSettings {
  readonly port: number;
  readonly arguments: readonly string[];
  readonly persistent: boolean;
  readonly files: Readonly<Record<string, string>>;
  /** One of the files, which the server reads and may rewrite, as a sentinel must. @defaultValue none */
  readonly configFile?: string;
}

/** The server of `startRedis`, before its launch. */
export class PrivateRedis implements RedisServer {
  readonly external = false;
  readonly host: string = host;
  readonly port: number;
  readonly url: string;
  readonly flavour: RedisFlavour;
  readonly version: string;
  readonly #guard: Guard;
  readonly #persistent: boolean;
  readonly #files: Readonly<Record<string, string>>;
  #stopped = false;
  #exited: Promise<number> = Promise.resolve(0);

  constructor(program: RedisProgram, settings: PrivateRedisSettings) {
    const { port, persistent } = settings;
    this.port = port;
    this.url = `redis://${host}:${port}`;
    this.flavour = program.flavour;
    this.version = program.version;
    this.#persistent = persistent;
    this.#files = settings.files;
    const persistence = persistent ? ["--appendonly", "yes", "--appendfsync", "always"] : ["--appendonly", "no"];
    this.#guard = new Guard(
      [
        program.command,
        ...program.arguments,
        ...(settings.configFile === undefined ? [] : [settings.configFile]),
        ...["--port", String(port), "--bind", host, "--save", "", ...persistence],
        ...settings.arguments,
      ],
      join(tmpdir(), `m-erp-redis-${randomBytes(6).toString("hex")}`),
    );
  }

  get pid(): number {
    return this.#guard.pid;
  }

  get running(): boolean {
    return this.#guard.running;
  }

  get folder(): string {
    return this.#guard.folder;
  }

  get log(): readonly string[] {
    return this.#guard.log;
  }

  /** True if its last start failed because the port was taken. */
  get portTaken(): boolean {
    return this.log.some((line) => line.includes("Address already in use"));
  }

  /** @throws RedisStartError when it does not start */
  async launch(): Promise<void> {
    await this.#guard.ready();
    for (const [name, text] of Object.entries(this.#files)) {
      await writeFile(join(this.folder, name), text, { mode: 0o600 });
    }
    await this.#start();
  }

  async kill(): Promise<void> {
    this.#signal("SIGKILL");
    await this.#guard.hold(() => this.#exited);
  }

  pause(): void {
    this.#signal("SIGSTOP");
  }

  resume(): void {
    this.#signal("SIGCONT");
  }

  async restart(options: { readonly keepData?: boolean } = {}): Promise<void> {
    const keepData = options.keepData ?? this.#persistent;
    if (keepData && !this.#persistent) {
      throw new TypeError(
        "This Redis keeps its data in memory only: start it with { persistent: true } to keep them on a restart.",
      );
    }
    if (this.#stopped) {
      throw new RedisStartError(`${this.url} has been stopped and its folder removed: start a new one.`);
    }
    await this.kill();
    if (!keepData) {
      this.#guard.clearData();
    }
    for (let attempt = 1; ; attempt += 1) {
      this.#guard.log.length = 0;
      try {
        return await this.#start();
      } catch (error) {
        // Another server that looks for a free port may have taken this one for a moment.
        if (attempt === portAttempts || !this.portTaken) {
          throw error;
        }
        await sleep(50);
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#guard.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.running) {
      try {
        process.kill(this.pid, signal);
      } catch (error) {
        // ESRCH: the server has ended by itself, and the guard has not reported it yet.
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") {
          throw error;
        }
      }
    }
  }

  async #start(): Promise<void> {
    await this.#guard.hold(async () => {
      let tooLate: NodeJS.Timeout | undefined;
      const ready = new Promise<void>((resolve, reject) => {
        const fail = (reason: string): void =>
          reject(new RedisStartError(`${this.url} ${reason}:\n${this.log.join("\n")}`));
        tooLate = setTimeout(() => fail(`was not ready within ${startWithinMs} ms`), startWithinMs);
        this.#exited = new Promise((exited) => {
          const events = {
            line: (line: string): void => void (readyLine.test(line) && resolve()),
            exited: (code: number): void => {
              exited(code);
              fail(`ended with code ${code} before it was ready`);
            },
          };
          this.#guard.start(events);
        });
      });
      try {
        await ready;
      } finally {
        clearTimeout(tooLate);
      }
    });
  }
}
