import { onUserCreated, publishUserCreated } from "@m-erp/messaging";
import { createTestMessaging } from "@m-erp/messaging/testing";
import { input } from "../message.mjs";
import { answer, settings, testsOf } from "../program.mjs";

// What a test does, from the creation of its messaging to its end.
const value = await testsOf(settings.count, async () => {
  const messaging = createTestMessaging({ service: "user-auth-service" });
  let handled = 0;
  onUserCreated(messaging, async () => void handled++);
  await messaging.start();
  for (let n = 0; n < 100; n++) await publishUserCreated(messaging, input(n));
  await messaging.settled();
  await messaging.close();
  if (handled !== 100) throw new Error(`${handled} messages were handled`);
});
answer({ value });
