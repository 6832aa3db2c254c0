import type { Command } from "commander";
import { operatorCommand } from "../exit.js";
import { listCommand } from "./list.js";
import { migrateCommand } from "./migrate.js";
import { republishCommand } from "./republish.js";
import { discardCommand, retryCommand } from "./settle.js";
import { showCommand } from "./show.js";
import { statusCommand } from "./status.js";

/** `merp outbox` */
export const outboxCommand: Command = operatorCommand(
  "outbox",
  "see what a service's database has to publish, and mend what cannot be published",
)
  .addCommand(statusCommand)
  .addCommand(listCommand)
  .addCommand(showCommand)
  .addCommand(retryCommand)
  .addCommand(discardCommand)
  .addCommand(republishCommand)
  .addCommand(migrateCommand);
