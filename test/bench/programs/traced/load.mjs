import { createMessaging, onUserCreated, publishUserCreated } from "@m-erp/messaging";
import { input } from "../message.mjs";
import { pendingAt } from "../pending.mjs";
import { answer, inFlight, settings, tally } from "../program.mjs";

/** Publishes and handles, as `both` does, with what extends the messaging, and what is done around each. */
export async function measure(extensions, { publishing = (one) => one(), handling = (one) => one() } = {}) {
  const { url } = settings;
  const messaging = createMessaging({ service: "user-auth-service", extensions, redis: { url }, env: {} });
  const pending = await pendingAt(url);
  const handled = tally();
  onUserCreated(messaging, async () => handling(() => handled.tick()));
  await messaging.start();
  const publish = (n) => publishing(() => publishUserCreated(messaging, input(n)));
  const load = async (count) => {
    await Promise.all([inFlight(1000, count, publish), handled.more(count)]);
    await pending.acknowledged("user-auth-service-workers");
  };
  const { count } = settings;
  await load(Math.round(count / 2));
  const before = process.cpuUsage();
  await load(count);
  const { user, system } = process.cpuUsage(before);
  // Of its processors, since the machine's other work hardly touches that: milliseconds for a thousand messages.
  answer({ value: (user + system) / count });
  pending.close();
  await messaging.close();
}
