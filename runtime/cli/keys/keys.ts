import type { Command } from "commander";
import { operatorCommand } from "../exit.js";
import { newCommand } from "./new.js";
import { retireCommand } from "./retire.js";
import { rotateCommand } from "./rotate.js";
import { statusCommand } from "./status.js";

/** `merp keys` */
export const keysCommand: Command = operatorCommand(
  "keys",
  "make, compare, rotate and retire the keys of encrypted fields",
)
  .addCommand(statusCommand)
  .addCommand(newCommand)
  .addCommand(rotateCommand)
  .addCommand(retireCommand);
