import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { migrate } from "../../runtime/postgres/index.js";
import { randomOf } from "../../runtime/testing/random.js";
import { startRedis } from "../../runtime/testing/redis/index.js";
import { type Child, startChild } from "../support/child.js";
import { eventually } from "../support/eventually.js";
import { usersIn } from "../support/outbox.js";
import { hasPostgres, poolOf, startPrivatePostgres } from "../support/postgres.js";
import { runs } from "../support/runs.js";

const ACCOUNTS = 40;
const MEMBERS = 3;

/** `RUNS=200 SEED=7 npm run test:long -- test/postgres/outbox-faults` has so many faults. */
const { numRuns: faults, seed } = runs(12);

test.skipIf(!hasPostgres)(
  "nothing is lost, stored twice or out of its entity's order while services, relays, the database and Redis are killed",
  async () => {
    console.info(`seed ${seed}`);
    const chance = randomOf(seed);
    await using postgres = await startPrivatePostgres();
    await using redis = await startRedis({ persistent: true });
    const pool = poolOf(postgres);
    await migrate(pool);
    await pool.query("CREATE TABLE account (id int PRIMARY KEY, version int NOT NULL DEFAULT 0)");
    await pool.query("INSERT INTO account SELECT generate_series(1, $1::int)", [ACCOUNTS]);

    const role = JSON.stringify({ url: postgres.url, redis: redis.url, accounts: ACCOUNTS });
    const member = () => startChild(new URL("outbox-member.ts", import.meta.url), { arguments: [role] });
    const members: Child<unknown>[] = await Promise.all(Array.from({ length: MEMBERS }, member));
    await Promise.all(members.map((each) => each.next(undefined, { withinMs: 30_000 })));

    const counts = { killed: 0, paused: 0, postgres: 0, redis: 0 };
    for (let fault = 0; fault < faults; fault++) {
      await sleep(50 + chance() * 400);
      const at = Math.floor(chance() * MEMBERS);
      const what = chance();
      if (what < 0.6) {
        counts.killed++;
        await members[at]?.stop();
        members[at] = await member();
      } else if (what < 0.75) {
        counts.paused++;
        const paused = members[at] as Child<unknown>;
        paused.kill("SIGSTOP");
        // Now and then for so long that the database ends its transaction.
        if (chance() < 0.5) await pool.query(endTransactions);
        await sleep(chance() * 300);
        paused.kill("SIGCONT");
      } else if (what < 0.9) {
        counts.redis++;
        await redis.kill();
        await sleep(chance() * 200);
        await redis.restart();
      } else {
        counts.postgres++;
        await postgres.restart();
      }
    }
    for (const each of members) each.send({ stop: true });
    const drained = async () => (await pool.query("SELECT FROM merp_outbox")).rowCount === 0;
    await eventually(async () => (await drained()) && (await transactions()) === 0, Boolean, { withinMs: 60_000 });
    await eventually(drained);
    for (const each of members) await each.stop();

    const { rows } = await pool.query<{ id: number; version: number }>("SELECT id, version FROM account ORDER BY id");
    const admin = new Redis(redis.url);
    const published = new Map<number, number[]>();
    for (const { user, email } of await usersIn(admin)) {
      published.set(user, [...(published.get(user) ?? []), Number.parseInt(email, 10)]);
    }
    admin.disconnect();
    const total = rows.reduce((sum, { version }) => sum + version, 0);
    console.info(`${total} messages through ${JSON.stringify(counts)}`);
    for (const { id, version } of rows) {
      const expected = Array.from({ length: version }, (_, at) => at + 1);
      expect([id, published.get(id) ?? []]).toEqual([id, expected]);
    }
    expect(total).toBeGreaterThan(faults * 5);
    await pool.end();

    /** Those of writers that have not ended yet. */
    async function transactions(): Promise<number> {
      const { rows } = await pool.query(
        "SELECT count(*)::int AS count FROM pg_stat_activity WHERE xact_start IS NOT NULL AND pid <> pg_backend_pid() AND query LIKE '%account%'",
      );
      return rows[0]?.count;
    }
  },
  60_000 + faults * 3000,
);

const endTransactions =
  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction' AND pid <> pg_backend_pid()";
