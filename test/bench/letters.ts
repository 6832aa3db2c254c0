// `npm run bench:letters`: how long it takes to count 100,000 dead letters of five causes. `npm run bench:letters -- 20000 5000`
// takes so many, with so many bytes more in each entry.
import { Redis } from "ioredis";
import { Operations } from "../../runtime/operations/index.js";
import { startRedis } from "../../runtime/testing/redis/index.js";
import { fillLetters } from "../support/letters.js";

const ROUNDS = 3;

const [count, entryBytes] = [process.argv[2] ?? 100_000, process.argv[3] ?? 500].map(Number) as [number, number];
await using redis = await startRedis();
const admin = new Redis(redis.url);
await fillLetters(admin, count, { causes: 5, entryBytes });
await using operations = new Operations({ env: {}, redis: { url: redis.url } });

/** The seconds of processor time that Redis has taken. */
async function redisSeconds(): Promise<number> {
  const info = await admin.info("cpu");
  const [user, system] = ["user", "sys"].map((name) =>
    Number(new RegExp(`used_cpu_${name}:([\\d.]+)`).exec(info)?.[1]),
  );
  return (user ?? 0) + (system ?? 0);
}

for (let round = 0; round < ROUNDS; round++) {
  const before = [performance.now(), process.cpuUsage(), await redisSeconds()] as const;
  const { letters, causes } = await operations.deadLetters.causes("events");
  const { user, system } = process.cpuUsage(before[1]);
  const seconds = (performance.now() - before[0]) / 1000;
  const [own, theirs] = [(user + system) / 1e6, (await redisSeconds()) - before[2]];
  process.stdout.write(
    `${letters} letters, ${causes.length} causes: ${seconds.toFixed(2)} s; processor: ${own.toFixed(2)} s here, ${theirs.toFixed(2)} s in Redis\n`,
  );
}
admin.disconnect();
