import type { Command } from "commander";
import { operatorCommand } from "../exit.js";
import { buryCommand } from "./bury.js";
import { discardCommand } from "./discard.js";
import { groupsCommand } from "./groups.js";
import { listCommand } from "./list.js";
import { purgeCommand } from "./purge.js";
import { redriveCommand } from "./redrive.js";
import { showCommand } from "./show.js";

/** `merp dead-letters` */
export const deadLettersCommand: Command = operatorCommand(
  "dead-letters",
  "see which messages could not be handled and why, and redrive, discard or remove them",
)
  .addCommand(groupsCommand)
  .addCommand(listCommand)
  .addCommand(showCommand)
  .addCommand(redriveCommand)
  .addCommand(discardCommand)
  .addCommand(purgeCommand)
  .addCommand(buryCommand);
