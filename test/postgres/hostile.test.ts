import { PGlite } from "@electric-sql/pglite";
import { describe, expect, test } from "vitest";
import { publishUserCreated, userCreated, userDeleted } from "../../generated/index.js";
import type { HookEvents } from "../../runtime/index.js";
import { createOutbox, migrate, type Queryable, startRelay, transaction } from "../../runtime/postgres/index.js";
import { MOST_ROWS } from "../../runtime/postgres/outbox-row.js";
import { eventually } from "../support/eventually.js";
import { type OutboxStage, outboxStage, usersIn } from "../support/outbox.js";
import { hasPostgres, poolOf, usePostgres } from "../support/postgres.js";
import { useRedis } from "../support/redis.js";
import { createService } from "../support/service.js";

const user = (entity_id: number) => ({ entity_id, after_data: { email: `${entity_id}@example.com` } });

describe.skipIf(!hasPostgres)("the outbox", async () => {
  if (!hasPostgres) return;
  const { postgres } = await usePostgres();
  const server = await useRedis();
  const { admin } = server;
  const waiting = async ({ pool }: OutboxStage): Promise<number | null> =>
    (await pool.query("SELECT FROM merp_outbox")).rowCount;

  test("has what is not awaited written before the commit", async () => {
    await using staged = await outboxStage(postgres, server);
    const { pool, outbox } = staged;
    for (const prepare of [false, true]) {
      const own = createOutbox(staged.messaging, { prepare });
      await transaction(pool, async (tx) => {
        for (let id = 1; id <= 3; id++) void publishUserCreated(own(tx), user(id));
      });
    }
    expect(await waiting(staged)).toBe(6);
    const wrong = transaction(pool, async (tx) => {
      publishUserCreated(outbox(tx), { entity_id: 1, after_data: { email: "nobody" } }).catch(() => {});
    });
    await expect(wrong).rejects.toMatchObject({ code: "CONTRACT_VIOLATED" });
    expect(await waiting(staged)).toBe(6);
  });

  test("writes nothing once the transaction has ended, whether it was committed or rolled back", async () => {
    await using staged = await outboxStage(postgres, server);
    const { pool } = staged;
    const late: Promise<unknown>[] = [];
    let release = (): void => {};
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    await using messaging = createService(server.redis, {
      interceptors: [(_call, next) => slow.then(next)],
    });
    const undone = transaction(pool, async (tx) => {
      late.push(publishUserCreated(createOutbox(messaging)(tx), user(1)).catch((error: unknown) => error));
      throw new Error("undone");
    });
    await expect(undone).rejects.toThrow("undone");
    let kept: Parameters<Parameters<typeof transaction>[1]>[0] | undefined;
    let own: ReturnType<typeof staged.outbox> | undefined;
    await transaction(pool, async (tx) => {
      kept = tx;
      own = staged.outbox(tx);
    });
    release();
    late.push((own as never as typeof messaging).publish(userCreated, user(2)).catch((error: unknown) => error));
    for (const error of await Promise.all(late)) {
      expect(error).toMatchObject({ code: "TRANSACTION_FAILED", message: expect.stringContaining("Await each call") });
    }
    expect(kept).toBeDefined();
    expect(await waiting(staged)).toBe(0);
  });

  test("writes nothing of a transaction that one of several calls at once has rolled back", async () => {
    await using staged = await outboxStage(postgres, server);
    const pool = poolOf(staged, { max: 1 });
    const wrong = { entity_id: 1, after_data: { email: "nobody" } };
    const outcomes: Promise<unknown>[] = [];
    for (const prepare of [false, true]) {
      const outbox = createOutbox(staged.messaging, { prepare });
      const undone = transaction(pool, async (tx) => {
        const calls = [wrong, user(2), user(3)].map((each) => publishUserCreated(outbox(tx), each));
        outcomes.push(...calls.map((call) => call.catch(({ code }: { code: unknown }) => code)));
        await Promise.all(calls);
      });
      // It waits for the only client of the pool.
      const next = transaction(pool, async (tx) => {
        await Promise.all(outcomes);
        await tx.query("SELECT 1");
      });
      await expect(undone).rejects.toMatchObject({ code: "CONTRACT_VIOLATED" });
      await next;
    }
    expect(await waiting(staged)).toBe(0);
    const late = Array(2).fill("TRANSACTION_FAILED");
    expect(await Promise.all(outcomes)).toEqual(["CONTRACT_VIOLATED", ...late, "CONTRACT_VIOLATED", ...late]);
    await pool.end();
  });

  test("writes no later part of a long list when its transaction has ended", async () => {
    await using staged = await outboxStage(postgres, server);
    const pool = poolOf(staged, { max: 1 });
    const users = [...Array(2 * MOST_ROWS).keys()].map((at) => ({ entity_id: at + 1 }));
    let late: Promise<unknown> | undefined;
    const undone = transaction(pool, async (tx) => {
      await new Promise<void>((resolve) => {
        const telling: Queryable = {
          query: (text, values) => {
            resolve();
            return tx.query(text, values);
          },
        };
        late = staged
          .outbox(telling)
          .publishAll(userDeleted, users)
          .catch((error: unknown) => error);
      });
      throw new Error("undone");
    });
    const next = transaction(pool, async () => late);
    await expect(undone).rejects.toThrow("undone");
    expect(await next).toMatchObject({ code: "TRANSACTION_FAILED" });
    expect(await waiting(staged)).toBe(0);
    await pool.end();
  });

  test("refuses an outbox and a statement of a transaction that has ended, also while its client is in another", async () => {
    await using staged = await outboxStage(postgres, server);
    const pool = poolOf(staged, { max: 1 });
    const embedded = await PGlite.create();
    await migrate(embedded);
    for (const database of [pool, embedded]) {
      let ended: Queryable | undefined;
      await transaction(database, async (tx) => {
        ended = tx;
      });
      await transaction(database, async (tx) => {
        const late = staged.outbox(ended as Queryable);
        await expect(publishUserCreated(late, user(1))).rejects.toMatchObject({ code: "TRANSACTION_FAILED" });
        await expect(ended?.query("SELECT 1")).rejects.toThrow(/ended|closed/);
        expect((await tx.query("SELECT FROM merp_outbox")).rows).toEqual([]);
      });
    }
    await pool.end();
    await embedded.close();
  });

  test("publishes nothing of a transaction that fails at its COMMIT, or may only read", async () => {
    await using staged = await outboxStage(postgres, server);
    const { pool, messaging, outbox } = staged;
    await pool.query("CREATE TABLE a (id int PRIMARY KEY)");
    await pool.query("CREATE TABLE b (id int REFERENCES a DEFERRABLE INITIALLY DEFERRED)");
    const orphan = transaction(pool, async (tx) => {
      await tx.query("INSERT INTO b VALUES (1)");
      await publishUserCreated(outbox(tx), user(1));
    });
    await expect(orphan).rejects.toMatchObject({ code: "23503" });
    const reading = transaction(pool, async (tx) => {
      await tx.query("SET TRANSACTION READ ONLY");
      await publishUserCreated(outbox(tx), user(2));
    });
    await expect(reading).rejects.toMatchObject({ code: "25006" });
    const elsewhere = transaction(pool, async (tx) => {
      await tx.query("SET LOCAL search_path = pg_catalog");
      await publishUserCreated(outbox(tx), user(3));
    });
    await expect(elsewhere).rejects.toMatchObject({ code: "42P01" });
    await transaction(pool, (tx) => publishUserCreated(outbox(tx), user(4)));
    await using _relay = await startRelay(messaging, pool);
    await eventually(
      () => usersIn(admin),
      ({ length }) => length > 0,
    );
    expect((await usersIn(admin)).map((each) => each.user)).toEqual([4]);
  });

  test("publishes from tables with columns and rows that others have added", async () => {
    await using staged = await outboxStage(postgres, server);
    const { pool, messaging, outbox } = staged;
    await pool.query("ALTER TABLE merp_outbox ADD COLUMN tenant text DEFAULT 'none', ADD COLUMN entry2 text");
    await transaction(pool, (tx) => publishUserCreated(outbox(tx), user(1)));
    await using _relay = await startRelay(messaging, pool);
    await eventually(
      () => usersIn(admin),
      ({ length }) => length === 1,
    );
    await eventually(
      () => waiting(staged),
      (left) => left === 0,
    );
    expect((await pool.query("SELECT FROM merp_outbox_sent")).rowCount).toBe(1);
  });

  test.each([
    [
      "a policy",
      "CREATE POLICY seen ON merp_outbox FOR SELECT USING (true); CREATE POLICY added ON merp_outbox FOR INSERT WITH CHECK (true); ALTER TABLE merp_outbox ENABLE ROW LEVEL SECURITY",
    ],
    [
      "a trigger",
      "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER keep BEFORE DELETE OR UPDATE ON merp_outbox FOR EACH ROW EXECUTE FUNCTION keep()",
    ],
  ])("says so, and stores nothing twice, where %s keeps what was published", async (_, sql) => {
    await using staged = await outboxStage(postgres, server);
    const { pool, outbox, url } = staged;
    const troubles: HookEvents["trouble"][] = [];
    await using messaging = createService(server.redis, { hooks: { trouble: (info) => void troubles.push(info) } });
    await pool.query(sql);
    const role = `relay_${crypto.randomUUID().replaceAll("-", "")}`;
    const [{ schema = "" } = {}] = (await pool.query("SELECT current_schema() AS schema")).rows;
    await pool.query(
      `CREATE ROLE ${role} LOGIN; GRANT USAGE ON SCHEMA ${schema} TO ${role}; GRANT ALL ON ALL TABLES IN SCHEMA ${schema} TO ${role}`,
    );
    await transaction(pool, (tx) => publishUserCreated(outbox(tx), user(1)));
    const narrow = poolOf({ url: url.replace("//tester@", `//${role}@`) });
    try {
      await using _relay = await startRelay(messaging, narrow, { pollSeconds: 0.05 });
      await eventually(() => troubles.length);
      expect(troubles[0]?.error).toMatchObject({
        message: expect.stringMatching(/let 0 of 1 rows of merp_outbox be changed: a policy or a trigger/),
      });
      expect(await usersIn(admin)).toHaveLength(1);
      expect(await waiting(staged)).toBe(1);
    } finally {
      await narrow.end();
    }
  });

  test("refuses what PostgreSQL has no text for, and says which it is", async () => {
    await using staged = await outboxStage(postgres, server);
    const { pool, outbox } = staged;
    const refused = { code: "PUBLISH_FAILED", message: expect.stringMatching(/the character U\+0000.*PostgreSQL/) };
    await transaction(pool, async (tx) => {
      await expect(publishUserCreated(outbox(tx), user(1), { key: "a\0b" })).rejects.toMatchObject(refused);
      await expect(publishUserCreated(outbox(tx), { ...user(1), correlation_id: "a\0b" })).rejects.toMatchObject(
        refused,
      );
      await publishUserCreated(outbox(tx), user(2));
    });
    expect(await waiting(staged)).toBe(1);
  });
});
