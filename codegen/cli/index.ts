#!/usr/bin/env node
// cli/ is the merp command, a file a command; it may import index.ts, and doctor.ts the runtime's operations.

import { Command } from "commander";
import { checkCommand } from "./check.js";
import { doctorCommand } from "./doctor.js";
import { generateCommand } from "./generate.js";

/** The `merp` command. It exits with 0 on success and with 1 when a command found something wrong. */
const program = new Command("merp")
  .description("Generates a typed messaging SDK from JSON Schemas, and checks the Redis that it runs on.")
  .addCommand(generateCommand)
  .addCommand(checkCommand)
  .addCommand(doctorCommand);

await program.parseAsync();
