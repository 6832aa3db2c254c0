import type { Command } from "commander";
import { printableJson } from "../../contract/printable.js";
import { currentOf, type DatedKey, keysIn, readKeyFile } from "../../encryption/key-file.js";
import { PEOPLE } from "../../operations/keys/key-usage.js";
import { type CatalogueArguments, readingMessages } from "../catalogue.js";
import { conclude, exit, operatorCommand } from "../exit.js";
import { write } from "../output.js";
import { say } from "../say.js";
import { findingOutboxes, type OutboxArguments, outboxesOf, UNSEEN } from "./outboxes.js";
import { type KeyRow, keyTable, unreadLine } from "./use-lines.js";
import { withKeys } from "./with-keys.js";

interface StatusArguments extends CatalogueArguments, OutboxArguments {
  readonly json?: true;
}

/** `merp keys status` */
export const statusCommand: Command = findingOutboxes(
  readingMessages(operatorCommand("status", "which keys what Redis and outboxes hold is encrypted with")),
)
  .argument("[file]", "the file of keys, to compare with")
  .option("--json", "print one line of JSON")
  .action((file: string | undefined, given: StatusArguments) => conclude(() => status(file, given)));

/** Prints by which keys values are encrypted. Fails where one needs a key that the file does not have. */
export async function status(path: string | undefined, given: StatusArguments): Promise<number> {
  const keys = path === undefined ? undefined : keysIn(readKeyFile(path), path);
  return withKeys(given, async ({ usage }) => {
    const found = await usage();
    const ids = [...new Set([...(keys?.keys() ?? []), ...found.uses.map(({ keyId }) => keyId)])].sort();
    const rows = ids.map((id): KeyRow => {
      return { id, state: stateOf(id, keys), uses: found.uses.filter(({ keyId }) => keyId === id) };
    });
    const lost = rows.filter(({ state }) => state === "unknown");
    if (given.json === true) await write(`${printableJson({ keys: rows, unread: found.unread })}\n`);
    else {
      for (const { id, uses } of lost) {
        const values = uses.reduce((sum, use) => sum + use.values, 0);
        say(`${values} values are encrypted with ${id}, which ${path} does not have: nobody with this file reads them`);
      }
      if (rows.length === 0) say("nothing that was looked at is encrypted");
      else await write(keyTable(rows));
      if (found.unread > 0) say(unreadLine(found));
      if (outboxesOf(given) === undefined) say(UNSEEN);
    }
    return lost.length > 0 ? exit.wrong : exit.fine;
  });
}

function stateOf(id: string, keys: ReadonlyMap<string, DatedKey> | undefined): string {
  if (id === PEOPLE) return "people's keys";
  if (keys === undefined) return "";
  const key = keys.get(id);
  if (key === undefined) return "unknown";
  if (currentOf(keys.values(), Date.now()) === key) return "current";
  return key.fromMs > Date.now() ? `from ${new Date(key.fromMs).toISOString().slice(0, 16)}` : "old";
}
