// How long `merp status` takes on a large installation: `npx tsx test/bench/status.ts 50 20 200`, for 50 streams of 20 groups of
// 200 members.
import { Redis } from "ioredis";
import { diagnose, StatusReader } from "../../runtime/operations/index.js";
import { startRedis } from "../../runtime/testing/redis/index.js";
import { commandsDuring } from "./command-counts.js";

const [streams = 50, groups = 20, members = 200] = process.argv.slice(2).map(Number);
const ENTRIES = 200;

await using redis = await startRedis();
const admin = new Redis(redis.url);
const names = Array.from({ length: streams }, (_, at) => `stream-${at}`);
for (const name of names) await fill(admin, name);
// Filling takes longer than a lease: all of them live.
await using reader = new StatusReader({ env: {}, leaseSeconds: 600, redis: { url: redis.url }, streams: names });
const took: string[] = [];
for (let look = 0; look < 6; look++) {
  const [began, ours, theirs] = [performance.now(), process.cpuUsage(), await cpuOf(admin)];
  const status = await reader.read();
  const { user, system } = process.cpuUsage(ours);
  const redisMs = (await cpuOf(admin)) - theirs;
  took.push(
    `${Math.round(performance.now() - began)} (${Math.round((user + system) / 1000)} and ${Math.round(redisMs)})`,
  );
  if (look === 0) console.log(`${diagnose(status).length} problems, ${JSON.stringify(status).length} characters`);
}
const commands = await commandsDuring(admin, () => reader.read());
const total = [...commands.values()].reduce((sum, calls) => sum + calls, 0);
console.log(
  `${streams} streams of ${groups} groups of ${members} members: ${took.join(", ")} ms a look (of the processor here, and in Redis), ${total} commands, steps of scripts among them`,
);
admin.disconnect();

/** The time that Redis has had of the processor, in ms. */
async function cpuOf(client: Redis): Promise<number> {
  const info = await client.info("cpu");
  return ["user", "sys"].reduce(
    (sum, kind) => sum + 1000 * Number(new RegExp(`used_cpu_${kind}:([\\d.]+)`).exec(info)?.[1]),
    0,
  );
}

/** Fills a stream as a busy service does: each member has a heartbeat, types and one entry in its hands. */
async function fill(client: Redis, name: string): Promise<void> {
  const adding = client.pipeline();
  for (let n = 0; n < ENTRIES; n++) adding.xadd(name, "*", "event_type", `type-${n % 20}`, "payload", "x".repeat(200));
  const record = `\n${Array.from({ length: 20 }, (_, n) => JSON.stringify(`type-${n}`)).join("\n")}\n`;
  for (let g = 0; g < groups; g++) {
    const group = `service-${g}-workers`;
    adding.xgroup("CREATE", name, group, "0");
    for (let m = 0; m < members; m++) {
      const member = `service-${g}-${1000 + m}-0123abcd`;
      adding.call("XREADGROUP", "GROUP", group, member, "COUNT", "1", "STREAMS", name, ">");
      adding.zadd(`{${name}}:alive:${group}`, Date.now(), member);
      adding.hset(`{${name}}:types:${group}`, member, record);
    }
    adding.hset(`{${name}}:floor:${group}`, "served", Date.now() + 600_000);
  }
  await adding.exec();
}
