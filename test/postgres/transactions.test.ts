import { PGlite } from "@electric-sql/pglite";
import { describe, expect, test } from "vitest";
import { publishUserCreated, userCreated, userDeleted } from "../../generated/index.js";
import { createOutbox, migrate, type Queryable, transaction } from "../../runtime/postgres/index.js";
import { MOST_ROWS } from "../../runtime/postgres/outbox-row.js";
import { type OutboxStage, outboxStage } from "../support/outbox.js";
import { hasPostgres, poolOf, usePostgres } from "../support/postgres.js";
import { useRedis } from "../support/redis.js";
import { createService } from "../support/service.js";

const user = (entity_id: number) => ({ entity_id, after_data: { email: `${entity_id}@example.com` } });

describe.skipIf(!hasPostgres)("a transaction", async () => {
  if (!hasPostgres) return;
  const { postgres } = await usePostgres();
  const server = await useRedis();
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

  test("rolls back where a call fails while the others are waited for, and not where its failure was caught before", async () => {
    await using staged = await outboxStage(postgres, server);
    const { pool, outbox } = staged;
    const wrong = { entity_id: 1, after_data: { email: "nobody" } };
    let release = (): void => {};
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    await using messaging = createService(server.redis, { interceptors: [(_call, next) => slow.then(next)] });
    let first: Promise<unknown> | undefined;
    const undone = transaction(pool, async (tx) => {
      first = publishUserCreated(createOutbox(messaging)(tx), user(1));
      setImmediate(() => publishUserCreated(outbox(tx), wrong).catch(release));
    });
    await expect(undone).rejects.toMatchObject({ code: "CONTRACT_VIOLATED" });
    expect(await first).toMatchObject({ stream: "events" });
    expect(await waiting(staged)).toBe(0);
    await transaction(pool, async (tx) => {
      void publishUserCreated(outbox(tx), user(2));
      await publishUserCreated(outbox(tx), wrong).catch(() => {});
    });
    expect(await waiting(staged)).toBe(1);
  });

  test("writes nothing once it has ended, whether it was committed or rolled back", async () => {
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

  test("writes nothing that one of several calls at once has rolled back", async () => {
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

  test("writes no later part of a long list when it has ended", async () => {
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

  test("refuses an outbox and a statement when it has ended, also while its client is in another", async () => {
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
});
