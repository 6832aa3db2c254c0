import { handleValidateToken, onUserCreated, publishUserCreated, sendValidateToken } from "../../../generated/index.js";
import { tell } from "../../support/parent.js";
import { createService } from "../../support/service.js";

/** A service with a handler that never ends, which is closed all the same: nothing of it may keep the process alive. */
const kind = process.env["CHILD_KIND"];
const messaging = createService(
  { url: process.env["CHILD_REDIS"] ?? "" },
  {
    service: "user-auth-service",
    drainTimeoutSeconds: 0.2,
    ...(kind === "timed out" && { handlerTimeoutSeconds: 0.1, retryDelaySeconds: 0.05, maxRetries: 1 }),
    ...(kind === "in order" && { order: "entity" }),
  },
);
let begin = (): void => {};
const begun = new Promise<void>((resolve) => {
  begin = resolve;
});
let runs = 0;
const hang = (_message: unknown, { signal }: { readonly signal: AbortSignal }): Promise<never> => {
  signal.addEventListener("abort", () => {});
  if (++runs > (kind === "timed out" ? 1 : 0)) begin();
  return new Promise(() => {});
};
if (kind === "command") handleValidateToken(messaging, hang);
else onUserCreated(messaging, kind === "closing" ? () => hangInClose() : hang);

/** Waits for what waits for it. */
async function hangInClose(): Promise<void> {
  begin();
  await messaging.close();
  await new Promise(() => {});
}

await messaging.start();
if (kind === "command") sendValidateToken(messaging, { token: "t" }, { timeoutSeconds: 600 }).catch(() => {});
else await publishUserCreated(messaging, { entity_id: 1, after_data: { email: "ada@example.com" } });
await begun;
await Promise.all([messaging.close(), messaging.close()]);
tell({ closed: true });
