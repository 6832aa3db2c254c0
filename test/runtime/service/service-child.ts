import { handleCreateUser, onUserCreated, publishUserCreated, sendValidateToken } from "../../../generated/index.js";
import { tell } from "../../support/parent.js";
import { createService } from "../../support/service.js";

/** A service that does all there is to do, closes, and then has nothing left to live for. */
const url = process.env["CHILD_REDIS"] ?? "";
const messaging = createService({ url }, { redis: { connectionTimeoutSeconds: 0.2 } });
onUserCreated(messaging, () => {
  throw new Error("to be tried again in a minute");
});
handleCreateUser(messaging, () => ({ user_id: 1 }));
await messaging.start();
await publishUserCreated(messaging, { entity_id: 1, after_data: { email: "ada@example.com" } }).catch(() => {});
await sendValidateToken(messaging, { token: "t" }, { timeoutSeconds: 1 }).catch(() => {});
await messaging.close();
tell({ closed: true });
