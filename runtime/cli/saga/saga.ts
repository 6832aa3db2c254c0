import type { Command } from "commander";
import { operatorCommand } from "../exit.js";
import { listCommand } from "./list.js";
import { cancelCommand, retryCommand } from "./settle.js";
import { showCommand } from "./show.js";

/** `merp saga` */
export const sagaCommand: Command = operatorCommand(
  "saga",
  "see the sagas of a service's database, and mend those that are stuck",
)
  .addCommand(listCommand)
  .addCommand(showCommand)
  .addCommand(retryCommand)
  .addCommand(cancelCommand);
