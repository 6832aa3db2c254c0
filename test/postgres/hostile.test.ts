import { describe, expect, test } from "vitest";
import { publishUserCreated } from "../../generated/index.js";
import type { HookEvents } from "../../runtime/index.js";
import { startRelay, transaction } from "../../runtime/postgres/index.js";
import { markSent } from "../../runtime/postgres/outbox-store.js";
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

  test("says that a message may have been removed that it cannot take out", async () => {
    await using staged = await outboxStage(postgres, server);
    const { pool, outbox } = staged;
    await transaction(pool, (tx) => publishUserCreated(outbox(tx), user(1)));
    const { rows } = await pool.query("DELETE FROM merp_outbox RETURNING place");
    const places = rows.map(({ place }) => String(place));
    await expect(markSent(pool, places, undefined)).rejects.toMatchObject({
      ...{ code: "TRANSACTION_FAILED", retryable: true },
      message: expect.stringMatching(/let 0 of 1 rows .* or somebody has removed them meanwhile$/),
    });
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
