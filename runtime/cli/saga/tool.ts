import type { SagaOperations } from "../../saga/operations.js";
import { type DatabaseArguments, withDatabase } from "../database.js";
import { conclude } from "../exit.js";

/** Runs a command's action on the sagas of a database, whose tables must be those of this release. */
export function withSagas(given: DatabaseArguments, action: (sagas: SagaOperations) => Promise<number>): Promise<void> {
  return conclude(() =>
    withDatabase(given, async (pool) => {
      const [{ assertMigrated }, { SagaOperations: Operations }] = await Promise.all([
        import("../../postgres/migrate.js"),
        import("../../saga/operations.js"),
      ]);
      await assertMigrated(pool);
      return action(new Operations(pool));
    }),
  );
}
