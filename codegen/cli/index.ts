#!/usr/bin/env node
// cli/ is the merp command, a file a command; it may import index.ts. The runtime's own cli/ has the operator's commands.

import { Command } from "commander";
import { checkCommand } from "./check.js";
import { generateCommand } from "./generate.js";

/** The `merp` command. It exits with 0 on success and with 1 when a command found something wrong. */
const program = new Command("merp")
  .description("Generates a typed messaging SDK from JSON Schemas.")
  .addCommand(generateCommand)
  .addCommand(checkCommand)
  .addHelpText("after", "\nmerp doctor checks the Redis that the environment names; it comes with @m-erp/messaging.");

await program.parseAsync();
