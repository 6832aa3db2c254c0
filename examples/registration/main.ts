import { setTimeout as pause } from "node:timers/promises";
import { PGlite } from "@electric-sql/pglite";
import { createMessaging } from "@m-erp/messaging";
import { createInbox, migrate, transaction } from "@m-erp/messaging/postgres";
import { SagaOperations, startSagas } from "@m-erp/messaging/saga";
import { startRedis } from "@m-erp/messaging/testing";
import pc from "picocolors";
import { type Registration, registration } from "./registration.js";
import { createTables, startServices } from "./services.js";

// Two registrations: the second is refused by the last of three services, and undone by the other two.
await using server = await startRedis();
const redis = { url: server.url };
const database = new PGlite();
await migrate(database);
await createTables(database);
const services = await startServices(database, redis);

const inbox = createInbox(database);
const messaging = createMessaging({ service: "registration-service", redis, extensions: [inbox] });
const sagas = startSagas(messaging, inbox, [registration], { pollSeconds: 0.1 });
await messaging.start();

await register("1", { email: "ada@example.com", company: "Analytical Engines" });
await register("2", { email: "mallory@example.com", company: "Evil Corp" });

await sagas.stop();
for (const each of [messaging, ...services]) await each.close();
await database.close();

/** Begins a registration, waits for its end, and tells what there is then. */
async function register(id: string, state: Registration): Promise<void> {
  console.log(`\n${pc.bold(`registration ${id}`)}: ${state.email} of ${state.company}`);
  await transaction(database, (tx) => sagas.begin(tx, registration, id, state));
  const operations = new SagaOperations(database);
  let found = await operations.get("registration", id);
  while (found?.status === "running" || found?.status === "undoing") {
    await pause(50);
    found = await operations.get("registration", id);
  }
  console.log(`is ${found?.status}${found?.error === undefined ? "" : `, because ${found.error}`}`);
  for (const table of ["users", "companies", "partners"]) {
    const { rows } = await database.query<{ name: string }>(`SELECT name FROM ${table} ORDER BY id`);
    console.log(`${table.padEnd(10)} ${rows.map(({ name }) => name).join(", ")}`);
  }
}
