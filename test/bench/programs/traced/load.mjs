import { createHash } from "node:crypto";
import { createMessaging, onUserCreated, publishUserCreated } from "@m-erp/messaging";
import { input } from "../message.mjs";
import { pendingAt } from "../pending.mjs";
import { answer, inFlight, settings, tally } from "../program.mjs";

/** How many hashes a handler computes, and how many messages are under way. */
const { url, count, hashes = 0, together = 1000 } = settings;
const text = "x".repeat(4096);

function work(times) {
  for (let n = 0; n < times; n++) createHash("sha256").update(text).digest("hex");
}

/** Publishes and handles, as `both` does, with what extends the messaging, and what is done around each. */
export async function measure(extensions, { publishing = (one) => one(), handling = (one) => one() } = {}) {
  const messaging = createMessaging({ service: "user-auth-service", extensions, redis: { url }, env: {} });
  const pending = await pendingAt(url);
  const handled = tally();
  let times = 0;
  onUserCreated(messaging, async () =>
    handling(() => {
      work(times);
      handled.tick();
    }),
  );
  await messaging.start();
  const publish = (n) => publishing(() => publishUserCreated(messaging, input(n)));
  const load = async (count) => {
    await Promise.all([inFlight(together, count, publish), handled.more(count)]);
    await pending.acknowledged("user-auth-service-workers");
  };
  await load(Math.max(10_000, Math.round(count / 2)));
  times = hashes;
  const before = process.cpuUsage();
  await load(count);
  const { user, system } = process.cpuUsage(before);
  // Of its processors, since the machine's other work hardly touches that: milliseconds for a thousand messages.
  answer({ value: (user + system) / count });
  pending.close();
  await messaging.close();
}
