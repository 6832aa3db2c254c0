// `npm run bench:outbox`: what the outbox adds to a transaction that writes a row and the message by hand, on a PostgreSQL of its own
// that waits for its disk and on one that does not; and how many messages a second one relay publishes.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import pg from "pg";
import { createMessaging, publishUserCreated, type UserCreatedInput, userCreated } from "../../generated/index.js";
import { exampleUserCreated } from "../../generated/testing.js";
import {
  createOutbox,
  migrate,
  type OutboxOf,
  type Queryable,
  startRelay,
  transaction,
} from "../../runtime/postgres/index.js";
import { startRedis } from "../../runtime/testing/redis/index.js";
import { startPrivatePostgres } from "../support/postgres.js";
import { spreadOf } from "./statistics.js";

const ROUNDS = 7;
const MESSAGES = Number(process.argv[2] ?? 2000);
const RELAYED = 20 * MESSAGES;
const AT_ONCE = 8;
/** In which Linux counts the time of processors. */
const TICK_MICROSECONDS = 10_000;

const { entity_id: _, after_data } = exampleUserCreated();
const message = (entity_id: number): UserCreatedInput => ({ entity_id, after_data: after_data as never });

await using redis = await startRedis();
for (const fsync of ["on", "off"]) {
  await using postgres = await startPrivatePostgres({ fsync, autovacuum_naptime: "5s" });
  const pool = new pg.Pool({ connectionString: postgres.url, max: AT_ONCE, idleTimeoutMillis: 0 });
  await migrate(pool);
  await pool.query("CREATE TABLE users (id uuid PRIMARY KEY, email text)");
  // As one would make it oneself: the same columns and indexes, and nobody to wake.
  await pool.query("CREATE TABLE by_hand (LIKE merp_outbox INCLUDING ALL)");
  await using messaging = createMessaging({
    ...{ service: "bench", env: {}, redis: { url: redis.url }, streamMaxLength: 1000, logger: console },
  });
  const outbox = createOutbox(messaging);
  const preparing = createOutbox(messaging, { prepare: true });
  const row = (tx: Queryable): Promise<unknown> =>
    tx.query("INSERT INTO users VALUES ($1, $2)", [randomUUID(), "ada@example.com"]);
  let serial = 0;

  const byHand = (): Promise<void> =>
    transaction(pool, async (tx) => {
      await row(tx);
      const [id, entity_id] = [randomUUID(), ++serial];
      const json = JSON.stringify({ id, timestamp: new Date(), type: "user.created", entity_id, after_data });
      await tx.query(
        "INSERT INTO by_hand (id, type, stream, key, part, entry, correlation_id, contract) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        [id, "user.created", "events", `user:${entity_id}`, entity_id % 64, json, null, "none"],
      );
    });
  const by = (made: OutboxOf) => (): Promise<void> =>
    transaction(pool, async (tx) => {
      await row(tx);
      await publishUserCreated(made(tx), message(++serial));
    });
  const ways = [byHand, by(outbox), by(preparing)];
  for (const way of ways) await cost(pool, way);
  const rounds: Cost[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const costs: Cost[] = [];
    for (const way of ways) costs.push(await cost(pool, way));
    rounds.push(costs);
  }
  for (const [at, name] of ["by hand", "by the outbox", "with { prepare: true }"].entries()) {
    const all = rounds.map((costs) => [costs[0], costs[at]] as [Cost, Cost]);
    const median = (value: (hand: Cost, own: Cost) => number): number =>
      spreadOf(all.map(([hand, own]) => value(hand, own))).median;
    const [time, effort] = [median((_, own) => own.time), median((_, own) => own.effort)];
    const ratios = [median((hand, own) => hand.time / own.time), median((hand, own) => hand.effort / own.effort)];
    const shown = ratios.map((ratio) => ratio.toFixed(2)).join(" and ");
    say(
      `fsync ${fsync}, ${name}: ${time.toFixed(0)} µs, ${effort.toFixed(0)} µs of processors; ${shown} of the speed by hand`,
    );
  }

  for (const keepSentSeconds of [86_400, 0]) {
    const rates: number[] = [];
    const efforts: number[] = [];
    for (let round = 0; round < 5; round++) {
      await pool.query("TRUNCATE merp_outbox, merp_outbox_sent");
      for (let at = 0; at < RELAYED; at += 1000) {
        const some = Array.from({ length: 1000 }, (_, index) => message(1 + ((at + index) % 5000)));
        await transaction(pool, (tx) => outbox(tx).publishAll(userCreated, some));
      }
      await pool.query("ANALYZE merp_outbox");
      const before = messaging.counts.published;
      const [began, effort] = [performance.now(), process.cpuUsage()];
      const relay = await startRelay(messaging, pool, { keepSentSeconds, concurrency: 2 });
      while (messaging.counts.published - before < RELAYED) await new Promise((resolve) => setTimeout(resolve, 5));
      await relay.stop();
      rates.push(RELAYED / ((performance.now() - began) / 1000));
      const { user, system } = process.cpuUsage(effort);
      efforts.push((user + system) / RELAYED);
    }
    const { median } = spreadOf(rates);
    const what = keepSentSeconds === 0 ? "keeping none" : "keeping what was sent";
    say(
      `  a relay, ${what}: ${Math.round(median)} messages/s, ${spreadOf(efforts).median.toFixed(0)} µs of its process each`,
    );
  }
  await pool.end();
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** What one call takes, in microseconds: of time, when so many are under way at once, and of the processors of both processes. */
interface Cost {
  readonly time: number;
  readonly effort: number;
}

async function cost(pool: pg.Pool, call: () => Promise<unknown>): Promise<Cost> {
  let left = MESSAGES;
  const [began, own, others] = [performance.now(), process.cpuUsage(), await effortOf(pool)];
  const worker = async (): Promise<void> => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const time = ((performance.now() - began) * 1000) / MESSAGES;
  const { user, system } = process.cpuUsage(own);
  return { time, effort: (user + system + (await effortOf(pool)) - others) / MESSAGES };
}

/** The processor time of the database's processes that serve this one, where the system tells. */
async function effortOf(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ pid: number }>(
    "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'",
  );
  return rows.reduce((sum, { pid }) => {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
      return sum + (Number(fields[11]) + Number(fields[12])) * TICK_MICROSECONDS;
    } catch {
      return sum;
    }
  }, 0);
}
