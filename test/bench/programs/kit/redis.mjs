import { createMessaging, onUserCreated, publishUserCreated } from "@m-erp/messaging";
import { input } from "../message.mjs";
import { answer, settings, tally, testsOf } from "../program.mjs";

const { url } = settings;
let tests = 0;

const value = await testsOf(settings.count, async () => {
  const place = { environment: `test-${++tests}`, redis: { url }, env: {} };
  const messaging = createMessaging({ service: "user-auth-service", ...place });
  const { tick, more } = tally();
  const handled = more(100);
  onUserCreated(messaging, async () => tick());
  await messaging.start();
  for (let n = 0; n < 100; n++) await publishUserCreated(messaging, input(n));
  await handled;
  await messaging.close();
});
answer({ value });
