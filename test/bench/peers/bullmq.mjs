// As its documentation on performance says: many jobs by `addBulk`, a worker's `concurrency` raised, finished jobs
// removed. Connections of their own for queue and worker.
import { Queue, Worker } from "bullmq";
import { message } from "../programs/message.mjs";
import { inFlight, rate, settings, tally } from "../programs/program.mjs";

const { hostname: host, port } = new URL(settings.url);
const connection = { host, port: Number(port), maxRetriesPerRequest: null };
const queue = new Queue("events", { connection, defaultJobOptions: { removeOnComplete: true, removeOnFail: true } });
const handled = tally();

const worker = new Worker("events", async (_job) => {}, { connection, concurrency: 100 });
worker.on("completed", () => handled.tick());
await worker.waitUntilReady();

await rate(async (count) => {
  const hundred = (n) =>
    queue.addBulk(Array.from({ length: 100 }, (_, at) => ({ name: "user.created", data: message(n * 100 + at) })));
  await Promise.all([inFlight(10, count / 100, hundred), handled.more(count)]);
});
process.exit();
