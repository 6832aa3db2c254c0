import type { Command } from "commander";
import { currentOf, type DatedKey, keysIn, readKeyFile } from "../../encryption/key-file.js";
import { PEOPLE } from "../../operations/keys/key-usage.js";
import { type CatalogueArguments, readingMessages } from "../catalogue.js";
import { conclude, exit, operatorCommand } from "../exit.js";
import { findingOutboxes, type OutboxArguments, outboxesOf, UNSEEN } from "./outboxes.js";
import { type KeyRow, keyTable, unreadLine } from "./use-lines.js";
import { withKeys } from "./with-keys.js";

/** `merp keys status` */
export const statusCommand: Command = findingOutboxes(
  readingMessages(operatorCommand("status", "which keys what Redis and outboxes hold is encrypted with")),
)
  .argument("[file]", "the file of keys, to compare with")
  .action((file: string | undefined, given: CatalogueArguments & OutboxArguments) =>
    conclude(() => status(file, given)),
  );

async function status(path: string | undefined, given: CatalogueArguments & OutboxArguments): Promise<number> {
  const keys = path === undefined ? undefined : keysIn(readKeyFile(path), path);
  return withKeys(given, async ({ usage }) => {
    const found = await usage();
    const ids = [...new Set([...(keys?.keys() ?? []), ...found.uses.map(({ keyId }) => keyId)])].sort();
    const rows = ids.map((id): KeyRow => {
      return { id, state: stateOf(id, keys), uses: found.uses.filter(({ keyId }) => keyId === id) };
    });
    const lost = rows.filter(({ state }) => state === "unknown");
    for (const { id, uses } of lost) {
      const values = uses.reduce((sum, use) => sum + use.values, 0);
      process.stdout.write(
        `${values} values are encrypted with ${id}, which ${path} does not have: nobody with this file reads them\n`,
      );
    }
    if (rows.length === 0) process.stdout.write("nothing that was looked at is encrypted\n");
    else process.stdout.write(keyTable(rows));
    process.stdout.write(unreadLine(found));
    if (outboxesOf(given) === undefined) process.stdout.write(`${UNSEEN}\n`);
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
