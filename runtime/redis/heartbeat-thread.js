// @ts-check
// Plain JavaScript, because a thread's entry is loaded as it stands, from the sources as from the build.
import { workerData } from "node:worker_threads";
import { Redis } from "ioredis";

/**
 * @typedef {object} HeartbeatOrders
 * @property {import("ioredis").RedisOptions} connection
 * @property {readonly (readonly [key: string, consumer: string])[]} beats
 * @property {number} intervalMs
 * @property {number} leaseMs after which others may take what the process holds
 * @property {number} stallMs how long the main thread may stand still before it counts as dead
 * @property {string} script what a beat is to Redis
 * @property {SharedArrayBuffer} clock the instants of the main thread's last turn and of the last beat that Redis
 * confirmed, how often one came too late, and whether this thread has begun to beat
 */

const { connection, beats, intervalMs, leaseMs, stallMs, script, clock } = /** @type {HeartbeatOrders} */ (workerData);
const instants = new BigInt64Array(clock);

const redis = new Redis({
  ...connection,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  retryStrategy: (times) => Math.min(intervalMs, 50 * times),
});
redis.on("error", () => {
  // The main thread reports what is wrong with Redis; here only the beat stops.
});

async function beat() {
  const now = process.hrtime.bigint();
  // A handler that never returns to the event loop: others should have its work.
  if (now - Atomics.load(instants, 0) > BigInt(stallMs) * 1_000_000n) return;
  try {
    for (const [key, consumer] of beats) await redis.eval(script, 1, key, Date.now(), consumer);
    // After a pause of the whole process the main thread might never see how old the last beat was.
    const last = Atomics.load(instants, 1);
    // Counted before: who sees this beat must know.
    if (last !== 0n && now - last > BigInt(leaseMs) * 1_000_000n) Atomics.add(instants, 2, 1n);
    Atomics.store(instants, 1, now);
    Atomics.store(instants, 3, 1n);
  } catch {
    // The next beat tries again; a lease that lapses meanwhile is noticed by its age.
  }
}

redis.on("ready", () => void beat());
setInterval(() => void beat(), intervalMs);
