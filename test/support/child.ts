import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { createInterface } from "node:readline";
import type { Writable } from "node:stream";
import { fileURLToPath, pathToFileURL } from "node:url";
import { eventually } from "./eventually.js";
import { bundleOf } from "./program-bundle.js";

export interface StartChildOptions {
  readonly arguments?: readonly string[];
  /** Added to this process's own environment. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program in a Node process of its own, which can be killed at any line. It speaks by `./parent.ts`. */
export interface Child<Message> extends AsyncDisposable {
  /** Of the Node process itself. */
  readonly pid: number;
  /** Every JSON line on its standard output so far. */
  readonly messages: readonly Message[];
  /** All else that it printed. */
  readonly output: string;
  readonly exited: Promise<ChildExit>;
  /** The next message that matches and was not returned before; those passed over are skipped for good. */
  next(matches?: (message: Message) => boolean, options?: { readonly withinMs?: number }): Promise<Message>;
  /** One JSON line on its standard input. */
  send(message: unknown): void;
  /** @defaultValue `"SIGKILL"` */
  kill(signal?: NodeJS.Signals): void;
  /** SIGKILL, and waits until it is gone. */
  stop(): Promise<void>;
}

/**
 * The child runs under a shell that holds a pipe from the test: when the test ends, however, the shell kills the child.
 * Descriptor 3 becomes the child's standard input.
 */
const leash = `
trap '' PIPE HUP
exec 4<&0
"$@" <&3 3<&- 4<&- &
child=$!
exec 3<&-
echo "{\\"leashed\\":$child}"
{ read -r end <&4; kill -9 $child; } 2>/dev/null &
leash=$!
wait $child
code=$?
kill -9 $leash 2>/dev/null
exit $code
`;

const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
const tests = fileURLToPath(new URL("..", import.meta.url));

/**
 * Starts a TypeScript file, one of the tests as a bundle, or a JavaScript file as plain Node does; resolves as soon as the process runs, long before
 * its first line does.
 *
 * @example
 * ```ts
 * await using consumer = await startChild<{ handled: string }>(new URL("./consumer.ts", import.meta.url));
 * await consumer.next((message) => message.handled === "1");
 * consumer.kill();
 * ```
 */
export async function startChild<Message = unknown>(
  script: string | URL,
  options: StartChildOptions = {},
): Promise<Child<Message>> {
  const path = script instanceof URL ? fileURLToPath(script) : script;
  const command = [process.execPath, ...(await programOf(path)), ...(options.arguments ?? [])];
  const shell = spawn("/bin/sh", ["-c", leash, "leash", ...command], {
    detached: true,
    env: { ...process.env, ...options.environment },
    stdio: ["pipe", "pipe", "pipe", "pipe"],
  });
  const child = new NodeChild<Message>(shell);
  await child.started;
  return child;
}

async function programOf(path: string): Promise<readonly string[]> {
  if (!path.endsWith(".ts")) return [path];
  return path.startsWith(tests) ? [await bundleOf(path)] : ["--import", tsx, path];
}

class NodeChild<Message> implements Child<Message> {
  readonly messages: Message[] = [];
  readonly exited: Promise<ChildExit>;
  /** Resolves when the pid is known. */
  readonly started: Promise<void>;
  output = "";
  #pid = 0;
  #gone: ChildExit | undefined;
  /** How many messages `next` has been past. */
  #passed = 0;
  readonly #shell: ChildProcess;

  constructor(shell: ChildProcess) {
    this.#shell = shell;
    this.exited = new Promise((resolve) => {
      shell.once("close", (code) => {
        this.#gone = readExit(code);
        resolve(this.#gone);
      });
    });
    this.started = new Promise((resolve, reject) => {
      shell.once("error", reject);
      shell.once("close", () => reject(new Error(`The child did not start: ${this.output}`)));
      this.#lines(shell.stdout, (line) => {
        const message = readMessage(line);
        if (message === undefined) {
          this.output += `${line}\n`;
        } else if (this.#pid === 0) {
          this.#pid = (message as { leashed: number }).leashed;
          resolve();
        } else {
          this.messages.push(message as Message);
        }
      });
    });
    this.#lines(shell.stderr, (line) => {
      this.output += `${line}\n`;
    });
    for (const pipe of [shell.stdin, shell.stdio[3] as Writable]) {
      pipe?.on("error", () => {}); // A child that is gone is told by `exited`.
    }
  }

  get pid(): number {
    return this.#pid;
  }

  async next(
    matches: (message: Message) => boolean = () => true,
    options: { readonly withinMs?: number } = {},
  ): Promise<Message> {
    const look = (): Message | undefined => {
      while (this.#passed < this.messages.length) {
        const message = this.messages[this.#passed] as Message;
        this.#passed += 1;
        if (matches(message)) {
          return message;
        }
      }
      return undefined;
    };
    const withinMs = options.withinMs ?? 15_000;
    const seen = await eventually(() => look() ?? this.#gone, Boolean, {
      withinMs,
      everyMs: 5,
      what: "a message",
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}; the child's output:\n${this.output}`, { cause: error });
    });
    if (seen === this.#gone) {
      throw new Error(`The child ended (${JSON.stringify(seen)}) without the message; its output:\n${this.output}`);
    }
    return seen as Message;
  }

  send(message: unknown): void {
    (this.#shell.stdio[3] as Writable).write(`${JSON.stringify(message)}\n`);
  }

  kill(signal: NodeJS.Signals = "SIGKILL"): void {
    if (this.#gone === undefined) {
      try {
        process.kill(this.#pid, signal);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") {
          throw error; // Only one that has just ended by itself needs no signal any more.
        }
      }
    }
  }

  async stop(): Promise<void> {
    this.#shell.stdin?.end();
    await this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #lines(from: NodeJS.ReadableStream | null, read: (line: string) => void): void {
    if (from) {
      createInterface({ input: from }).on("line", read);
    }
  }
}

/** Our messages are objects; anything else is output. */
function readMessage(line: string): object | undefined {
  try {
    return line.startsWith("{") ? (JSON.parse(line) as object) : undefined;
  } catch {
    return undefined;
  }
}

/** A shell tells a signal as 128 and its number. */
function readExit(code: number | null): ChildExit {
  const names = Object.entries(constants.signals) as [NodeJS.Signals, number][];
  const [signal] = names.find(([, number]) => code === 128 + number) ?? [];
  return signal ? { code: null, signal } : { code, signal: null };
}
