import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";

export interface ChildOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Gives it a channel to this process, which closes when this process ends in any way. */
  readonly hasChannel?: boolean;
}

/** The exit code of a program that cannot be started, as shells have it. */
const NOT_FOUND = 127;

/** A program that runs in the terminal of this one, until it ends or is stopped. */
export class Child {
  /** Its exit code; of one that a signal ended 128 and the signal's number. */
  readonly ended: Promise<number>;
  /** Why it could not be started. */
  failure: string | undefined;
  readonly #process: ChildProcess;
  /** On a terminal it shares the group, so that it may read, and Ctrl-C reaches it from there. */
  readonly #isGroup = process.stdin.isTTY !== true && process.platform !== "win32";
  #isRunning = true;

  constructor(program: string, parameters: readonly string[], { environment, hasChannel }: ChildOptions = {}) {
    this.#process = spawn(program, [...parameters], {
      env: { ...process.env, ...environment },
      stdio: hasChannel === true ? ["ignore", "inherit", "inherit", "ipc"] : "inherit",
      detached: this.#isGroup,
      // Programs of npm are scripts of the shell there.
      shell: process.platform === "win32" && hasChannel !== true,
    });
    this.ended = new Promise((resolve) => {
      this.#process.once("error", (error) => {
        this.failure = `${program} cannot be started: ${error.message}`;
        resolve(NOT_FOUND);
      });
      this.#process.once("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? "SIGTERM"]));
    });
    void this.ended.then(() => {
      this.#isRunning = false;
    });
  }

  /** Resolves when it says something on its channel, or has ended. */
  said(): Promise<void> {
    return new Promise((resolve) => {
      this.#process.once("message", () => resolve());
      void this.ended.then(() => resolve());
    });
  }

  /** Sends a signal, also to what it started itself, if it has a group of its own. */
  signal(signal: NodeJS.Signals): void {
    const { pid } = this.#process;
    if (!this.#isRunning || pid === undefined) return;
    try {
      process.kill(this.#isGroup ? -pid : pid, signal);
    } catch (error) {
      // ESRCH: it has just ended.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }

  /** Asks it to end, and makes it if it has not ended within some seconds. */
  async stop(signal: NodeJS.Signals, graceMs: number): Promise<void> {
    // Ctrl-C has reached it already, and a second one means at once.
    if (signal !== "SIGINT" || this.#isGroup) this.signal(signal);
    AbortSignal.timeout(graceMs).addEventListener("abort", () => this.signal("SIGKILL"));
    await this.ended;
  }
}
