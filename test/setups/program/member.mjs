// A process of a service, for the fault stories: tells by lines of JSON what it handles, and how it ends.
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { createMessaging, onUserCreated } from "@m-erp/messaging";

const { REDIS_URL: url, HANDLING = "", LEASE = "1" } = process.env;
const tell = (news) => void process.stdout.write(`${JSON.stringify(news)}\n`);
const messaging = createMessaging({
  ...{ service: "member", env: {}, redis: { url, socketTimeoutSeconds: 1 }, blockTimeMs: 50 },
  ...{ leaseSeconds: Number(LEASE), retryDelaySeconds: 0.1, drainTimeoutSeconds: 5 },
  logger: { info() {}, warn() {}, error() {} },
  hooks: { deadLettered: ({ error }) => tell({ dead: String(error) }) },
});
onUserCreated(messaging, async ({ entity_id }, { attempt }) => {
  tell({ began: entity_id, attempt });
  if (HANDLING === "hang") await sleep(600_000);
  if (HANDLING === "slow") await sleep(20);
  if (HANDLING === "block") for (const until = Date.now() + 4000 * Number(LEASE); Date.now() < until; );
  if (HANDLING === "fail" && attempt === 1) throw new Error("the first attempt fails");
  tell({ handled: entity_id });
});
process.once("SIGTERM", () => void messaging.close().then(() => tell({ closed: true })));
await messaging.start({ requireRedis: true });
tell({ ready: true });
