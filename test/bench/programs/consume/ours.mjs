import { createMessaging, onUserCreated } from "@m-erp/messaging";
import { pendingAt } from "../pending.mjs";
import { answer, countdown, settings } from "../program.mjs";

const { url, encoding, group, count } = settings;
const messaging = createMessaging({
  service: group,
  groupSuffix: "workers",
  encoding,
  streamMaxLength: 1e9,
  redis: { url },
  env: {},
});
const handled = countdown(count);

onUserCreated(messaging, async () => handled.tick());
const pending = await pendingAt(url);
await messaging.start();
await handled.finished;
await pending.acknowledged(`${group}-workers`);
answer(handled.measured());
pending.close();
await messaging.close();
