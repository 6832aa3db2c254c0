import {
  handleValidateToken,
  notifySuccess,
  onUserCreated,
  publishUserCreated,
  RetryAfter,
  sendValidateToken,
  subscribeNotifications,
} from "../../../generated/index.js";
import { onParentMessage, tell } from "../../support/parent.js";
import { createService } from "../../support/service.js";

/** The most that a setting in seconds may be: a hundred years. */
const MOST = 3_155_760_000;

/** A service that sets every duration to the most and uses each, in a process whose warnings are read. */
const messaging = createService(
  { url: process.env["CHILD_REDIS"] ?? "" },
  {
    service: "user-auth-service",
    healthIntervalSeconds: MOST,
    leaseSeconds: MOST,
    handlerTimeoutSeconds: MOST,
    drainTimeoutSeconds: MOST,
    trimIntervalSeconds: MOST,
    messageTtlSeconds: MOST,
    retryDelaySeconds: MOST,
    foreignIdleSeconds: MOST,
    redis: { connectionTimeoutSeconds: MOST, socketTimeoutSeconds: MOST },
  },
);
handleValidateToken(messaging, () => ({ valid: true }));
onUserCreated(messaging, async ({ entity_id }) => {
  tell({ attempted: entity_id });
  throw entity_id === 1 ? new RetryAfter(MOST) : new Error("an ordinary failure");
});
await messaging.start();
await subscribeNotifications(messaging, { userId: 1 }, ({ title }) => tell({ heard: title }));
await notifySuccess(messaging, { title: "a notification", message: "text", target_user_id: 1 });
await sendValidateToken(messaging, { token: "t" }, { timeoutSeconds: 2_592_000 });
for (const entity_id of [1, 2]) {
  const once = { id: crypto.randomUUID(), once: true };
  await publishUserCreated(messaging, { entity_id, after_data: { email: "ada@example.com" } }, once);
}
tell({ status: (await messaging.health()).status });
onParentMessage(async () => {
  const { counts } = messaging;
  await messaging.close();
  tell({ counts });
  process.stdin.destroy();
});
