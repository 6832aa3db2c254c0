import { PGlite } from "@electric-sql/pglite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { onUserCreated, publishUserCreated, publishUserUpdated, userDeleted } from "../../generated/index.js";
import { createTestMessaging } from "../../generated/testing.js";
import { createInbox, createOutbox, migrate } from "../../runtime/postgres/index.js";
import { handling } from "../support/interceptors.js";
import { hasPostgres, poolOf, schemaOn, usePostgres } from "../support/postgres.js";
import { logBook } from "../support/service.js";
import { embedded, type Library, onServer } from "./libraries.js";

const EFFECT = "CREATE TABLE effect (message_id text UNIQUE)";

const ada = { entity_id: 1, after_data: { email: "ada@example.com" } };

/** A parameter of each type that statements of the outbox and the inbox have, and how PostgreSQL writes it. */
const values: readonly (readonly [type: string, value: unknown, written?: string])[] = [
  ["text", "ä 🙂 $1 ? \\? 'quoted' \n"],
  ["integer", 2 ** 31 - 1],
  ["smallint", 63],
  ["bigint", "9007199254740993"],
  ["boolean", true],
  ["double precision", 0.125],
  ["json", '{"a": ["?"]}'],
  ["text[]", ["a", 'b"c', "{d}"], '{a,"b\\"c","{d}"}'],
  ["bigint[]", ["1", "9007199254740993"], "{1,9007199254740993}"],
  ["timestamptz", "2026-05-01T00:00:00.123Z", "2026-05-01 00:00:00.123+00"],
];

function behaves(open: () => Promise<Library>): void {
  let library: Library;
  beforeAll(async () => {
    library = await open();
  });
  afterAll(() => library.close());
  const effects = async (): Promise<unknown[]> =>
    (await library.database.query("SELECT message_id AS id FROM effect ORDER BY 1")).rows.map(({ id }) => id);

  test("commits what the library and its adapter have written", async () => {
    const result = await library.database.transaction(async (tx) => {
      await library.insert(tx, "a");
      await library.adapt(tx).query("INSERT INTO effect VALUES ($1)", ["b"]);
      return library.database.queryable(tx).query("SELECT count(*)::int AS count FROM effect");
    });
    expect(result.rows).toEqual([{ count: 2 }]);
    expect(await effects()).toEqual(["a", "b"]);
  });

  test("rolls back, and passes on the error", async () => {
    const failure = new Error("not today");
    const work = library.database.transaction(async (tx) => {
      await library.adapt(tx).query("INSERT INTO effect VALUES ($1)", ["c"]);
      throw failure;
    });
    await expect(work).rejects.toBe(failure);
    const violation = library.database.transaction((tx) => library.adapt(tx).query("INSERT INTO effect VALUES ('a')"));
    await expect(violation.catch((error: Error) => String(error.message + String(error.cause)))).resolves.toMatch(
      /23505|unique/i,
    );
    expect(await effects()).toEqual(["a", "b"]);
  });

  test("has a message handled once, with what its handler publishes", async () => {
    const inbox = createInbox(library.database);
    await using messaging = createTestMessaging({ service: "credit", extensions: [inbox], logger: logBook() });
    const outbox = createOutbox(messaging);
    onUserCreated(messaging, async ({ entity_id }, context) => {
      const tx = inbox.transactionOf(context);
      await library.insert(tx, `credit ${context.attempt}`);
      const event = { entity_id, before_data: { email: "a@example.com" }, after_data: { first_name: "Ädä 🙂" } };
      await publishUserUpdated(outbox(library.adapt(tx)), event);
      await outbox(library.adapt(tx)).publishAll(userDeleted, [{ entity_id }, { entity_id }]);
      if (context.attempt === 1) throw new Error("not yet");
    });
    await messaging.start();
    const id = "11111111-1111-4111-8111-111111111111";
    for (let times = 0; times < 3; times++) await publishUserCreated(messaging, ada, { id });
    await messaging.settled();
    await messaging.time.advance("1m");
    expect(messaging.counts).toMatchObject({ handled: 3, handlerFailed: 3 });
    expect(await effects()).toEqual(["a", "b", "credit 2"]);
    const { rows } = await library.database.query("SELECT type FROM merp_outbox ORDER BY place");
    expect(rows.map(({ type }) => type)).toEqual(["user.updated", "user.deleted", "user.deleted"]);
  });

  test.each(["40001", "40P01"])("has a transaction repeated that PostgreSQL has ended with %s", async (code) => {
    const inbox = createInbox(library.database);
    await using messaging = createTestMessaging({ service: "credit", extensions: [inbox], logger: logBook() });
    const attempts: number[] = [];
    onUserCreated(messaging, async (_event, context) => {
      attempts.push(context.attempt);
      if (attempts.length > 1) return;
      const failing = `DO $$ BEGIN RAISE EXCEPTION 'a conflict' USING ERRCODE = '${code}'; END $$`;
      await library.adapt(inbox.transactionOf(context)).query(failing);
    });
    await messaging.start();
    await publishUserCreated(messaging, ada);
    await messaging.settled();
    expect(attempts).toEqual([1, 1]);
    expect(messaging.counts).toMatchObject({ handled: 1, handlerFailed: 0 });
  });

  test("does not wait for the database with a message of which no record can be written", async () => {
    const odd = handling((call, next) => {
      Object.defineProperty(call.context, "messageId", { value: "odd\u0000", configurable: true });
      return next();
    });
    const extensions = [{ extend: () => ({ interceptors: [odd] }) }, createInbox(library.database)];
    await using messaging = createTestMessaging({ service: "credit", maxRetries: 0, extensions, logger: logBook() });
    onUserCreated(messaging, () => undefined);
    await messaging.start();
    await publishUserCreated(messaging, ada);
    await messaging.settled();
    expect(messaging.counts).toMatchObject({ handlerFailed: 1, deadLettered: 1 });
  });

  test("passes parameters of every type, also twice and in any order", async () => {
    const columns = values.map(([type], at) => `($${at + 1}::${type})::text AS v${at}`);
    const none = `$${values.length + 1}::text`;
    const text = `SELECT ${columns.join(", ")}, ${none} AS none, $1::text = $1::text AS twice, '?' AS mark`;
    const given = values.map(([, value]) => value);
    const { rows } = await library.database.query(text, [...given, null]);
    const written = values.map(([, value, told = String(value)], at) => [`v${at}`, told]);
    expect(rows).toEqual([{ ...Object.fromEntries(written), none: null, twice: true, mark: "?" }]);
  });
}

describe.skipIf(!hasPostgres)("on a server", async () => {
  const { postgres } = hasPostgres ? await usePostgres() : { postgres: { url: "" } };

  describe.each(Object.entries(onServer))("%s", (_name, open) => {
    behaves(async () => {
      const { url } = await schemaOn(postgres);
      const pool = poolOf({ url });
      await migrate(pool);
      await pool.end();
      const library = open(url);
      await library.database.query(EFFECT);
      return library;
    });
  });
});

describe("in the process", () => {
  let engine: PGlite;
  beforeAll(async () => {
    engine = await PGlite.create();
  }, 120_000);
  afterAll(() => engine.close());

  describe.each(Object.entries(embedded))("%s", (_name, open) => {
    behaves(async () => {
      await engine.exec(`SET TIME ZONE 'UTC'; DROP SCHEMA public CASCADE; CREATE SCHEMA public; ${EFFECT}`);
      await migrate(engine);
      return open(engine);
    });
  });
});
