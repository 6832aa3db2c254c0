import { createMessaging } from "@m-erp/messaging";
import { type Database, openDatabase } from "../../examples/audit/database.js";
import { auditTrail, createTables } from "../../examples/audit/trail.js";
import { onParentMessage, tell } from "../support/parent.js";

/** The audit service, which stands still at one moment of a transaction, to be killed there. */
const database = await openDatabase();
await createTables(database);
const messaging = createMessaging();
auditTrail(messaging, { ...database, transaction: standingStill(process.env["STAND_STILL"]) });
await messaging.start();

onParentMessage(async () => {
  const rows = await database.query("SELECT message_id FROM audit_log");
  tell({ rows: rows.map(({ message_id }) => message_id) });
});

function standingStill(moment: string | undefined): Database["transaction"] {
  const standStill = async (): Promise<void> => {
    tell({ reached: moment });
    await new Promise(() => {});
  };
  return async (work) => {
    const result = await database.transaction(async (query) => {
      const result = await work(query);
      if (moment === "before its commit") await standStill();
      return result;
    });
    if (moment === "after its commit") await standStill();
    return result;
  };
}
