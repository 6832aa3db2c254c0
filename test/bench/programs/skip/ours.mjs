import { createMessaging, onUserCreated, onUserLoggedIn, onUserUpdated } from "@m-erp/messaging";
import { pendingAt } from "../pending.mjs";
import { answer, countdown, settings } from "../program.mjs";

const { url, encoding, group, count, types } = settings;
const messaging = createMessaging({
  service: group,
  groupSuffix: "workers",
  encoding,
  streamMaxLength: 1e9,
  redis: { url },
  env: {},
});
// Three of the types that take turns in the stream are handled; when the last of those was, so were all before.
const handled = countdown(Math.floor(count / types) * 3);
const handle = async () => handled.tick();

onUserCreated(messaging, handle);
onUserUpdated(messaging, handle);
onUserLoggedIn(messaging, handle);
const pending = await pendingAt(url);
await messaging.start();
await handled.finished;
await pending.acknowledged(`${group}-workers`);
answer(handled.measured(types / 3));
pending.close();
await messaging.close();
