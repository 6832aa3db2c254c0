// A group for each entity, so that its order within a group holds nothing up; finished jobs are not kept (its default).
import { Queue, Worker } from "groupmq";
import { Redis } from "ioredis";
import { message } from "../programs/message.mjs";
import { inFlight, rate, settings, tally } from "../programs/program.mjs";

const redis = new Redis(settings.url, { maxRetriesPerRequest: null, enableAutoPipelining: true });
const queue = new Queue({ redis, namespace: "events" });
const handled = tally();

const worker = new Worker({ queue, concurrency: 100, handler: async (_job) => {} });
worker.on("completed", () => handled.tick());
void worker.run();

await rate(async (count) => {
  const one = (n) => queue.add({ groupId: `user:${n}`, data: message(n) });
  await Promise.all([inFlight(1000, count, one), handled.more(count)]);
});
process.exit();
