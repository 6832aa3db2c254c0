#!/usr/bin/env node
// cli/ is the merp command, a file a command; it may import index.ts; doctor.ts and validate.ts also the runtime's operations.

import { Command } from "commander";
import { checkCommand } from "./check.js";
import { doctorCommand } from "./doctor.js";
import { generateCommand } from "./generate.js";
import { initCommand } from "./init.js";
import { newCommand } from "./new.js";
import { validateCommand } from "./validate.js";

/** The `merp` command. It exits with 0 on success and with 1 when a command found something wrong. */
const program = new Command("merp")
  .description("Generates a typed messaging SDK from JSON Schemas, and checks the Redis that it runs on.")
  .addCommand(initCommand)
  .addCommand(newCommand)
  .addCommand(generateCommand)
  .addCommand(checkCommand)
  .addCommand(validateCommand)
  .addCommand(doctorCommand);

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
