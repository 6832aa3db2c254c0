import { createMessaging, onUserCreated, publishUserCreated } from "@m-erp/messaging";
import { input } from "../message.mjs";
import { pendingAt } from "../pending.mjs";
import { inFlight, rate, settings, tally } from "../program.mjs";

const { url, encoding } = settings;
const messaging = createMessaging({ service: "user-auth-service", encoding, redis: { url }, env: {} });
const pending = await pendingAt(url);
const handled = tally();

onUserCreated(messaging, async () => handled.tick());
await messaging.start();
await rate(async (count) => {
  await Promise.all([inFlight(1000, count, (n) => publishUserCreated(messaging, input(n))), handled.more(count)]);
  await pending.acknowledged("user-auth-service-workers");
});
pending.close();
await messaging.close();
