// As its README says: `saveAll` for many jobs, no job events, nothing stored in the process, finished jobs removed.
import Queue from "bee-queue";
import { message } from "../programs/message.mjs";
import { inFlight, rate, settings, tally } from "../programs/program.mjs";

const common = { redis: settings.url, getEvents: false, sendEvents: false, storeJobs: false, removeOnSuccess: true };
const sending = new Queue("events", { ...common, isWorker: false });
const receiving = new Queue("events", common);
const handled = tally();

receiving.process(100, async (_job) => {});
receiving.on("succeeded", () => handled.tick());
await Promise.all([sending.ready(), receiving.ready()]);

await rate(async (count) => {
  const hundred = (n) =>
    sending.saveAll(Array.from({ length: 100 }, (_, at) => sending.createJob(message(n * 100 + at))));
  await Promise.all([inFlight(10, count / 100, hundred), handled.more(count)]);
});
process.exit();
