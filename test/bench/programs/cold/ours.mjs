import { createMessaging, publishUserCreated } from "@m-erp/messaging";
import { input } from "../message.mjs";
import { answer, settings } from "../program.mjs";

const { url } = settings;
const messaging = createMessaging({ service: "user-auth-service", redis: { url }, env: {} });
await publishUserCreated(messaging, input(0));
// Since the process began, Node's own start included.
answer({ value: performance.now() });
await messaging.close();
