#!/usr/bin/env node
// cli/ is the merp command as a service has it, a file a command; it may import operations, and the private Redis of testing.
// What needs the generator it passes on.
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { didYouMean, nearest } from "../config/suggest.js";
import { printable } from "../contract/printable.js";
import { paint } from "./colour.js";
import { operatorCommands } from "./commands.js";
import { dev } from "./dev/dev.js";
import { exit } from "./exit.js";
import { findGenerator, GENERATOR, runGenerator } from "./generator.js";
import { commandNames, generatorCommands, overviewText } from "./overview.js";
import { widthOf } from "./table.js";

// A reader that has seen enough, such as head, closes the pipe. The code is that of a program which SIGPIPE ends.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(141);
    throw error;
  });
}

/** So many seconds an operator waits for a Redis that does not answer, unless the environment says so. */
const CONNECTION_TIMEOUT = "3";

const [first = "--help", ...rest] = process.argv.slice(2);
// merp help status
const [asked, ...args] = first === "help" && rest[0] !== undefined ? [rest[0], "--help"] : [first, ...rest];
process.exitCode = await run();

/** @returns the exit code; `undefined` where the command has set it */
async function run(): Promise<number | undefined> {
  if (asked === "dev") {
    const generator = findGenerator();
    return dev(args, generator && fileURLToPath(generator));
  }
  const load = Object.hasOwn(operatorCommands, asked) ? operatorCommands[asked] : undefined;
  if (load !== undefined) {
    // The doctor tells what a service would do.
    if (asked !== "doctor") process.env["REDIS_CONNECTION_TIMEOUT"] ||= CONNECTION_TIMEOUT;
    await new Command("merp").addCommand(await load()).parseAsync(["node", "merp", asked, ...args]);
    return process.exitCode as number | undefined;
  }
  if (generatorCommands.includes(asked)) {
    process.argv.splice(2, Number.POSITIVE_INFINITY, asked, ...args);
    if (await runGenerator()) return process.exitCode as number | undefined;
    return refused(`merp ${asked} needs the generator, which is not installed: npm install --save-dev ${GENERATOR}`);
  }
  if (["--help", "-h", "help"].includes(asked)) {
    process.stdout.write(overviewText(widthOf(), findGenerator() !== undefined));
    return exit.fine;
  }
  if (asked.startsWith("-")) return refused(`merp begins with a command, not with ${asked}; merp --help lists them`);
  const meant = didYouMean(nearest(asked, commandNames)) || "; merp --help lists them";
  return refused(`merp has no command ${asked}${meant}`);
}

function refused(why: string): number {
  process.stderr.write(`${paint("red", "error:", process.stderr)} ${printable(why)}\n`);
  return exit.undone;
}
