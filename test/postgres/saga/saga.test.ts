import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  createUser,
  publishUserDeleted,
  publishUserLoggedIn,
  publishUserUpdated,
  UnrecoverableError,
  userLoggedIn,
} from "../../../generated/index.js";
import { showList } from "../../../runtime/cli/saga/list.js";
import { show } from "../../../runtime/cli/saga/show.js";
import { transactionsOf } from "../../../runtime/postgres/transactions.js";
import { Cleaning } from "../../../runtime/saga/cleaning.js";
import { defineSaga, SagaOperations } from "../../../runtime/saga/index.js";
import { eventually } from "../../support/eventually.js";
import { hasPostgres, usePostgres } from "../../support/postgres.js";
import { printedOf, tooLong } from "../../support/printed.js";
import { useRedis } from "../../support/redis.js";
import { registration } from "./registration.js";
import { openStage, type SagaStage, sagaIn, until } from "./stage.js";

describe.skipIf(!hasPostgres)("a saga", async () => {
  const { postgres } = hasPostgres ? await usePostgres() : { postgres: { url: "" } };
  const { redis, admin } = await useRedis();
  let stage: SagaStage;
  beforeEach(async () => {
    await admin.flushall();
    stage = await openStage(redis, postgres);
  });
  afterEach(() => stage[Symbol.asyncDispose]());

  test("asks one service after the other, and ends", async () => {
    const { begin } = await stage.start();
    expect(await begin("1")).toBe(true);
    expect(await begin("1")).toBe(false);
    const { state } = await until(stage.pool, "1", "done");
    expect(state).toEqual({ email: "ada@example.com", user_id: 7, company_id: 8, partner_id: 9 });
    expect(stage.others.asked).toEqual(["create_user", "create_company", "create_partner"]);
    for (const table of ["merp_saga_ask", "merp_saga_timer"]) {
      expect((await stage.pool.query(`SELECT * FROM ${table}`)).rows).toEqual([]);
    }
  });

  test("that has ended keeps no command that would undo it", async () => {
    const { begin } = await stage.start();
    await begin("1");
    await until(stage.pool, "1", "done");
    expect(await new SagaOperations(stage.pool).get("registration", "1")).toMatchObject({ status: "done", undo: [] });
  });

  test("undoes what was done, the last first, when a command is refused", async () => {
    stage.others.before = (command) => {
      if (command === "create_partner") throw new UnrecoverableError("the name is taken");
    };
    const { begin } = await stage.start();
    await begin("1");
    const { error } = await until(stage.pool, "1", "undone");
    expect(error).toBe("create_partner was refused: the name is taken");
    expect(stage.others.asked).toEqual([
      "create_user",
      "create_company",
      "create_partner",
      "delete_company 8",
      "delete_user 7",
    ]);
  });

  test("asks again what has failed, under another id, before it has failed for good", async () => {
    let failures = 1;
    stage.others.before = (command) => {
      if (command === "create_user" && failures-- > 0) throw new Error("the database is away");
    };
    const { begin } = await stage.start();
    await begin("1");
    await until(stage.pool, "1", "done");
    expect(stage.others.asked.slice(0, 2)).toEqual(["create_user", "create_user"]);
  });

  test("begins on a message, once, and takes messages one at a time, also those that come together", async () => {
    stage.others.before = () => new Promise((resolve) => setTimeout(resolve, 400));
    const { messaging } = await stage.start();
    const beginning = { entity_id: 1, after_data: { email: "ada@example.com" }, metadata: { registers: true } };
    for (let times = 0; times < 2; times++) await publishUserUpdated(messaging, beginning);
    await publishUserUpdated(messaging, { ...beginning, entity_id: 2, metadata: {} });
    await eventually(() => sagaIn(stage.pool, "1"), Boolean);
    const login = { entity_id: 1, after_data: { ip_address: null, login_method: "password" as const } };
    await Promise.all(Array.from({ length: 20 }, () => publishUserLoggedIn(messaging, login)));
    const { state } = await until(stage.pool, "1", "done");
    expect(state["logins"]).toBe(20);
    expect(stage.others.asked.filter((command) => command === "create_user")).toHaveLength(1);
    expect(await sagaIn(stage.pool, "2")).toBeUndefined();

    // It has ended: what is late changes nothing.
    await publishUserLoggedIn(messaging, login);
    await publishUserDeleted(messaging, { entity_id: 1 });
    await eventually(
      () => messaging.counts.handled,
      (handled) => handled >= 25,
    );
    expect(await sagaIn(stage.pool, "1")).toMatchObject({ status: "done", state: { logins: 20 } });
  });

  test("waits for its beginning where a message says so", async () => {
    stage.others.before = () => new Promise(() => undefined);
    const { messaging, begin } = await stage.start({ maxRetries: 20 });
    await publishUserDeleted(messaging, { entity_id: 1 });
    await eventually(() => messaging.counts.retried, Boolean);
    await begin("1");
    const { error } = await until(stage.pool, "1", "undoing");
    expect(error).toBe("the user was deleted");
  });

  test("undoes also what it learns of after it has failed", async () => {
    let answer = (): void => undefined;
    stage.others.before = (command) =>
      command === "create_user" ? new Promise<void>((resolve) => (answer = resolve)) : undefined;
    const { messaging, begin } = await stage.start();
    await begin("1");
    await eventually(() => stage.others.asked.length, Boolean);
    await publishUserDeleted(messaging, { entity_id: 1 });
    await until(stage.pool, "1", "undoing");
    answer();
    await until(stage.pool, "1", "undone");
    expect(stage.others.asked).toEqual(["create_user", "delete_user 7"]);
  });

  test("runs a timeout once, although several processes look for it", async () => {
    stage.others.before = () => new Promise(() => undefined);
    const [first] = await Promise.all([stage.start(), stage.start(), stage.start()]);
    await first.begin("1");
    await stage.pool.query("UPDATE merp_saga_timer SET due_at = now()");
    await eventually(
      () => sagaIn(stage.pool, "1"),
      (row) => row?.state["reminded"] === true,
    );
    expect((await stage.pool.query("SELECT * FROM merp_saga_timer")).rows).toEqual([]);
  });

  test("takes a timeout again at once that PostgreSQL has ended because of another transaction", async () => {
    await stage.pool.query("CREATE TABLE account (id int PRIMARY KEY); INSERT INTO account VALUES (1), (2)");
    const lock = (id: number): string => `SELECT FROM account WHERE id = ${id} FOR UPDATE`;
    const other = await stage.pool.connect();
    await other.query("BEGIN; SET LOCAL deadlock_timeout = '1min'");
    const pid = (await other.query(`SELECT pg_backend_pid() AS pid FROM (${lock(2)}) AS locked`)).rows[0]?.pid;
    let crossed: Promise<unknown> | undefined;
    let runs = 0;
    const crossing = defineSaga<object>({ name: "crossing", version: 1, state: { type: "object" } }, (saga) => {
      saga.begins((_state, step) => step.after("now", { seconds: 0 }));
      saga.timeout("now", async (_state, step) => {
        runs++;
        await step.database.query("SET LOCAL deadlock_timeout = '20ms'");
        await step.database.query(lock(1));
        crossed ??= other.query(lock(1)).then(() => other.query("COMMIT"));
        const isWaiting = "SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock'";
        if (runs === 1) await eventually(async () => (await stage.pool.query(isWaiting, [pid])).rows.length, Boolean);
        await step.database.query(lock(2));
        step.done();
      });
    });
    const trouble = vi.fn();
    const { begin } = await stage.start({ definition: crossing, hooks: { trouble } });
    await begin("1", {});
    await until(stage.pool, "1", "done");
    await crossed;
    other.release();
    expect(runs).toBe(2);
    expect(trouble).not.toHaveBeenCalled();
  });

  test("commits nothing of a step that leaves a state which breaks its schema", async () => {
    const broken = defineSaga<{ count: number }>(
      {
        name: "broken",
        version: 1,
        state: { type: "object", properties: { count: { type: "integer" } }, required: ["count"] },
      },
      (saga) => {
        saga.on(userLoggedIn, "entity_id", (state) => {
          state.count = 0.5;
        });
      },
    );
    const { begin, messaging } = await stage.start({ definition: broken, maxRetries: 0 });
    await expect(begin("1", { count: "many" })).rejects.toThrow(
      "the state of the saga broken breaks its schema: count must be a whole number",
    );
    await begin("1", { count: 1 });
    await publishUserLoggedIn(messaging, { entity_id: 1, after_data: { ip_address: null, login_method: "password" } });
    await eventually(() => messaging.counts.deadLettered, Boolean);
    expect((await sagaIn(stage.pool, "1"))?.state).toEqual({ count: 1 });
  });

  test("commits nothing of a step that asks what breaks its contract", async () => {
    const wrong = defineSaga<object>({ name: "wrong", version: 1, state: { type: "object" } }, (saga) => {
      saga.begins((_state, step) => step.ask(createUser, { email: "nobody" }));
    });
    const { begin } = await stage.start({ definition: wrong });
    await expect(begin("2", {})).rejects.toThrow("create_user breaks its contract: payload.email must be");
    expect(await sagaIn(stage.pool, "2")).toBeUndefined();
  });

  test("migrates an older state, and leaves a newer one to who has written it", async () => {
    stage.others.before = () => new Promise(() => undefined);
    const { begin, messaging } = await stage.start({ maxRetries: 0 });
    await begin("1");
    const login = { entity_id: 1, after_data: { ip_address: null, login_method: "password" as const } };
    await stage.pool.query(`UPDATE merp_saga SET version = 1, state = '{"mail":"ada@example.org"}'`);
    await publishUserLoggedIn(messaging, login);
    await eventually(() => messaging.counts.handled, Boolean);
    expect((await sagaIn(stage.pool, "1"))?.state).toEqual({ email: "ada@example.org", logins: 1 });
    await stage.pool.query("UPDATE merp_saga SET version = 3");
    await publishUserLoggedIn(messaging, login);
    await eventually(() => messaging.counts.deadLettered, Boolean);
    expect((await sagaIn(stage.pool, "1"))?.state["logins"]).toBe(1);
  });

  test("is stuck when what undoes is refused, until an operator has it sent again", async () => {
    let isRefusing = true;
    stage.others.before = (command) => {
      if (command === "create_company" || (isRefusing && command === "delete_user 7"))
        throw new UnrecoverableError("no");
    };
    const { begin } = await stage.start();
    await begin("1");
    const { error } = await until(stage.pool, "1", "stuck");
    expect(error).toBe("create_company was refused: no; delete_user, which undoes, was refused: no");

    const operations = new SagaOperations(stage.pool);
    expect(await operations.list({}, 10)).toMatchObject([{ saga: "registration", id: "1", status: "stuck", error }]);
    expect(await operations.get("registration", "1")).toMatchObject({
      state: { email: "…", user_id: 7 },
      asks: [{ command: "delete_user", isUndo: true, dueAt: undefined, error: "no" }],
      timers: [],
      undo: [],
    });
    isRefusing = false;
    expect(await operations.retry("registration", "1")).toBe(1);
    await until(stage.pool, "1", "undone");
    expect(await operations.list({}, 10)).toEqual([]);
    expect(await operations.list({ status: "undone" }, 10)).toHaveLength(1);
    await expect(operations.retry("registration", "2")).rejects.toThrow(
      "there is no saga registration 2: merp saga list",
    );
  });

  test("is undone when an operator cancels it", async () => {
    let answer = (): void => undefined;
    stage.others.before = (command) =>
      command === "create_company" ? new Promise<void>((resolve) => (answer = resolve)) : undefined;
    const { begin } = await stage.start();
    await begin("1");
    await eventually(
      () => stage.others.asked.length,
      (count) => count === 2,
    );
    const operations = new SagaOperations(stage.pool);
    expect(await operations.get("registration", "1")).toMatchObject({
      ...{ status: "running", undo: ["delete_user"], timers: [{ name: "remind" }] },
    });
    expect(await operations.cancel("registration", "1", "a test")).toBe(true);
    expect(await operations.cancel("registration", "1", "again")).toBe(false);
    answer();
    const { error } = await until(stage.pool, "1", "undone");
    expect(error).toBe("a test");
    expect(stage.others.asked).toEqual(["create_user", "create_company", "delete_company 8", "delete_user 7"]);
  });

  test("is removed some time after its end, however many there are, also by processes that live for less than an hour", async () => {
    await stage.pool.query(
      `INSERT INTO merp_saga (saga, id, version, state, shown, status, changed_at)
       SELECT 'registration', id, 2, '{}', '{}', CASE id WHEN 1 THEN 'running' ELSE 'done' END, now() - id * interval '1 s'
       FROM generate_series(1, 2500) AS id`,
    );
    let now = 0;
    const clock = { now: () => now, chance: () => 0.5 };
    const shared = { transactions: transactionsOf(stage.pool), sagas: new Map([["registration", registration]]) };
    const cleaning = new Cleaning({ ...shared, clock, keepSeconds: 10 } as never);
    const left: number[] = [];
    for (const minutes of [29, 30, 30, 30, 80]) {
      now = minutes * 60_000;
      await cleaning.round();
      left.push((await stage.pool.query("SELECT 1 FROM merp_saga")).rows.length);
    }
    expect(left.slice(0, 3)).toEqual([2500, 1500, 500]);
    expect(left.at(-1)).toBeLessThanOrEqual(11);
    expect(await sagaIn(stage.pool, "1")).toMatchObject({ status: "running" });
  });

  test("is told of by merp saga, the stuck ones first", async () => {
    stage.others.before = (command) => {
      if (command === "create_company" || command === "delete_user 7") throw new UnrecoverableError("no\u001b[31m");
    };
    const { begin } = await stage.start();
    await begin("1");
    await until(stage.pool, "1", "stuck");
    const operations = new SagaOperations(stage.pool);
    const text = await printedOf(async () => {
      expect(await showList(operations, {})).toBe(1);
      expect(await show(operations, "registration", "1", {})).toBe(1);
      expect(await showList(operations, { status: "done" })).toBe(0);
    });
    expect(text).toContain("✗ 1 saga is stuck: merp saga show registration 1\n");
    expect(text).toContain("when the cause is mended: merp saga retry registration 1\n");
    expect(text).toContain('state (2)    {"email":"…","user_id":7}\n');
    expect(text).toContain("waits for    delete_user (undoes), sent again by an operator");
    expect(text).toContain("no saga is done\n");
    expect(text).not.toContain("\u001b");
    expect(text).not.toContain("ada@example");
    const narrow = await printedOf(async () => {
      await showList(operations, {});
      await show(operations, "registration", "1", {});
    }, 40);
    expect(narrow).toContain("✗ 1 saga is stuck\n  → merp saga show registration 1\n");
    expect(narrow).toContain("  → merp saga retry registration 1\n");
    expect(tooLong(narrow, 40)).toEqual([]);
  });
});

test("the name and the version of a saga are checked, and no two steps take the same", () => {
  const options = { ...registration, name: "Registration" };
  expect(() => defineSaga(options, () => undefined)).toThrow(
    'the name of a saga is small letters, digits, _, . and -, got "Registration"',
  );
  expect(() => defineSaga({ ...registration, version: 0 }, () => undefined)).toThrow("a whole number from 1, got 0");
  expect(() =>
    defineSaga(registration, (saga) => {
      saga.timeout("a", () => undefined);
      saga.timeout("a", () => undefined);
    }),
  ).toThrow("the saga registration has two steps that take the timeout a: leave one");
});
