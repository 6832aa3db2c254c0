import type { Command } from "commander";
import { filedKey, keysIn, readKeyFile } from "../../encryption/key-file.js";
import { type ChangeArguments, changeOf, changing } from "../change.js";
import { CommandError, conclude, exit, operatorCommand } from "../exit.js";
import { say } from "../say.js";
import { durationOption } from "../time.js";
import { changeKeyFile } from "./change-key-file.js";
import { idOf, keyId } from "./key-id.js";
import { withKeys } from "./with-keys.js";

interface RotateArguments extends ChangeArguments {
  readonly id?: string;
  readonly in: number;
}

/** `merp keys rotate` */
export const rotateCommand: Command = changing(
  operatorCommand("rotate", "add a new key to a file: services write with it after a while, and read with all"),
)
  .argument("<file>", "the file of keys")
  .option("--id <key-id>", "the id of the new key (the day)", keyId)
  .option(
    "--in <time>",
    "when services begin to write with it: every one must have the file by then",
    durationOption,
    60_000,
  )
  .action((file: string, given: RotateArguments) => conclude(() => rotate(file, given)));

async function rotate(path: string, given: RotateArguments): Promise<number> {
  const { id = idOf([...keysIn(readKeyFile(path), path).keys()]) } = given;
  const key = filedKey(id, Date.now() + given.in);
  const change = changeOf(given, { action: "keys rotate", target: id, details: { file: path, from: key.from } });
  assertNew(id, path);
  return withKeys({}, async ({ trail }) => {
    await trail.recorded(change, async () => {
      await changeKeyFile(path, async () => {
        assertNew(id, path);
        const file = readKeyFile(path);
        return { ...file, keys: [...file.keys, key] };
      });
      return {};
    });
    say(`${path} has the new key ${id}, with which services write from ${key.from} on`);
    say(`the others still read: merp keys retire <id> ${path} removes one that nothing needs`);
    return exit.fine;
  });
}

function assertNew(id: string, path: string): void {
  const isTaken = keysIn(readKeyFile(path), path).has(id);
  if (isTaken) throw new CommandError(`${path} has a key ${id} already: give another --id`);
}
