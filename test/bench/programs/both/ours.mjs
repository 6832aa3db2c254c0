import { createMessaging, onUserCreated, publishUserCreated } from "@m-erp/messaging";
import { acknowledged } from "../acknowledged.mjs";
import { input } from "../message.mjs";
import { inFlight, rate, settings, tally } from "../program.mjs";

const { url, encoding } = settings;
const messaging = createMessaging({ service: "user-auth-service", encoding, redis: { url }, env: {} });
const handled = tally();

onUserCreated(messaging, async () => handled.tick());
await messaging.start();
await rate(async (count) => {
  await Promise.all([inFlight(1000, count, (n) => publishUserCreated(messaging, input(n))), handled.more(count)]);
  await acknowledged(url, "user-auth-service-workers");
});
await messaging.close();
