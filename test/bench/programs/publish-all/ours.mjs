import { createMessaging, userCreated } from "@m-erp/messaging";
import { input } from "../message.mjs";
import { rate, settings } from "../program.mjs";

const { url, encoding } = settings;
const messaging = createMessaging({ service: "user-auth-service", encoding, redis: { url }, env: {} });
const publishAll =
  messaging.publishAll === undefined
    ? (messages) => Promise.all(messages.map((each) => messaging.publish(userCreated, each)))
    : (messages) => messaging.publishAll(userCreated, messages);

await rate(async (count) => {
  for (let n = 0; n < count; n += 100) await publishAll(Array.from({ length: 100 }, (_, at) => input(n + at)));
});
await messaging.close();
