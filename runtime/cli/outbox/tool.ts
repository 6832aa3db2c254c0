import type { OutboxOperations } from "../../postgres/outbox-operations.js";
import { type DatabaseArguments, withDatabase } from "../database.js";
import { conclude } from "../exit.js";

/** Runs a command's action on the outbox of a database, whose tables must be those of this release. */
export function withOutbox(
  given: DatabaseArguments,
  action: (outbox: OutboxOperations) => Promise<number>,
): Promise<void> {
  return conclude(() =>
    withDatabase(given, async (pool) => {
      const [{ assertMigrated }, { OutboxOperations: Operations }] = await Promise.all([
        import("../../postgres/migrate.js"),
        import("../../postgres/outbox-operations.js"),
      ]);
      await assertMigrated(pool);
      return action(new Operations(pool));
    }),
  );
}
