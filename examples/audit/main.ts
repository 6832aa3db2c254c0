import { runService } from "../service.js";
import { openDatabase } from "./database.js";
import { auditRoutes, auditTrail, createTables } from "./trail.js";

const database = await openDatabase();
await createTables(database);
await runService("audit-service", (app, messaging) => {
  auditRoutes(app, database);
  auditTrail(messaging, database);
});
await database.close();
