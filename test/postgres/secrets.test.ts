import { beforeEach, describe, expect, test } from "vitest";
import { showList as showOutbox } from "../../runtime/cli/outbox/list.js";
import { showList as showSagas } from "../../runtime/cli/saga/list.js";
import { show as showSaga } from "../../runtime/cli/saga/show.js";
import type { Catalogue, CommandDescriptor } from "../../runtime/contract/descriptor.js";
import { encryption, environmentKeys, redisSubjects } from "../../runtime/encryption/index.js";
import type { Messaging, MessagingOptions } from "../../runtime/index.js";
import {
  createInbox,
  createOutbox,
  migrate,
  type Queryable,
  startRelay,
  transaction,
} from "../../runtime/postgres/index.js";
import { type KeptContent, readKeptContents } from "../../runtime/postgres/kept-contents.js";
import { OutboxOperations } from "../../runtime/postgres/outbox-operations.js";
import { defineSaga, startSagas } from "../../runtime/saga/index.js";
import { SagaOperations } from "../../runtime/saga/operations.js";
import { createMessagingFor } from "../../runtime/service/create-messaging.js";
import { joined, login, moved, told } from "../runtime/encryption/contract.js";
import { Canaries } from "../support/canaries.js";
import { eventually } from "../support/eventually.js";
import { hasPostgres, usePostgres } from "../support/postgres.js";
import { printedOf } from "../support/printed.js";
import { useRedis } from "../support/redis.js";

const payload = {
  type: "object",
  properties: {
    user_id: { type: "integer" },
    address: { type: "string", sensitive: true, encrypt: true, subject: "user:payload.user_id" },
  },
  required: ["user_id", "address"],
};
const sendLetter = {
  ...{ ...login, type: "send_letter" },
  schema: {
    ...login.schema,
    properties: { ...login.schema.properties, command_type: { const: "send_letter" }, payload },
  },
} as unknown as CommandDescriptor<object, { readonly user_id: number; readonly address: string }>;

const catalogue: Catalogue = {
  name: "people",
  encoding: "fields",
  messages: [joined, moved, login, sendLetter, told] as never,
};
const TABLES = ["merp_outbox", "merp_outbox_sent", "merp_inbox", "merp_saga", "merp_saga_ask", "merp_saga_timer"];

describe.skipIf(!hasPostgres)("encrypted values in PostgreSQL", async () => {
  if (!hasPostgres) return;
  const { pool } = await usePostgres();
  const { redis, admin } = await useRedis();
  const canaries = new Canaries();

  const keys = environmentKeys({ env: { MESSAGE_KEYS: `a:${Buffer.alloc(32, 1).toString("base64")}` } });
  const sealed = () => encryption({ keys, people: redisSubjects(admin) });
  const service = (name: string, options: MessagingOptions = {}): Messaging =>
    createMessagingFor(catalogue, {
      ...{ service: name, redis: { url: redis.url }, env: {}, announce: false, startFrom: "all", blockTimeMs: 50 },
      ...{ logger: { info: canaries.hear, warn: canaries.hear, error: canaries.hear }, hooks: canaries.hooks },
      ...{ retryDelaySeconds: 0.05, extensions: [sealed()] },
      ...options,
    }) as Messaging;

  beforeEach(async () => {
    await admin.flushall();
    await migrate(pool);
    await pool.query(`TRUNCATE ${TABLES.join()}`);
  });

  /** Has every row of every table searched. @returns how many there are */
  async function searched(): Promise<number> {
    let count = 0;
    for (const table of TABLES) {
      const { rows } = await pool.query(`SELECT * FROM ${table}`);
      canaries.hear(rows);
      count += rows.length;
    }
    return count;
  }

  async function contents(): Promise<readonly string[]> {
    const found: KeptContent[] = [];
    await readKeptContents(pool, (content) => void found.push(content));
    return found.map(({ holder, place }) => `${holder} (${place})`).sort();
  }

  test("are ciphertexts in the outbox, and among what was published from it", async () => {
    await using people = service("people");
    const outbox = createOutbox(people);
    const secrets = ["a name", "a street", "a password", "a text"].map((place) => canaries.plant(place));
    const [name = "", street = "", password = "", message = ""] = secrets;
    await transaction(pool, async (tx) => {
      await outbox(tx).publish(joined, { entity_id: 1, after_data: { name } });
      await outbox(tx).publish(moved, { entity_id: 1, after_data: { street, country: "SE" } });
      await outbox(tx).tell(login, { password }, { targetService: "people" });
      await outbox(tx).publish(told, { title: "t", message, target_user_id: 1 } as never);
    });
    expect(await searched()).toBe(4);
    await pool.query("UPDATE merp_outbox SET refusal = 'too large' WHERE type = 'person.joined'");
    const operations = new OutboxOperations(pool);
    canaries.hear(await printedOf(() => showOutbox(operations, {})));
    await pool.query("UPDATE merp_outbox SET refusal = NULL");
    const received: unknown[] = [];
    people.on(joined, ({ after_data }) => void received.push(after_data.name));
    people.on(moved, ({ after_data }) => void received.push(after_data.street));
    people.handle(login, ({ payload }) => {
      received.push(payload.password);
      return { token: "a token" };
    });
    await people.start();
    await using _relay = await startRelay(people, pool);
    await eventually(() => received.length === 3, Boolean);
    await eventually(
      async () => (await pool.query("SELECT FROM merp_outbox_sent")).rowCount,
      (sent) => sent === 4,
    );
    expect(new Set(received)).toEqual(new Set([name, street, password]));
    expect(await searched()).toBe(4);
    expect(canaries.escaped()).toEqual([]);
  });

  test("are ciphertexts in the inbox, which gives a repeated command the same answer", async () => {
    const inbox = createInbox(pool);
    await using people = service("people", { extensions: [sealed(), inbox] });
    let runs = 0;
    const tokens = [canaries.plant("a token"), "another token"];
    people.handle(login, () => ({ token: tokens[runs++] as string }));
    await people.start();
    await using sender = service("sender");
    const send = () =>
      sender.send(login, { password: canaries.plant("a password") }, { id: "once", targetService: "people" });
    expect(await send()).toEqual({ token: tokens[0] });
    expect(await searched()).toBe(1);
    expect(await contents()).toEqual(["log_in (inbox)"]);
    // What the runtime itself keeps of the answer is gone.
    await admin.flushall();
    await people.close();
    await using later = service("people", { extensions: [sealed(), createInbox(pool)] });
    later.handle(login, () => ({ token: tokens[runs++] as string }));
    await later.start();
    expect(await send()).toEqual({ token: tokens[0] });
    expect(runs).toBe(1);
    expect(canaries.escaped()).toEqual([]);
  });

  test("are in no error that the database's library comes by when a result breaks its contract", async () => {
    const heard: unknown[] = [];
    const library = {
      transaction: <Result>(work: (tx: Queryable) => Promise<Result>): Promise<Result> =>
        transaction(pool, work).catch((error: unknown) => {
          heard.push(error);
          throw error;
        }),
    };
    const inbox = createInbox(library as never);
    await using people = service("people", { maxRetries: 0, extensions: [sealed(), inbox] });
    people.handle(login, () => ({ token: [canaries.plant("a token in a list")] }) as never);
    await people.start();
    await using sender = service("sender");
    await canaries.hearFailure(sender.send(login, { password: "a password" }, { targetService: "people" }));
    expect(heard).toHaveLength(1);
    canaries.hear(...heard);
    expect(canaries.escaped()).toEqual([]);
  });

  test("are read in the inbox although they were written before their contract encrypted them", async () => {
    const inbox = createInbox(pool);
    await using people = service("people", { extensions: [sealed(), inbox] });
    people.handle(login, () => ({ token: "another token" }));
    await people.start();
    await using sender = service("sender");
    await pool.query("INSERT INTO merp_inbox (consumer_group, type, message_id, answer) VALUES ($1, $2, $3, $4)", [
      ...["people-workers", "log_in", "before", '{"token":"a plain token"}'],
    ]);
    const sent = sender.send(login, { password: "a password" }, { id: "before", targetService: "people" });
    expect(await sent).toEqual({ token: "a plain token" });
  });

  test("are ciphertexts in what a saga asks, undoes and was answered, also when its step fails", async () => {
    const [first, second] = [canaries.plant("a password"), canaries.plant("what undoes")];
    const token = canaries.plant("a token");
    const asked: string[] = [];
    await using people = service("people");
    people.handle(login, async ({ payload }) => {
      asked.push(payload.password);
      expect(await searched()).toBeGreaterThan(0);
      return { token };
    });
    await people.start();
    let isBroken = true;
    const received: string[] = [];
    const session = defineSaga<object>({ name: "session", version: 1, state: { type: "object" } }, (saga) => {
      saga.begins((_state, step) => {
        step.ask(login, { password: first }, { targetService: "people" });
        step.undo(login, { password: second }, { targetService: "people" });
      });
      saga.answered(login, (_state, result, step) => {
        received.push(result.token);
        if (isBroken) throw new Error("a fault of the step");
        step.fail("all of it is undone");
      });
    });
    const inbox = createInbox(pool);
    await using keeper = service("keeper", { extensions: [sealed(), inbox] });
    const sagas = startSagas(keeper, inbox, [session], { pollSeconds: 0.05 });
    await keeper.start();
    await transaction(pool, (tx) => sagas.begin(tx, session, "7", {}));
    const kept = "SELECT FROM merp_saga_ask WHERE answer IS NOT NULL";
    await eventually(async () => (await pool.query(kept)).rowCount === 1, Boolean);
    expect(await contents()).toEqual(["session (saga)", "session (saga)"]);
    expect(await searched()).toBe(2);
    for (const given of [{}, { json: true } as const]) {
      const printed = await printedOf(async () => {
        await showSagas(new SagaOperations(pool), given);
        await showSaga(new SagaOperations(pool), "session", "7", given);
      });
      expect(printed).toContain("a fault of the step");
      canaries.hear(printed);
    }
    isBroken = false;
    await eventually(
      async () => (await pool.query("SELECT FROM merp_saga WHERE status = 'undone'")).rowCount === 1,
      Boolean,
      { withinMs: 20_000 },
    );
    await sagas.stop();
    expect(asked).toEqual([first, second]);
    expect(new Set(received)).toEqual(new Set([token]));
    await searched();
    expect(canaries.escaped()).toEqual([]);
  });

  test("of a person who was forgotten are not sent by a saga, which is undone", async () => {
    const posting = defineSaga<object>({ name: "posting", version: 1, state: { type: "object" } }, (saga) => {
      saga.begins((_state, step) =>
        step.ask(sendLetter, { user_id: 7, address: canaries.plant("an address") }, { targetService: "nobody" }),
      );
    });
    const keep = () => {
      const inbox = createInbox(pool);
      const keeper = service("keeper", { extensions: [sealed(), inbox] });
      return { keeper, sagas: startSagas(keeper, inbox, [posting], { pollSeconds: 0.05 }) };
    };
    const before = keep();
    await transaction(pool, (tx) => before.sagas.begin(tx, posting, "7", {}));
    await before.sagas.stop();
    await before.keeper.close();
    expect(await contents()).toEqual(["posting (saga)"]);
    await redisSubjects(admin).erase("user:7", "2026-11-27T12:00:00Z");

    // Another process: the first one keeps a key for a minute.
    const after = keep();
    await using _ = after.keeper;
    const { rows } = await eventually(
      () => pool.query("SELECT error FROM merp_saga WHERE status = 'undone'"),
      (found) => found.rowCount === 1,
      { withinMs: 20_000 },
    );
    const why = "send_letter was refused: send_letter has a value of a person who was forgotten, and is not sent";
    expect(rows).toEqual([{ error: why }]);
    await after.sagas.stop();
    await searched();
    expect(canaries.escaped()).toEqual([]);
  });
});
