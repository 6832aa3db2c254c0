import { createMessaging, onUserCreated, publishUserCreated } from "@m-erp/messaging";
import { input } from "../message.mjs";
import { answer, median, settings, steadily } from "../program.mjs";

const { url, encoding, count } = settings;
const messaging = createMessaging({ service: "user-auth-service", encoding, redis: { url }, env: {} });
const { sent, arrived, latencies } = steadily(count);

onUserCreated(messaging, async (event) => arrived(event.entity_id - 1));
await messaging.start();
await sent((n) => publishUserCreated(messaging, input(n)));
answer({ value: median(latencies) });
await messaging.close();
