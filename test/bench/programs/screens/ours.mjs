// A gateway whose screens come back at once, each to the few notifications of its user among all that were missed:
// microseconds for each of these.
import { createMessaging, notifySuccess, subscribeNotifications } from "@m-erp/messaging";
import { answer, inFlight, settings, tally } from "../program.mjs";

const { url, encoding, count, screens } = settings;
const options = { encoding, streamMaxLength: 1e9, redis: { url }, env: {} };
const gateway = createMessaging({ ...options, service: "api-gateway" });
const publisher = createMessaging({ ...options, service: "publisher" });
const notification = (n) => ({ title: "Saved", message: `Draft ${n}`, target_user_id: 1 + (n % screens) });
await inFlight(1000, count, (n) => notifySuccess(publisher, notification(n)));

const heard = tally();
const screen = (user) => subscribeNotifications(gateway, { userId: user }, () => heard.tick(), { since: "0-0" });
const since = performance.now();
const cpu = process.cpuUsage();
const all = heard.more(count);
await Promise.all(Array.from({ length: screens }, (_, n) => screen(n + 1)));
await all;
const { user, system } = process.cpuUsage(cpu);
answer({ value: ((performance.now() - since) * 1000) / count, details: { cpu: (user + system) / count } });
process.exit();
