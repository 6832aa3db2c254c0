import { createMessaging, onUserCreated } from "@m-erp/messaging";
import { acknowledged } from "../acknowledged.mjs";
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
await messaging.start();
await handled.finished;
await acknowledged(url, `${group}-workers`);
answer(handled.measured());
await messaging.close();
