import { publishUserCreated, type RedisOptions } from "../../generated/index.js";
import { onParentMessage, tell } from "../support/parent.js";
import { createService } from "../support/service.js";

/** What a publishing process is to do, as plain data. */
export interface PublisherTask {
  readonly redis: RedisOptions;
  /** The keys of its messages, in turn. */
  readonly keys: readonly string[];
}

/** What it tells. */
export type PublisherReport = { readonly ready: true } | { readonly ms: number; readonly processorMs: number };

const BATCH = 256;
const { redis, keys } = JSON.parse(process.argv[2] ?? "") as PublisherTask;
const messaging = createService({}, { service: "publisher", redis, streamMaxLength: 1000 });
const message = { entity_id: 1, after_data: { email: "user@example.com", first_name: "Ada", last_name: "Lovelace" } };

/** Publishes so many messages, a batch of calls at a time. */
async function publish(count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += BATCH) {
    const calls = Array.from({ length: BATCH }, (_, at) =>
      publishUserCreated(messaging, message, { key: keys[(sent + at) % keys.length] as string }),
    );
    await Promise.all(calls);
  }
}

await publish(20_000);
tell({ ready: true } satisfies PublisherReport);
onParentMessage<{ publish: number }>(async ({ publish: count }) => {
  const [began, effort] = [performance.now(), process.cpuUsage()];
  await publish(count);
  const { user, system } = process.cpuUsage(effort);
  tell({ ms: performance.now() - began, processorMs: (user + system) / 1000 } satisfies PublisherReport);
});
