import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import {
  type MessagingOptions,
  notifySuccess,
  publishUserCreated,
  publishUserDeleted,
  reloadConfig,
  sendCreateUser,
  userDeleted,
} from "../../generated/index.js";
import type { HookEvents } from "../../runtime/index.js";
import { withCorrelation } from "../../runtime/messaging/correlation.js";
import { Operations } from "../../runtime/operations/index.js";
import { createOutbox, type Database, type Queryable, startRelay, transaction } from "../../runtime/postgres/index.js";
import { OutboxOperations } from "../../runtime/postgres/outbox-operations.js";
import { lockParts } from "../../runtime/postgres/outbox-store.js";
import { eventually } from "../support/eventually.js";
import { outboxStage, usersIn } from "../support/outbox.js";
import { hasPostgres, usePostgres } from "../support/postgres.js";
import { useRedis } from "../support/redis.js";
import { createService } from "../support/service.js";

const user = (entity_id: number, email = `${entity_id}@example.com`) => ({ entity_id, after_data: { email } });

describe.skipIf(!hasPostgres)("the outbox (PostgreSQL: apt-get install postgresql)", async () => {
  if (!hasPostgres) return;
  const { postgres } = await usePostgres();
  const server = await useRedis();
  const { admin } = server;
  const stage = (options: MessagingOptions = {}) => outboxStage(postgres, server, options);

  test("publishes what a transaction has committed, and nothing of one that was rolled back", async () => {
    await using staged = await stage({ tenancy: "optional" });
    const { pool, messaging, outbox } = staged;
    await pool.query("CREATE TABLE users (id int)");
    const undone = transaction(pool, async (tx) => {
      await tx.query("INSERT INTO users VALUES (1)");
      await publishUserCreated(outbox(tx), user(1));
      throw new Error("undone");
    });
    await expect(undone).rejects.toThrow("undone");
    const id = crypto.randomUUID();
    await transaction(pool, async (tx) => {
      await tx.query("INSERT INTO users VALUES (2)");
      expect(await publishUserCreated(outbox(tx), user(2), { id })).toEqual({ id, stream: "events" });
      await notifySuccess(outbox(tx), { title: "Welcome", message: "Hello", target_user_id: 2 });
      await outbox(tx).tell(reloadConfig, {}, { targetService: "audit-service" });
    });
    expect(await admin.exists("events", "notifications", "commands")).toBe(0);

    const heard: string[] = [];
    const listening = await messaging.listen({ userId: 2 }, (message) => void heard.push(JSON.stringify(message)));
    await using _relay = await startRelay(messaging, pool);
    await eventually(
      () => admin.exists("events", "notifications", "commands"),
      (count) => count === 3,
    );

    expect(await usersIn(admin)).toEqual([{ id, user: 2, email: "2@example.com" }]);
    await eventually(() => heard.length);
    expect(heard[0]).toContain("Welcome");
    await listening.close();
    await eventually(
      async () => (await pool.query("SELECT FROM merp_outbox")).rowCount,
      (left) => left === 0,
    );
    expect((await pool.query("SELECT type FROM merp_outbox_sent ORDER BY place")).rows.map(({ type }) => type)).toEqual(
      [...["user.created", "success", "reload_config"]],
    );
    expect(messaging.counts.published).toBe(3);
  });

  test("refuses at once what breaks its contract, has no id, or would be awaited", async () => {
    await using staged = await stage();
    const { pool, messaging, outbox } = staged;
    const failed: HookEvents["publishFailed"][] = [];
    await using told = createService(server.redis, { hooks: { publishFailed: (info) => void failed.push(info) } });
    await transaction(pool, async (tx) => {
      const wrong = publishUserCreated(createOutbox(told)(tx), { entity_id: 1, after_data: { email: "nobody" } });
      await expect(wrong).rejects.toThrow(
        "user.created breaks its contract: after_data.email must be an email address",
      );
      const list = outbox(tx).publishAll(userDeleted, [{ entity_id: 1 }, { entity_id: "x" as never }]);
      await expect(list).rejects.toThrow("[1].entity_id must be a whole number");
      const awaited = sendCreateUser(outbox(tx) as never, { email: "ada@example.com" });
      await expect(awaited).rejects.toThrow(/create_user cannot be sent by the outbox: its answer would be awaited/);
      const unkeyed = publishUserDeleted(outbox(tx, { key: "" }), { entity_id: 1 });
      await expect(unkeyed).rejects.toThrow("key must be a text that is not empty");
      await expect(outbox(tx).publish(userDeleted, { entity_id: 1 }, { onec: true } as never)).rejects.toThrow("onec");
    });
    expect(failed.map(({ type }) => type)).toEqual(["user.created"]);
    expect((await pool.query("SELECT FROM merp_outbox")).rowCount).toBe(0);
    expect(() => createOutbox(pool as never)).toThrow("createOutbox() takes a messaging");
    await expect(startRelay(pool as never, pool)).rejects.toThrow("startRelay() takes a messaging");
    const options = { bathSize: 1, concurrency: 0, keepSentSeconds: 1e9 } as never;
    await expect(startRelay(messaging, pool, options)).rejects.toThrow(
      /bathSize does not exist; did you mean batchSize\?[\s\S]*concurrency must be a whole number from 1 to 16, got 0[\s\S]*keepSentSeconds/,
    );
    await pool.query("DROP TABLE merp_migration");
    await expect(startRelay(messaging, pool)).rejects.toThrow("the tables merp_… are missing");
  });

  test("writes the calls of one turn by one statement, in their order, with their correlation and through interceptors", async () => {
    await using staged = await stage({
      interceptors: [
        async (call, next) => {
          if (call.operation === "publish" && call.is(userDeleted)) call.message = { ...call.message, company_id: 7 };
          return next();
        },
      ],
    });
    const { pool, outbox } = staged;
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const statements: string[] = [];
    await transaction(pool, async (tx) => {
      const counting: Queryable = {
        query: (text, values) => {
          statements.push(text);
          return tx.query(text, values);
        },
      };
      await withCorrelation({ correlationId: "request", traceparent }, async () => {
        const out = outbox(counting);
        await Promise.all([1, 2, 3, 4].map((entity_id) => publishUserDeleted(out, { entity_id })));
      });
    });
    expect(statements).toHaveLength(1);
    const { rows } = await pool.query("SELECT key, entry, correlation_id FROM merp_outbox ORDER BY place");
    expect(rows.map(({ key }) => key)).toEqual(["user:1", "user:2", "user:3", "user:4"]);
    expect(rows[0]).toMatchObject({ correlation_id: "request", entry: expect.stringContaining(traceparent) });
    expect(rows[0]?.entry).toContain('"company_id","7"');
  });

  test("keeps the order of each entity over several relays, also where a later place commits first", async () => {
    await using staged = await stage();
    const { pool, messaging, outbox } = staged;
    await pool.query("CREATE TABLE account (id int PRIMARY KEY, version int DEFAULT 0)");
    await pool.query("INSERT INTO account SELECT generate_series(1, 20)");
    const relays = [
      await startRelay(messaging, pool, { batchSize: 7 }),
      await startRelay(messaging, pool, { batchSize: 7 }),
    ];
    const change = (id: number) =>
      transaction(pool, async (tx) => {
        // Another account's message takes a place before, and commits when this one does.
        if (id % 3 === 0) await publishUserCreated(outbox(tx, { key: "other" }), user(1000, "0@example.com"));
        const { rows } = await tx.query("UPDATE account SET version = version + 1 WHERE id = $1 RETURNING version", [
          id,
        ]);
        await publishUserCreated(outbox(tx), user(id, `${rows[0]?.["version"]}@example.com`));
        if (id % 5 === 0) await sleep(3);
      });
    const writers = Array.from({ length: 6 }, async (_, writer) => {
      for (let at = 0; at < 60; at++) await change(1 + ((at * (writer + 1)) % 20));
    });
    await Promise.all(writers);
    await eventually(async () => (await pool.query("SELECT FROM merp_outbox")).rowCount === 0);
    for (const relay of relays) await relay.stop();

    const versions = new Map<number, number>();
    for (const { user: id, email } of await usersIn(admin)) {
      if (id === 1000) continue;
      expect(Number.parseInt(email, 10)).toBe((versions.get(id) ?? 0) + 1);
      versions.set(id, Number.parseInt(email, 10));
    }
    expect([...versions.values()].reduce((sum, each) => sum + each, 0)).toBe(360);
  });

  test("puts a message into the partition of its key, as a publish does, also when it is published again", async () => {
    await using staged = await stage();
    const { pool, messaging, outbox } = staged;
    const operations = new Operations({ env: {}, redis: { url: server.redis.url }, service: "ada" });
    await operations.partitions.set("events", 8);
    operations.close();
    const key = "customer 7";
    const direct = await publishUserDeleted(messaging, { entity_id: 1 }, { key });
    const own = await publishUserDeleted(messaging, { entity_id: 2 });
    expect(own.stream).not.toBe(direct.stream);
    await transaction(pool, async (tx) => {
      await publishUserDeleted(outbox(tx), { entity_id: 3 }, { key });
      await publishUserDeleted(outbox(tx, { key }), { entity_id: 4 });
      await outbox(tx, { key }).publishAll(userDeleted, [{ entity_id: 5 }]);
      await publishUserDeleted(outbox(tx, { key: "another" }), { entity_id: 6 }, { key });
      await publishUserDeleted(outbox(tx), { entity_id: 2 });
    });
    await using _relay = await startRelay(messaging, pool);
    const lengths = () => Promise.all([direct, own].map(({ stream }) => admin.xlen(stream)));
    await eventually(lengths, (found) => String(found) === "5,2");
    const entries = await admin.xrange(direct.stream, "-", "+");
    expect(entries.map(([, fields]) => fields[fields.indexOf("merp_key") + 1])).toEqual(Array(5).fill(key));
    await admin.del(direct.stream, own.stream);
    await new OutboxOperations(pool).republish(new Date(0));
    await eventually(lengths, (found) => String(found) === "4,1");
  });

  test("publishes nothing again of which Redis no longer knows whether it has it", async () => {
    await using staged = await stage();
    const { pool, messaging, outbox } = staged;
    const operations = new OutboxOperations(pool);
    await transaction(pool, (tx) =>
      outbox(tx).publishAll(
        userDeleted,
        [1, 2, 3].map((entity_id) => ({ entity_id })),
      ),
    );
    const isDone = async () => (await pool.query("SELECT FROM merp_outbox WHERE refusal IS NULL")).rowCount === 0;
    const known = async (): Promise<unknown[]> =>
      (await pool.query("SELECT key, known_until FROM merp_outbox_sent ORDER BY place")).rows;
    await using _relay = await startRelay(messaging, pool);
    await eventually(isDone);
    const day = "extract(epoch FROM known_until - sent_at)::int AS seconds";
    expect((await pool.query(`SELECT DISTINCT ${day} FROM merp_outbox_sent`)).rows).toEqual([{ seconds: 86_400 }]);
    const change = "UPDATE merp_outbox_sent SET known_until = now() + interval";
    await pool.query(`${change} '1 minute' WHERE key = 'user:1'`);
    const before = await known();

    expect(await operations.countSent(new Date(0))).toEqual({ known: 2, forgotten: 1 });
    expect(await operations.republish(new Date(0))).toBe(2);
    await eventually(isDone);
    // That Redis found them does not have it know them for longer.
    expect(await known()).toEqual(before);

    // No relay gets to them in time.
    await pool.query(
      "WITH sent AS (DELETE FROM merp_outbox_sent RETURNING *) INSERT INTO merp_outbox (id, type, stream, key, part, entry, contract, known_until) SELECT id, type, stream, key, part, entry, contract, now() - interval '1 s' FROM sent",
    );
    await eventually(isDone);
    expect((await operations.list("refused", { most: 9 })).map(({ refusal }) => refusal)).toEqual(
      [1, 2, 3].map(() => expect.stringContaining("Redis no longer knows whether it has it")),
    );
    expect(await admin.xlen("events")).toBe(3);
    await admin.flushall();
    await operations.retry({ refused: true });
    await eventually(
      () => admin.xlen("events"),
      (length) => length === 3,
    );
  });

  test("stores nothing twice when a relay dies between publishing and its commit", async () => {
    await using staged = await stage();
    const { pool, messaging, outbox } = staged;
    await transaction(pool, (tx) =>
      outbox(tx).publishAll(
        userDeleted,
        [1, 2, 3].map((entity_id) => ({ entity_id })),
      ),
    );
    let deaths = 2;
    const dying = {
      query: pool.query.bind(pool),
      connect: async () => {
        const client = await pool.connect();
        return new Proxy(client, {
          get: (target, name) => {
            if (name !== "query") return Reflect.get(target, name, target)?.bind?.(target);
            return async (text: string, values?: unknown[]) => {
              if (text === "COMMIT" && deaths-- > 0) throw new Error("the connection is gone");
              return target.query(text, values);
            };
          },
        });
      },
    } as unknown as Database;
    const relay = await startRelay(messaging, dying, { concurrency: 1, listen: false });
    await eventually(async () => (await pool.query("SELECT FROM merp_outbox")).rowCount === 0);
    await relay.stop();

    expect(deaths).toBeLessThan(1);
    expect(await admin.xlen("events")).toBe(3);
    expect(messaging.counts.trouble).toBe(2);
  });

  test("wakes at a commit, also of a transaction that was under way when it fell asleep", async () => {
    await using staged = await stage();
    const { pool, messaging, outbox } = staged;
    const asleep = () =>
      pool.query("SELECT FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND objid = 64");
    const early = await pool.connect();
    await early.query("BEGIN");
    await publishUserCreated(outbox(early), user(1));
    await using _relay = await startRelay(messaging, pool, { pollSeconds: 3600 });
    await sleep(100);
    expect((await asleep()).rowCount).toBe(0);
    await early.query("COMMIT");
    early.release();
    await eventually(
      () => admin.xlen("events"),
      (length) => length === 1,
    );

    await eventually(asleep, ({ rowCount }) => rowCount === 1);
    await transaction(pool, (tx) => publishUserCreated(outbox(tx), user(2)));
    await eventually(
      () => admin.xlen("events"),
      (length) => length === 2,
    );
  });

  test("loses its part of the outbox when it stands still in the middle of a batch, and others go on", async () => {
    await using staged = await stage();
    const { pool, messaging, outbox } = staged;
    await transaction(pool, (tx) => publishUserCreated(outbox(tx), user(1)));
    const still = await pool.connect();
    still.on("error", () => undefined);
    await still.query("BEGIN");
    expect(await lockParts(still, { hindered: [], most: 16, holdMs: 300 })).toHaveLength(1);
    await using _relay = await startRelay(messaging, pool, { pollSeconds: 0.05 });
    await eventually(
      () => admin.xlen("events"),
      (length) => length === 1,
    );

    await expect(still.query("SELECT 1")).rejects.toThrow();
    still.release(true);
    expect((await pool.query("SHOW idle_in_transaction_session_timeout")).rows[0]).toMatchObject({
      idle_in_transaction_session_timeout: "0",
    });
  });

  test("waits while Redis is away or refuses a stream, and goes on with the others", async () => {
    await using staged = await stage({ redis: { connectionTimeoutSeconds: 0.5 } });
    const { pool, messaging, outbox } = staged;
    await admin.set("commands", "no stream");
    await transaction(pool, async (tx) => {
      for (let at = 0; at < 40; at++) await outbox(tx).tell(reloadConfig, {}, { targetService: `service-${at}` });
      for (let at = 0; at < 40; at++) await publishUserCreated(outbox(tx), user(1 + at));
    });
    await using _relay = await startRelay(messaging, pool, { batchSize: 5, pollSeconds: 0.05 });
    await eventually(
      () => admin.xlen("events"),
      (length) => length === 40,
    );
    await eventually(() => messaging.counts.trouble);
    const outboxHealth = async () => (await messaging.health()).details.outbox;
    await eventually(outboxHealth, (seen) => seen?.waiting === 40);
    expect(await outboxHealth()).toMatchObject({ waiting: 40, refused: 0, advice: [] });

    await admin.del("commands");
    await eventually(
      () => admin.xlen("commands"),
      (length) => length === 40,
    );
    await eventually(outboxHealth, (seen) => seen?.waiting === 0 && seen.oldest_waiting_seconds === 0);
  });

  test("sets aside what no longer keeps its contract or is too large, and goes on with the rest", async () => {
    await using staged = await stage();
    const { pool, outbox } = staged;
    await transaction(pool, async (tx) => {
      await publishUserCreated(outbox(tx), user(1));
      await publishUserCreated(outbox(tx), { ...user(1, "large@example.com"), metadata: { note: "x".repeat(3000) } });
      await publishUserDeleted(outbox(tx), { entity_id: 1 });
      await publishUserCreated(outbox(tx), user(1, "last@example.com"));
    });
    // A later release demands what the message does not have.
    await pool.query(
      "UPDATE merp_outbox SET contract = 'older', entry = replace(entry, '\"1\"', '\"none\"') WHERE type = 'user.deleted'",
    );
    const refused: HookEvents["outboxRefused"][] = [];
    await using messaging = createService(server.redis, {
      maxMessageBytes: 2000,
      hooks: { outboxRefused: (info) => void refused.push(info) },
    });
    await using _relay = await startRelay(messaging, pool);
    await eventually(
      () => admin.xlen("events"),
      (length) => length === 2,
    );
    await eventually(() => refused.length === 2);

    expect(refused.map(({ type, error }) => [type, error.code])).toEqual([
      ["user.created", "MESSAGE_TOO_LARGE"],
      ["user.deleted", "CONTRACT_VIOLATED"],
    ]);
    const { rows } = await pool.query("SELECT refusal FROM merp_outbox ORDER BY place");
    expect(rows.map(({ refusal }) => refusal)).toEqual([
      expect.stringContaining("MESSAGE_MAX_BYTES is 2000"),
      expect.stringContaining("user.deleted breaks its contract: entity_id must be a whole number"),
    ]);
    expect((await messaging.health()).details.outbox).toMatchObject({
      refused: 2,
      advice: ["2 messages of the outbox cannot be published: merp outbox list"],
    });
  });
});
