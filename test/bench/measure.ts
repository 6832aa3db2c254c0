import { spawn } from "node:child_process";

/** What one measurement gave. */
export interface Measured {
  /** In the unit of its contest. */
  readonly value: number;
  readonly details?: Details;
}

/** What else there is to say. */
export interface Details {
  /** Microseconds of the client's processor time a message. */
  readonly cpu?: number;
  /** What a long run looked like on its way. */
  readonly looks?: readonly Look[];
}

/** Memory in bytes, after a full garbage collection and so many messages. */
export interface Look {
  readonly messages: number;
  readonly heap: number;
  readonly rss: number;
  readonly redis: number;
}

/** Whatever does not end by itself is ended after so long. */
const LONGEST_MS = 180_000;

/**
 * Runs a program in a Node process of its own and returns what it answered: nothing that another one compiled,
 * allocated or left behind is in its way.
 *
 * @throws with all that it printed when it fails or gives no answer
 */
export async function measure(
  program: string,
  settings: object,
  nodeOptions: readonly string[] = [],
): Promise<Measured> {
  const { output } = await run([...nodeOptions, program, JSON.stringify(settings)]);
  const answer = output.split("\n").findLast((line) => line.startsWith("{"));
  if (answer === undefined) throw new Error(`${program} gave no answer\n${output}`);
  return JSON.parse(answer) as Measured;
}

/** How long a whole Node process takes, from its start to its end, in milliseconds. */
export async function measureProcess(args: readonly string[], cwd: string): Promise<Measured> {
  const { milliseconds } = await run(args, cwd);
  return { value: milliseconds };
}

function run(args: readonly string[], cwd?: string): Promise<{ output: string; milliseconds: number }> {
  return new Promise((resolve, reject) => {
    const since = performance.now();
    const child = spawn(process.execPath, args, {
      stdio: ["ignore", "pipe", "pipe"],
      ...(cwd === undefined ? {} : { cwd }),
    });
    const limit = setTimeout(() => child.kill("SIGKILL"), LONGEST_MS);
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on("data", (bytes: Buffer) => output.push(bytes));
    child.stderr.on("data", (bytes: Buffer) => errors.push(bytes));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      const milliseconds = performance.now() - since;
      clearTimeout(limit);
      const said = Buffer.concat(output).toString();
      if (code === 0) resolve({ output: said, milliseconds });
      else {
        const all = `${said.slice(-1000)}${Buffer.concat(errors).toString().slice(-3000)}`;
        reject(new Error(`${args.slice(0, 2).join(" ")} ended with ${signal ?? code}\n${all}`));
      }
    });
  });
}
