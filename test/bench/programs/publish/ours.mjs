import { createMessaging, publishUserCreated } from "@m-erp/messaging";
import { input } from "../message.mjs";
import { inFlight, rate, settings } from "../program.mjs";

const { url, encoding } = settings;
const messaging = createMessaging({ service: "user-auth-service", encoding, redis: { url }, env: {} });

await rate((count) => inFlight(1000, count, (n) => publishUserCreated(messaging, input(n))));
await messaging.close();
