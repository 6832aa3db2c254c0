import { existsSync } from "node:fs";
import type { Command } from "commander";
import { filedKey } from "../../encryption/key-file.js";
import { CommandError, conclude, exit, operatorCommand } from "../exit.js";
import { say } from "../say.js";
import { changeKeyFile } from "./change-key-file.js";
import { idOf, keyId } from "./key-id.js";

interface NewArguments {
  readonly id?: string;
  readonly environment?: string;
}

/** `merp keys new` */
export const newCommand: Command = operatorCommand("new", "make a key: in a new file, or as a line for MESSAGE_KEYS")
  .argument("[file]", "the file of keys: message-keys.json (a line on standard output)")
  .option("--id <key-id>", "the id of the key (the day)", keyId)
  .option("--environment <name>", "the only environment in which it may be used (ENVIRONMENT, if that is set)")
  .action((file: string | undefined, given: NewArguments) => conclude(async () => make(file, given)));

async function make(
  path: string | undefined,
  { id = idOf([]), environment = process.env["ENVIRONMENT"] }: NewArguments,
): Promise<number> {
  const key = filedKey(id, Date.now());
  const place = environment ? { environment } : {};
  if (path === undefined) {
    process.stdout.write(`${environment ? `${environment}/` : ""}${key.id}:${key.secret}\n`);
    return exit.fine;
  }
  await changeKeyFile(path, async () => {
    if (existsSync(path))
      throw new CommandError(`${path} is there already; add a key to it with merp keys rotate ${path}`);
    return { ...place, keys: [key] };
  });
  say(`${path} has the key ${key.id}; only its owner may read it`);
  return exit.fine;
}
