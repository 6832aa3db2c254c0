import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { eventually } from "../support/eventually.js";

/** A Python with redis-py. Debian's own first: that is where `python3-redis` is. */
export const python: string | undefined = ["/usr/bin/python3", "python3"].find(
  (program) => spawnSync(program, ["-c", "import redis"], { timeout: 10_000 }).status === 0,
);

/**
 * Whether there is a Python with redis-py. Without one the tests are skipped, visibly; where all must be tested they
 * fail instead.
 */
export const pythonAvailable: boolean = python !== undefined;
if (!pythonAvailable && process.env["CI"]) throw new Error("No Python with redis-py: apt-get install python3-redis");

type Message = Record<string, unknown>;

/** What the Python service tells. */
export interface Told {
  readonly ready?: string;
  readonly stream?: string;
  readonly channel?: string;
  readonly message?: Message;
  readonly answer?: Message;
  readonly failed?: string;
}

/** What it can be told to do: to publish, send or report, in its own way. */
export interface Deed extends Message {
  readonly do: "event" | "command" | "notification" | "health";
}

/** A Python service as there are in the field. It ends with its standard input, so also when the test dies. */
export class PythonPeer implements AsyncDisposable {
  readonly told: Told[] = [];
  readonly #process: ChildProcess;
  readonly #exited: Promise<unknown>;
  #output = "";

  private constructor(port: number) {
    const script = fileURLToPath(new URL("./peer.py", import.meta.url));
    this.#process = spawn(python as string, ["-W", "ignore", script, String(port)]);
    this.#exited = new Promise((resolve) => this.#process.once("exit", resolve));
    if (this.#process.stdout) {
      createInterface({ input: this.#process.stdout }).on("line", (line) => {
        this.told.push(JSON.parse(line) as Told);
      });
    }
    this.#process.stderr?.on("data", (text: Buffer) => {
      this.#output += text.toString();
    });
  }

  static async start({ port }: { readonly port: number }): Promise<PythonPeer> {
    const peer = new PythonPeer(port);
    await peer.hears(({ ready }) => ready === "consuming");
    await peer.hears(({ ready }) => ready === "listening");
    return peer;
  }

  does(deed: Deed): void {
    this.#process.stdin?.write(`${JSON.stringify(deed)}\n`);
  }

  /** The first thing told that is meant. */
  async hears(meant: (told: Told) => boolean): Promise<Told> {
    const found = await eventually(() => this.told.find(meant), Boolean, { what: "what Python tells" }).catch(
      (error) => {
        throw new Error(`${String(error)}; told: ${JSON.stringify(this.told)}; printed: ${this.#output}`);
      },
    );
    return found as Told;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#exited;
  }
}
