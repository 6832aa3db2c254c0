// `npm run bench:outbox`: what the outbox adds to a transaction that writes a row and the message by hand, on a PostgreSQL of its own
// that waits for its disk and on one that does not; and how many messages a second one relay publishes.
import { randomUUID } from "node:crypto";
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

const { entity_id: _, after_data } = exampleUserCreated();
const message = (entity_id: number): UserCreatedInput => ({ entity_id, after_data: after_data as never });

await using redis = await startRedis();
for (const fsync of ["on", "off"]) {
  await using postgres = await startPrivatePostgres({ fsync, autovacuum_naptime: "5s" });
  const pool = new pg.Pool({ connectionString: postgres.url, max: AT_ONCE });
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
  for (const way of ways) await microseconds(way);
  const rounds: number[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const times: number[] = [];
    for (const way of ways) times.push(await microseconds(way));
    rounds.push(times);
  }
  const [hand, ours, ...others] = ways.map((_, at) => spreadOf(rounds.map((times) => times[at] as number)).median);
  const [ratio, preparedRatio] = [1, 2].map(
    (at) => spreadOf(rounds.map((times) => (times[0] as number) / (times[at] as number))).median,
  );
  say(`fsync ${fsync}: by hand ${shown(hand)} µs, by the outbox ${shown(ours)} µs: ${ratio?.toFixed(2)} of the speed`);
  say(`  with { prepare: true } ${others.map(shown)} µs: ${preparedRatio?.toFixed(2)} of the speed`);

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

function shown(number: number | undefined): string {
  return (number ?? 0).toFixed(0);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** How long one call takes, when so many are under way at once. */
async function microseconds(call: () => Promise<unknown>): Promise<number> {
  let left = MESSAGES;
  const began = performance.now();
  const worker = async (): Promise<void> => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return ((performance.now() - began) * 1000) / MESSAGES;
}
