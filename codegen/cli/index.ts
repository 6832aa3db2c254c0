#!/usr/bin/env node
// cli/ is the merp command, a file a command; it may import index.ts; validate.ts also the runtime's operations. The runtime's
// own cli/ has the operator's commands.

import { Command } from "commander";
import { optimizeLate } from "./engine.js";

optimizeLate();

const commands: Readonly<Record<string, () => Promise<Command>>> = {
  init: async () => (await import("./init.js")).initCommand,
  new: async () => (await import("./new.js")).newCommand,
  import: async () => (await import("./import.js")).importCommand,
  generate: async () => (await import("./generate.js")).generateCommand,
  check: async () => (await import("./check.js")).checkCommand,
  diff: async () => (await import("./diff.js")).diffCommand,
  docs: async () => (await import("./docs.js")).docsCommand,
  bundle: async () => (await import("./bundle.js")).bundleCommand,
  validate: async () => (await import("./validate.js")).validateCommand,
};

/** The `merp` command. It exits with 0 on success and with 1 when a command found something wrong. */
const program = new Command("merp")
  .description("Generates a typed messaging SDK from JSON Schemas.")
  .addHelpText(
    "after",
    "\nThe commands for services and their Redis come with @m-erp/messaging: merp status says what is wrong, merp --help lists all.",
  );

// The other commands are only loaded to be listed: what they import would take longer than a small run.
const asked = process.argv[2] ?? "";
const loaded = Object.hasOwn(commands, asked) ? [asked] : Object.keys(commands);
for (const name of loaded) program.addCommand(await (commands[name] as () => Promise<Command>)());

// A reader that has seen enough, such as head, closes the pipe: the rest is not wanted, and no fault. The code is that of
// a program which the signal SIGPIPE ends.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(141);
    throw error;
  });
}

// Files are written without a pause, so a signal that is handled never comes between two of them.
for (const [signal, number] of [
  ["SIGHUP", 1],
  ["SIGINT", 2],
  ["SIGTERM", 15],
] as const) {
  process.on(signal, () => process.exit(128 + number));
}

await program.parseAsync();
