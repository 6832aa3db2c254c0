import { onUserCreated } from "../../../generated/index.js";
import { tell } from "../../support/parent.js";
import { createService } from "../../support/service.js";

/** A service that says what it was given and then never ends its handlers. */
const messaging = createService({ url: process.env["CHILD_REDIS"] ?? "" });
onUserCreated(messaging, ({ entity_id }) => {
  tell({ entity_id });
  return new Promise(() => {});
});
await messaging.start();
