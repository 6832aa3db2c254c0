// dev/ runs what a service is developed with; it may import the private Redis of testing/.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { Child } from "./child.js";
import { type End, Interruption } from "./interruption.js";
import { type DevRedis, obtainDevRedis } from "./redis.js";
import { type Wish, wishOf } from "./wish.js";

/** What `merp dev --help` says. */
const devUsage = `  merp dev [--port <port>] [--persist <folder>] [--redis-url <url>] [--schemas <folder>] [-- <command>]
      Starts a private Redis, generates at each change of the schemas, and runs the command with REDIS_URL, until
      Ctrl-C, or until the command ends. --persist keeps the data in a folder; --redis-url takes a Redis that runs.`;

/** So long may the command take to end when it is asked to. */
const GRACE_MS = 10_000;

/**
 * Runs `merp dev`.
 *
 * @param generator the program of the generator; `undefined` where it is not installed
 * @returns the exit code: that of the command, or 128 and the number of the signal that ended it
 */
export async function dev(args: readonly string[], generator: string | undefined): Promise<number> {
  let wish: Wish;
  try {
    wish = wishOf(args);
  } catch (error) {
    return failed((error as Error).message);
  }
  if (wish.isHelp) {
    process.stdout.write(`Usage:\n${devUsage}\n`);
    return 0;
  }
  const interruption = new Interruption();
  try {
    return await runUntil(interruption.end, wish, generator);
  } catch (error) {
    return failed((error as Error).message);
  } finally {
    interruption.forget();
  }
}

/** What was started. */
interface Parts {
  readonly children: Child[];
  /** Nothing more is to be started. */
  isEnding: boolean;
}

/** Starts all, and stops it when one part of it ends, or at a signal. */
async function runUntil(interrupted: Promise<End>, wish: Wish, generator: string | undefined): Promise<number> {
  const parts: Parts = { children: [], isEnding: false };
  const redis = await obtainDevRedis(wish);
  try {
    process.stdout.write(`${redis.about}\nREDIS_URL=${redis.url}\n`);
    const lost = redis.ended.then((): End => ({ code: 1, failure: "the Redis has ended", signal: "SIGTERM" }));
    const { code, failure, signal } = await Promise.race([interrupted, lost, run(wish, generator, redis, parts)]);
    parts.isEnding = true;
    await Promise.all(parts.children.map((child) => child.stop(signal, GRACE_MS)));
    return failure === undefined ? code : failed(failure, code);
  } finally {
    await redis.stop();
  }
}

/** Generates, and then runs the command. Resolves when one of them ends. */
async function run(
  { schemas, command }: Wish,
  generator: string | undefined,
  { url, isOwn }: DevRedis,
  parts: Parts,
): Promise<End> {
  const ends: Promise<End>[] = [new Promise(() => {})];
  if (generator === undefined) {
    process.stderr.write("the generator is not installed, so nothing is generated\n");
  } else if (!existsSync(join(schemas, "catalogue.json"))) {
    process.stderr.write(`there is no ${join(schemas, "catalogue.json")}, so nothing is generated\n`);
  } else {
    const parameters = [generator, "generate", "--watch", "--schemas", schemas];
    const watching = new Child(process.execPath, parameters, { hasChannel: true });
    parts.children.push(watching);
    // The command needs what is generated.
    await watching.said();
    ends.push(endOf(watching, "merp generate --watch has ended"));
  }
  const [program, ...parameters] = command;
  if (program !== undefined && !parts.isEnding) {
    const child = new Child(program, parameters, { environment: { REDIS_URL: url } });
    parts.children.push(child);
    ends.push(endOf(child));
  }
  if (ends.length === 1 && !isOwn) return { code: 1, failure: "there is nothing to run", signal: "SIGTERM" };
  return Promise.race(ends);
}

async function endOf(child: Child, failure?: string): Promise<End> {
  const code = await child.ended;
  return { code, failure: child.failure ?? failure, signal: "SIGTERM" };
}

function failed(sentence: string, code = 1): number {
  process.stderr.write(`failed ${sentence}\n`);
  return code;
}
