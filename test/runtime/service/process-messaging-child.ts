import { getMessaging, initMessaging, onUserCreated, publishUserCreated } from "../../../generated/index.js";
import { tell } from "../../support/parent.js";
import { logBook } from "../../support/service.js";

/** A service that is run by the facade: it handles slowly, and is ended by a signal. */
await initMessaging({
  service: "child-service",
  redis: { url: process.env["CHILD_REDIS"] ?? "" },
  blockTimeMs: 50,
  logger: logBook(),
  signals: ["SIGTERM", "SIGINT"],
  handlers: (messaging) => {
    onUserCreated(messaging, async ({ entity_id }) => {
      tell({ began: entity_id });
      await new Promise((resolve) => setTimeout(resolve, 300));
      tell({ finished: entity_id });
    });
  },
});
await publishUserCreated(getMessaging(), { entity_id: 1, after_data: { email: "ada@example.com" } });
