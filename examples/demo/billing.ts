import { createMessaging, onPartnerCreated } from "@m-erp/messaging";

/** A process of billing-service. The environment configures it. It tells its parent what it does, and ends with it. */
const messaging = createMessaging({
  // The story tells of the takeover.
  logger: { info() {}, warn() {}, error: console.error },
});
onPartnerCreated(messaging, async ({ after_data: { name } }, { attempt, redelivered }) => {
  if (redelivered) {
    process.send?.(`process ${process.pid} takes it over, attempt ${attempt}: opens an account for ${name}`);
    return;
  }
  process.send?.(`process ${process.pid} begins to open an account for ${name}`);
  // Work that takes longer than the process lives.
  await new Promise(() => {});
});
process.once("disconnect", () => void messaging.close());
await messaging.start({ requireRedis: true });
process.send?.("started");
