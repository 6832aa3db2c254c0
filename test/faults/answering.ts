import { Redis } from "ioredis";
import { handleCreateUser } from "../../generated/index.js";
import { tell } from "../support/parent.js";
import { createService } from "../support/service.js";

/** A service that runs commands, each in 50 ms, and notes in Redis each run that it begins. */
const url = process.env["CHILD_REDIS"] ?? "";
const journal = new Redis(url);
const messaging = createService({ url }, { service: "user-auth-service", leaseSeconds: 0.5, concurrency: 20 });
handleCreateUser(messaging, async ({ payload }) => {
  await journal.hincrby("runs", payload.first_name ?? "", 1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  return { user_id: Number(payload.first_name) };
});
await messaging.start();
tell({ started: true });
