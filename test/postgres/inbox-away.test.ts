import type pg from "pg";
import { beforeEach, describe, expect, test } from "vitest";
import {
  handleCreateUser,
  type Messaging,
  type MessagingOptions,
  onUserCreated,
  publishUserCreated,
  sendCreateUser,
} from "../../generated/index.js";
import { createInbox, type Inbox, migrate } from "../../runtime/postgres/index.js";
import { startChild } from "../support/child.js";
import { eventually } from "../support/eventually.js";
import { handling } from "../support/interceptors.js";
import { hasPostgres, poolOf, schemaOn, usePostgres } from "../support/postgres.js";
import { useRedis } from "../support/redis.js";
import { createService } from "../support/service.js";
import { startTcpProxy, type TcpProxy } from "../support/tcp-proxy.js";

const users = Array.from({ length: 5 }, (_, at) => at + 1);
const message = (entity_id: number) => ({ entity_id, after_data: { email: "ada@example.com" } });

/** A service with an inbox on a database behind a link that a test breaks. */
interface Stage extends AsyncDisposable {
  readonly messaging: Messaging;
  readonly inbox: Inbox<pg.PoolClient>;
  readonly pool: pg.Pool;
  readonly link: TcpProxy;
}

describe.skipIf(!hasPostgres)("an inbox whose database is away", async () => {
  const { postgres } = hasPostgres ? await usePostgres() : { postgres: { url: "" } };
  const { redis, admin } = await useRedis();
  let url: URL;

  beforeEach(async () => {
    await admin.flushall();
    url = new URL((await schemaOn(postgres)).url);
    const direct = poolOf({ url: url.href });
    await migrate(direct);
    await direct.query("CREATE TABLE effect (what text NOT NULL)");
    await direct.end();
  });

  const stage = async (options: MessagingOptions = {}, limits: pg.PoolConfig = {}): Promise<Stage> => {
    const link = await startTcpProxy({ port: Number(url.port) });
    const linked = new URL(url);
    linked.port = String(link.port);
    const pool = poolOf({ url: linked.href }, limits);
    const inbox = createInbox(pool);
    // It waits where it is for half the time of a handler.
    const settings = { maxRetries: 1, retryDelaySeconds: 0.02, handlerTimeoutSeconds: 1.5, ...options };
    const extensions = [...(options.extensions ?? []), inbox];
    const messaging = createService(redis, { service: "credit", ...settings, extensions });
    return {
      ...{ messaging, inbox, pool, link },
      async [Symbol.asyncDispose]() {
        await messaging.close();
        await pool.end();
        await link.close();
      },
    };
  };
  const goAway = ({ link }: Stage): void => {
    link.mode = "refuse";
    link.reset();
  };
  const effects = async ({ pool }: Stage): Promise<unknown[]> =>
    (await pool.query("SELECT what FROM effect ORDER BY what")).rows.map(({ what }) => what);
  const eachOf = (text: string): string[] => users.map((user) => `${text} ${user}`);

  for (const order of ["none", "entity"] as const) {
    test(`handles what came meanwhile, with all of its attempts, in the order "${order}"`, async () => {
      await using there = await stage({ order });
      const attempts: number[] = [];
      onUserCreated(there.messaging, async ({ entity_id }, context) => {
        attempts.push(context.attempt);
        await there.inbox.transactionOf(context).query("INSERT INTO effect VALUES ($1)", [`user ${entity_id}`]);
        if (context.attempt === 1) throw new Error("a fault of the handler");
      });
      await there.messaging.start();
      goAway(there);
      for (const user of users) await publishUserCreated(there.messaging, message(user));
      await eventually(
        () => there.messaging.counts.handlerFailed,
        (count) => count > 2 * users.length,
      );
      expect(attempts).toEqual([]);
      there.link.mode = "pass";
      await eventually(
        () => there.messaging.counts.handled,
        (count) => count === users.length,
      );
      expect(await effects(there)).toEqual(eachOf("user"));
      expect(attempts.toSorted()).toEqual([1, 1, 1, 1, 1, 2, 2, 2, 2, 2]);
      expect(there.messaging.counts.deadLettered).toBe(0);
    });
  }

  test("loses no message whose process is killed while it waits", async () => {
    const link = await startTcpProxy({ port: Number(url.port) });
    const linked = new URL(url);
    linked.port = String(link.port);
    const program = new URL("inbox-member.ts", import.meta.url);
    const member = (handlerTimeoutSeconds: number) =>
      startChild<{ failed?: string }>(program, { arguments: [redis.url, linked.href, String(handlerTimeoutSeconds)] });
    const direct = poolOf({ url: url.href });
    await using first = await member(1);
    await first.next(undefined, { withinMs: 30_000 });
    link.mode = "refuse";
    link.reset();
    await using publisher = createService(redis);
    const many = Array.from({ length: 20 }, (_, at) => at + 1);
    for (const user of many) await publishUserCreated(publisher, message(user));
    // Some were parked by then, some wait where they are, some have not been read.
    for (let times = 0; times < 10; times++) {
      await first.next(({ failed }) => failed !== undefined, { withinMs: 30_000 });
    }
    first.kill("SIGKILL");
    await first.exited;
    link.mode = "pass";
    await using second = await member(60);
    const done = async () => (await direct.query("SELECT DISTINCT what FROM effect")).rows.length;
    await eventually(done, (count) => count === many.length, { withinMs: 60_000 });
    expect((await direct.query("SELECT what FROM effect")).rows).toHaveLength(many.length);
    expect(second.messages.filter(({ failed }) => failed !== undefined)).toEqual([]);
    await direct.end();
    await link.close();
  }, 120_000);

  test("waits for it before it gives a message back", async () => {
    await using there = await stage({ handlerTimeoutSeconds: 60, concurrency: 2 });
    onUserCreated(there.messaging, ({ entity_id }, context) =>
      there.inbox.transactionOf(context).query("INSERT INTO effect VALUES ($1)", [`user ${entity_id}`]),
    );
    await there.messaging.start();
    goAway(there);
    const before = there.link.accepted;
    for (const user of users) await publishUserCreated(there.messaging, message(user));
    await eventually(
      () => there.link.accepted,
      (count) => count > before + 4,
    );
    there.link.mode = "pass";
    await eventually(
      () => there.messaging.counts.handled,
      (count) => count === users.length,
    );
    expect(there.messaging.counts.handlerFailed).toBe(0);
  });

  test.each([0, 400])(
    "bears a pool that lends no connection, with a limit of %d ms",
    async (connectionTimeoutMillis) => {
      await using there = await stage({ maxRetries: 0 }, { max: 1, connectionTimeoutMillis });
      onUserCreated(there.messaging, ({ entity_id }, context) =>
        there.inbox.transactionOf(context).query("INSERT INTO effect VALUES ($1)", [`user ${entity_id}`]),
      );
      await there.messaging.start();
      const held = await there.pool.connect();
      for (const user of users) await publishUserCreated(there.messaging, message(user));
      await eventually(
        () => there.messaging.counts.handlerFailed,
        (count) => count > users.length,
      );
      held.release();
      await eventually(
        () => there.messaging.counts.handled,
        (count) => count === users.length,
      );
      expect(await effects(there)).toEqual(eachOf("user"));
      expect(there.messaging.counts.deadLettered).toBe(0);
    },
  );

  test("leaves a server that has become a standby for the one that is the primary", async () => {
    await using there = await stage({ maxRetries: 0 }, { max: 1 });
    onUserCreated(there.messaging, (_event, context) =>
      there.inbox.transactionOf(context).query("INSERT INTO effect VALUES ('credit')"),
    );
    await there.messaging.start();
    // As the connections of a pool are to a server that was the primary.
    await there.pool.query("SET default_transaction_read_only = on");
    await publishUserCreated(there.messaging, message(1));
    await eventually(() => there.messaging.counts.handled, Boolean);
    expect(await effects(there)).toEqual(["credit"]);
    expect(there.messaging.counts.deadLettered).toBe(0);
  });

  test("repeats at once the transactions that PostgreSQL has ended because of each other", async () => {
    await using there = await stage({ handlerTimeoutSeconds: 60, maxRetries: 0 });
    await there.pool.query("CREATE TABLE account (id int PRIMARY KEY); INSERT INTO account VALUES (1), (2)");
    const runs: number[] = [];
    let meet = (): void => undefined;
    const met = new Promise<void>((resolve) => (meet = resolve));
    onUserCreated(there.messaging, async ({ entity_id }, context) => {
      const tx = there.inbox.transactionOf(context);
      const lock = (id: number): Promise<unknown> => tx.query("SELECT FROM account WHERE id = $1 FOR UPDATE", [id]);
      await tx.query("SET LOCAL deadlock_timeout = '20ms'");
      await lock(Number(entity_id));
      if (runs.push(Number(entity_id)) === 2) meet();
      await met;
      await lock(3 - Number(entity_id));
      await tx.query("INSERT INTO effect VALUES ($1)", [`user ${entity_id}`]);
    });
    await there.messaging.start();
    for (const user of [1, 2]) await publishUserCreated(there.messaging, message(user));
    await eventually(
      () => there.messaging.counts.handled,
      (count) => count === 2,
    );
    expect(runs.length).toBeGreaterThan(2);
    expect(there.messaging.counts.handlerFailed).toBe(0);
    expect(await effects(there)).toEqual(["user 1", "user 2"]);
  });

  test("does not wait for it with a message of which no record can be written", async () => {
    const odd = handling((call, next) => {
      Object.defineProperty(call.context, "messageId", { value: "odd\u0000", configurable: true });
      return next();
    });
    await using there = await stage({ maxRetries: 0, extensions: [{ extend: () => ({ interceptors: [odd] }) }] });
    onUserCreated(there.messaging, () => undefined);
    await there.messaging.start();
    await publishUserCreated(there.messaging, message(1));
    await eventually(() => there.messaging.counts.deadLettered, Boolean);
    expect(there.messaging.counts.handlerFailed).toBe(1);
  });

  test("answers a command that could not begin", async () => {
    await using there = await stage({ service: "user-auth-service" });
    handleCreateUser(there.messaging, () => ({ user_id: 7 }));
    await there.messaging.start();
    goAway(there);
    await expect(sendCreateUser(there.messaging, { email: "ada@example.com" })).rejects.toMatchObject({
      errorCode: "DATABASE_UNAVAILABLE",
      message: expect.stringMatching(/^create_user was not begun: the database of the inbox cannot be asked: /),
    });
    there.link.mode = "pass";
    expect(await sendCreateUser(there.messaging, { email: "ada@example.com" })).toMatchObject({ user_id: 7 });
  });
});
