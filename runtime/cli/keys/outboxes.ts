import type { Command } from "commander";
import type { KeptEntry } from "../../operations/keys/key-usage.js";
import { withDatabase } from "../database.js";
import { CommandError } from "../exit.js";

/** What a command that looks for ciphertexts takes. */
export interface OutboxArguments {
  readonly database?: readonly string[];
  /** `false` where there are none. */
  readonly outbox?: boolean;
}

/** Said where no outbox was named. */
export const UNSEEN = "outboxes were not looked at: give --database for each service that has one, or --no-outbox";

/** Adds the options that say where outboxes are. */
export function findingOutboxes(command: Command): Command {
  return command
    .option(
      "--database <url>",
      "a PostgreSQL with an outbox, an inbox or sagas; may be given several times; also DATABASE_URL",
      (url: string, all: readonly string[] = []) => [...all, url],
    )
    .option("--no-outbox", "no service has an outbox, an inbox or sagas");
}

/** The databases that are named; `undefined` if nothing is said of them. */
export function outboxesOf({ database, outbox }: OutboxArguments): readonly string[] | undefined {
  if (outbox === false) return [];
  const { DATABASE_URL } = process.env;
  return database ?? (DATABASE_URL ? [DATABASE_URL] : undefined);
}

/** @throws {CommandError} nothing is said of outboxes */
export function assertOutboxesNamed(given: OutboxArguments): void {
  if (outboxesOf(given) !== undefined) return;
  throw new CommandError(
    "a message in an outbox may need the key: give --database postgres://… for each service that has one, or --no-outbox",
  );
}

/** Shows what the outboxes, the inboxes and the sagas of these databases hold. */
export async function readOutboxes(given: OutboxArguments, look: (entry: KeptEntry) => void): Promise<void> {
  for (const database of outboxesOf(given) ?? []) {
    await withDatabase({ database }, async (pool) => {
      const [{ assertMigrated }, { readKeptContents }] = await Promise.all([
        import("../../postgres/migrate.js"),
        import("../../postgres/kept-contents.js"),
      ]);
      await assertMigrated(pool);
      await readKeptContents(pool, ({ holder, place, texts, writtenMs }) =>
        look({ stream: holder, place, texts, addedMs: writtenMs }),
      );
    });
  }
}
