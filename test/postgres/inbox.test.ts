import { PGlite } from "@electric-sql/pglite";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type Extension,
  handleCreateUser,
  type MessagingOptions,
  notifyInfo,
  onInfoNotification,
  onUserCreated,
  publishUserCreated,
  sendCreateUser,
  userCreated,
} from "../../generated/index.js";
import { createTestBroker, createTestMessaging, type TestBroker, type TestMessaging } from "../../generated/testing.js";
import { type DeadLetter, replay } from "../../runtime/operations/index.js";
import {
  createInbox,
  type Database,
  type Inbox,
  migrate,
  type Queryable,
  type Transactions,
} from "../../runtime/postgres/index.js";
import { transactionsOf } from "../../runtime/postgres/transactions.js";
import { eventually } from "../support/eventually.js";
import { handling } from "../support/interceptors.js";
import { hasPostgres, poolOf, schemaOn, usePostgres } from "../support/postgres.js";
import { logBook } from "../support/service.js";

const ada = { entity_id: 1, after_data: { email: "ada@example.com" } };
const welcome = { target_user_id: 1, title: "Welcome", message: "Hello" };
const id = "11111111-1111-4111-8111-111111111111";

/** An extension that stands around the inbox. */
const around = (wrap: Parameters<typeof handling>[0]): Extension => ({
  extend: () => ({ interceptors: [handling(wrap)] }),
});

const EFFECT = "CREATE TABLE effect (what text NOT NULL)";

interface Stage {
  readonly database: Database;
  readonly inbox: Inbox<Queryable>;
}

function service(broker: TestBroker, { inbox }: Stage, options: MessagingOptions = {}): TestMessaging {
  const extensions = [...(options.extensions ?? []), inbox];
  return createTestMessaging({ service: "credit", broker, logger: logBook(), ...options, extensions });
}

describe.skipIf(!hasPostgres)("an inbox on a server", async () => {
  const { postgres } = hasPostgres ? await usePostgres() : { postgres: { url: "" } };
  let pool: ReturnType<typeof poolOf>;
  const opened = async (): Promise<Database> => {
    pool = poolOf(await schemaOn(postgres));
    return pool;
  };
  behaves(opened);

  test("has a second delivery at the same time wait for the first, and does the work once", async () => {
    const stage = { database: pool, inbox: createInbox(pool) };
    await using broker = createTestBroker();
    await using messaging = service(broker, stage);
    const begun: string[] = [];
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    onUserCreated(messaging, async (_event, context) => {
      begun.push(context.entryId);
      await stage.inbox.transactionOf(context).query("INSERT INTO effect VALUES ('credit')");
      await released;
    });
    await messaging.start();
    await publishUserCreated(messaging, ada, { id });
    await publishUserCreated(messaging, ada, { id });
    const waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%merp_inbox%'";
    while ((await pool.query(waiting)).rows.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    release();
    await messaging.settled();
    expect(begun).toHaveLength(1);
    expect(messaging.counts.handled).toBe(2);
    expect(await effects(pool)).toEqual(["credit"]);
  });

  test("handles messages although a pooler forgets its prepared statements", async () => {
    const single = poolOf({ url: pool.options.connectionString as string }, { max: 1 });
    const stage = { database: single, inbox: createInbox(single) };
    await using broker = createTestBroker();
    await using messaging = service(broker, stage);
    onUserCreated(messaging, (event, context) =>
      stage.inbox.transactionOf(context).query("INSERT INTO effect VALUES ($1)", [event.entity_id]),
    );
    await messaging.start();
    for (const entity_id of [1, 2, 3]) {
      await publishUserCreated(messaging, { ...ada, entity_id });
      await messaging.settled();
      await single.query("DEALLOCATE ALL");
    }
    expect(messaging.counts).toMatchObject({ handled: 3, handlerFailed: 0 });
    expect(await effects(pool)).toEqual(["1", "2", "3"]);
    await single.end();
  });

  test("has no owner of a partition commit once a later one has begun", async () => {
    const stage = { database: pool, inbox: createInbox(pool) };
    let fence = 7;
    let partition = 3;
    const fencing = around((call, next) => {
      for (const [name, value] of Object.entries({ fence, partition }))
        Object.defineProperty(call.context, name, { value, configurable: true });
      return next();
    });
    await using broker = createTestBroker();
    await using messaging = service(broker, stage, { extensions: [fencing], maxRetries: 0 });
    onUserCreated(messaging, (event, context) =>
      stage.inbox.transactionOf(context).query("INSERT INTO effect VALUES ($1)", [`${event.entity_id} by ${fence}`]),
    );
    await messaging.start();
    const publish = async (entity_id: number): Promise<void> => {
      await publishUserCreated(messaging, { ...ada, entity_id });
      await messaging.settled();
    };
    await publish(1);
    await publish(2);
    // The next owner counts the partitions in another way.
    [fence, partition] = [9, 4];
    await publish(3);
    [fence, partition] = [7, 3];
    await publish(4);
    expect(await effects(pool)).toEqual(["1 by 7", "2 by 7", "3 by 9"]);
    expect((await letterIn(messaging, "events"))?.errors.at(-1)).toMatchObject({
      code: "TRANSACTION_FAILED",
      message: "user.created is not handled here: another process owns partition 3 of events by now, and handles it",
    });
  });
});

describe("an inbox on a database inside the process", () => {
  let database: PGlite | undefined;
  afterAll(() => database?.close());
  behaves(async () => {
    database = await PGlite.create();
    return database;
  });
});

async function effects(database: Queryable): Promise<unknown[]> {
  return (await database.query("SELECT what FROM effect ORDER BY what")).rows.map(({ what }) => what);
}

async function letterIn(messaging: TestMessaging, stream: string): Promise<DeadLetter | undefined> {
  for await (const letter of messaging.deadLetters.list(stream)) return letter;
  return undefined;
}

function behaves(open: () => Promise<Database>): void {
  let stage: Stage;
  let broker: TestBroker;
  const write = (context: Parameters<Inbox<Queryable>["transactionOf"]>[0], what: string): Promise<unknown> =>
    stage.inbox.transactionOf(context).query("INSERT INTO effect VALUES ($1)", [what]);

  beforeAll(async () => {
    const database = await open();
    await migrate(database);
    await database.query(EFFECT);
    stage = { database, inbox: createInbox(database) };
  }, 120_000);
  beforeEach(async () => {
    for (const table of ["effect", "merp_inbox", "merp_fence"]) await stage.database.query(`TRUNCATE ${table}`);
    broker = createTestBroker();
    return async () => broker[Symbol.asyncDispose]();
  });

  test("commits what all handlers of a message wrote, or nothing", async () => {
    await using messaging = service(broker, stage);
    onUserCreated(messaging, (_event, context) => write(context, `first ${context.attempt}`));
    onUserCreated(messaging, async (_event, context) => {
      await write(context, `second ${context.attempt}`);
      if (context.attempt === 1) throw new Error("not yet");
    });
    await messaging.start();
    await publishUserCreated(messaging, ada);
    await messaging.settled();
    expect(await effects(stage.database)).toEqual([]);
    await messaging.time.advance("1m");
    expect(await effects(stage.database)).toEqual(["first 2", "second 2"]);
  });

  test("handles a message once, however often it is published", async () => {
    await using messaging = service(broker, stage);
    onUserCreated(messaging, (_event, context) => write(context, "credit"));
    await messaging.start();
    for (let times = 0; times < 3; times++) await publishUserCreated(messaging, ada, { id });
    await messaging.settled();
    expect(messaging.counts.handled).toBe(3);
    expect(await effects(stage.database)).toEqual(["credit"]);
  });

  test("handles a message once, although its process died before it was acknowledged", async () => {
    const dying = around(async (_call, next) => {
      await next();
      first.crash();
    });
    const first = service(broker, stage, { extensions: [dying] });
    const attempts: number[] = [];
    const second = service(broker, stage, {
      extensions: [
        around((call, next) => {
          attempts.push(call.context.attempt);
          return next();
        }),
      ],
    });
    for (const each of [first, second]) onUserCreated(each, (_event, context) => write(context, "credit"));
    await first.start();
    await publishUserCreated(second, ada);
    await broker.settled();
    await second.start();
    await broker.time.advance("1m");
    expect(attempts).toEqual([2]);
    expect(await effects(stage.database)).toEqual(["credit"]);
  });

  test("handles a message once, although it was redriven", async () => {
    let isFailing = true;
    const failing = around(async (_call, next) => {
      await next();
      if (isFailing) throw new Error("after the commit");
    });
    await using messaging = service(broker, stage, { extensions: [failing], maxRetries: 1 });
    onUserCreated(messaging, (_event, context) => write(context, "credit"));
    await messaging.start();
    await publishUserCreated(messaging, ada);
    await messaging.settled();
    await messaging.time.advance("5m");
    expect(messaging.counts.deadLettered).toBe(1);
    isFailing = false;
    await messaging.deadLetters.redriveAll("events");
    await messaging.settled();
    expect(messaging.counts.handled).toBe(1);
    expect(await effects(stage.database)).toEqual(["credit"]);
  });

  test("handles it again in a replay, and the handler knows", async () => {
    await using messaging = service(broker, stage);
    onUserCreated(messaging, (_event, context) => write(context, context.replay ? "again" : "credit"));
    await messaging.start();
    await publishUserCreated(messaging, ada);
    await messaging.settled();
    const replaying = service(broker, stage);
    onUserCreated(replaying, (_event, context) => write(context, context.replay ? "again" : "credit"));
    await replay(replaying);
    await replay(replaying);
    expect(await effects(stage.database)).toEqual(["again", "again", "credit"]);
  });

  test("tells groups apart, and messages of two types with one id", async () => {
    await using credit = service(broker, stage);
    await using mail = service(broker, stage, { service: "mail" });
    for (const each of [credit, mail]) {
      onUserCreated(each, (event, context) => write(context, `${event.event_type} to ${context.group}`));
      onInfoNotification(each, (message, context) =>
        write(context, `${message.notification_type} to ${context.group}`),
      );
      await each.start();
    }
    await publishUserCreated(credit, ada, { id });
    await notifyInfo(credit, welcome, { id });
    await broker.settled();
    expect(await effects(stage.database)).toEqual([
      "info to credit-workers",
      "info to mail-workers",
      "user.created to credit-workers",
      "user.created to mail-workers",
    ]);
  });

  test("gives a command the same answer again", async () => {
    const dying = around(async (_call, next) => {
      await next();
      first.crash();
    });
    const first = service(broker, stage, { service: "user-auth-service", extensions: [dying] });
    await using second = service(broker, stage, { service: "user-auth-service" });
    await using asking = createTestMessaging({ service: "asking", broker, logger: logBook() });
    for (const [at, each] of [first, second].entries()) {
      const user_id = at + 1;
      handleCreateUser(each, async (_command, context) => {
        await write(context, `user ${user_id}`);
        return { user_id, user: { id: user_id, email: "ada@example.com", created_at: "2026-05-01T00:00:00Z" } };
      });
    }
    await first.start();
    const answer = sendCreateUser(asking, { email: "ada@example.com" }, { timeoutSeconds: 600 });
    await broker.settled();
    await second.start();
    await broker.time.advance("2m");
    expect(await answer).toEqual({
      user_id: 1,
      user: { id: 1, email: "ada@example.com", created_at: "2026-05-01T00:00:00Z" },
    });
    expect(await effects(stage.database)).toEqual(["user 1"]);
  });

  test("leaves nothing of a command that fails, or whose result breaks its contract", async () => {
    await using messaging = service(broker, stage, { service: "user-auth-service" });
    handleCreateUser(messaging, async ({ payload }, context) => {
      await write(context, payload.email);
      if (payload.email.startsWith("refused")) throw new Error("no");
      return { user_id: "none" as never };
    });
    await messaging.start();
    const send = (email: string): Promise<unknown> => sendCreateUser(messaging, { email });
    await expect(send("refused@example.com")).rejects.toMatchObject({ code: "COMMAND_FAILED" });
    await expect(send("broken@example.com")).rejects.toMatchObject({ errorCode: "RESULT_INVALID" });
    expect(await effects(stage.database)).toEqual([]);
  });

  test("keeps the attempts of a message that comes while the database is away", async () => {
    let isAway = false;
    const { queryable, transaction } = transactionsOf(stage.database);
    const inbox = createInbox<Transactions<Queryable>>({
      queryable,
      transaction: (work) => (isAway ? Promise.reject(new Error("connection refused")) : transaction(work)),
    });
    await using messaging = service(broker, { ...stage, inbox }, { maxRetries: 1, drainTimeoutSeconds: 0 });
    const attempts: number[] = [];
    onUserCreated(messaging, async (_event, context) => {
      attempts.push(context.attempt);
      await inbox.transactionOf(context).query("INSERT INTO effect VALUES ('credit')");
      if (context.attempt === 1) throw new Error("not yet");
    });
    await messaging.start();
    isAway = true;
    await publishUserCreated(messaging, ada);
    await messaging.settled();
    for (const times of [2, 3, 4]) {
      await messaging.time.advance("1m");
      await eventually(
        () => messaging.counts.handlerFailed,
        (count) => count === times,
      );
    }
    isAway = false;
    await messaging.time.advance("10m");
    expect(attempts).toEqual([1, 2]);
    expect(messaging.counts).toMatchObject({ handled: 1, deadLettered: 0 });
    expect(await effects(stage.database)).toEqual(["credit"]);
  });

  test("does not lose a message whose handler goes on after a failed statement", async () => {
    const logger = logBook();
    await using messaging = service(broker, stage, { logger });
    onUserCreated(messaging, async (_event, context) => {
      await write(context, `attempt ${context.attempt}`);
      if (context.attempt > 1) return;
      await stage.inbox
        .transactionOf(context)
        .query("SELECT * FROM missing")
        .catch(() => undefined);
    });
    await messaging.start();
    await publishUserCreated(messaging, ada);
    await messaging.settled();
    expect(messaging.counts).toMatchObject({ handled: 0, handlerFailed: 1 });
    expect(logger.text).toContain("TRANSACTION_FAILED");
    await messaging.time.advance("1m");
    expect(await effects(stage.database)).toEqual(["attempt 2"]);
  });

  test("refuses to start where the tables are not those of this release, or the database is away", async () => {
    const version = "UPDATE merp_migration SET version = version";
    await stage.database.query(`${version} + 100`);
    const inbox = createInbox(stage.database);
    await using messaging = service(broker, { ...stage, inbox }, { maxRetries: 0 });
    onUserCreated(messaging, () => undefined);
    await publishUserCreated(messaging, ada);
    await expect(messaging.start()).rejects.toThrow(/the tables merp_… are of version \d+, made by a newer release/);
    await stage.database.query(`${version} - 100`);
    await messaging.settled();
    expect([messaging.counts.handled, await letterIn(messaging, "events")]).toEqual([0, undefined]);
    const away: Database = {
      query: () => Promise.reject(new Error("not asked")),
      transaction: () => Promise.reject(new Error("connection refused")),
    };
    await using lost = service(broker, { database: away, inbox: createInbox(away) });
    await expect(lost.start()).rejects.toThrow("the database of the inbox cannot be asked: connection refused");
    // Once it can be asked, the same messaging starts.
    await messaging.start();
    await messaging.settled();
    expect(messaging.counts.handled).toBe(1);
  });

  test("leaves out messages that are not named, and lends no transaction after its end", async () => {
    const inbox = createInbox(stage.database, { only: [userCreated] });
    await using messaging = service(broker, { ...stage, inbox });
    const late: (() => void)[] = [];
    onUserCreated(messaging, (_event, context) => {
      inbox.transactionOf(context);
      late.push(() => inbox.transactionOf(context));
    });
    onInfoNotification(messaging, (_message, context) => inbox.transactionOf(context), { maxRetries: 0 });
    await messaging.start();
    await publishUserCreated(messaging, ada);
    await notifyInfo(messaging, welcome);
    await messaging.settled();
    expect(messaging.counts).toMatchObject({ handled: 1, deadLettered: 1 });
    expect((await letterIn(messaging, "notifications"))?.errors[0]?.message).toMatch(
      /^no transaction is open for info: pass the inbox/,
    );
    expect(late[0]).toThrow("use the transaction before the handler ends");
  });

  test("keeps its notes for as long as a message may come again, and refuses to keep them for less", async () => {
    const settings = { messageTtlSeconds: 60, deadLetterTtlSeconds: 3600, handlerTimeoutSeconds: 10, maxRetries: 2 };
    // 60 + 3600 + retries after 60 and 120 seconds + 3 attempts of 10
    const least = 3870;
    const keeping = (keepSeconds: number): Extension => createInbox(stage.database, { keepSeconds });
    const make = (keepSeconds: number): TestMessaging =>
      createTestMessaging({
        service: "credit",
        broker,
        logger: logBook(),
        extensions: [keeping(keepSeconds)],
        ...settings,
      });
    expect(() => make(least - 1)).toThrow(
      "keepSeconds of the inbox must be at least 3870, got 3869: a message may come again for so long " +
        "(MESSAGE_TTL 60 + DEAD_LETTER_TTL 3600 + its retries). Leave it out, or lower these",
    );

    await using messaging = make(least);
    onUserCreated(messaging, () => undefined);
    await messaging.start();
    const note = (group: string, age: number): Promise<unknown> =>
      stage.database.query(
        "INSERT INTO merp_inbox (consumer_group, type, message_id, noted_at) SELECT $1, 'user.created', n, now() - make_interval(secs => $2) FROM generate_series(1, 1200) AS n",
        [group, age],
      );
    await note("credit-workers", 7300);
    await note("other-workers", 7300);
    await stage.database.query("UPDATE merp_inbox SET noted_at = now() WHERE message_id = '7'");
    await messaging.time.advance("1h");
    const left = "SELECT consumer_group, count(*)::int AS count FROM merp_inbox GROUP BY 1 ORDER BY 1";
    await eventually(
      async () => (await stage.database.query(left)).rows,
      (rows) => rows[0]?.["count"] === 1,
    );
    expect((await stage.database.query(left)).rows).toEqual([
      { consumer_group: "credit-workers", count: 1 },
      { consumer_group: "other-workers", count: 1200 },
    ]);
  });

  test("keeps the note of a message that is still pending", async () => {
    const settings = { messageTtlSeconds: 60, deadLetterTtlSeconds: 60, maxRetries: 0 };
    const dying = around(async (_call, next) => {
      await next();
      first.crash();
    });
    const first = service(broker, stage, { ...settings, extensions: [dying] });
    onUserCreated(first, (_event, context) => write(context, "credit"));
    await first.start();
    await using web = createTestMessaging({ service: "web", broker, logger: logBook() });
    await publishUserCreated(web, ada);
    await broker.settled();
    await web.groups.pause("events", "credit-workers", { by: "a test" });
    await broker.time.advance("2d");

    await using second = service(broker, stage, settings);
    onUserCreated(second, (_event, context) => write(context, "credit"));
    await second.start();
    await stage.database.query("UPDATE merp_inbox SET noted_at = now() - interval '2 days'");
    const older =
      "INSERT INTO merp_inbox (consumer_group, type, message_id, noted_at) VALUES ('credit-workers', 'user.created', $1, now() - interval '5 days')";
    await stage.database.query(older, [id]);
    await broker.time.advance("1h");
    const notes = async (): Promise<number> => (await stage.database.query("SELECT 1 FROM merp_inbox")).rows.length;
    await eventually(notes, (count) => count === 1);
    await web.groups.resume("events", "credit-workers");
    await broker.time.advance("1m");
    expect(second.counts.handled).toBe(1);
    expect(await effects(stage.database)).toEqual(["credit"]);
  });
}
