import type { Command } from "commander";
import { type DatabaseArguments, ofDatabase, withDatabase } from "../database.js";
import { conclude, exit, operatorCommand } from "../exit.js";
import { write } from "../output.js";

interface MigrateArguments extends DatabaseArguments {
  readonly print?: true;
}

/** `merp outbox migrate` */
export const migrateCommand: Command = ofDatabase(
  operatorCommand("migrate", "create the tables in the service's database, or bring them up to date"),
)
  .option("--print", "print the statements instead, for another tool")
  .action((given: MigrateArguments) => conclude(() => run(given)));

async function run(given: MigrateArguments): Promise<number> {
  if (given.print === true) {
    const { migrations } = await import("../../postgres/migrations.js");
    await write(
      migrations()
        .map(({ name, sql }) => `-- ${name}\n${sql}`)
        .join("\n"),
    );
    return exit.fine;
  }
  const { migrate } = await import("../../postgres/migrate.js");
  const { from, to } = await withDatabase(given, migrate);
  await write(
    from === to
      ? `the tables are up to date (version ${to})\n`
      : `the tables are of version ${to} now (${from} before)\n`,
  );
  return exit.fine;
}
