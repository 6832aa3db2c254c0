import { afterAll, beforeAll, expect, test } from "vitest";

import type { Database } from "../../../../examples/audit/database.js";
import { INBOX, takeIn } from "../../../../examples/audit/inbox.js";
import type { Handler, UserCreated } from "../../../../generated/index.js";
import { exampleUserCreated } from "../../../../generated/testing.js";
import { NotSurvivedError, type StateSource, survives } from "../../../../runtime/testing/index.js";

// PostgreSQL takes seconds of processor time to start: `RUNS=1 npm test -- test/runtime/testing/survives` does so.
const isDemanded = process.env["RUNS"] !== undefined;

let database: Database | undefined;

beforeAll(async () => {
  if (!isDemanded) return;
  const { openDatabase } = await import("../../../../examples/audit/database.js");
  database = await openDatabase({});
  await database.query(INBOX);
  await database.query("CREATE TABLE credit (user_id int, cents int NOT NULL)");
});

afterAll(() => database?.close());

const state: StateSource<Database> = {
  async reset() {
    await database?.query("TRUNCATE inbox, credit");
    return database as Database;
  },
  snapshot: async ({ query }) => ({
    inbox: await query("SELECT consumer_group, message_id FROM inbox"),
    credit: await query("SELECT user_id, cents FROM credit"),
  }),
};

type Start = (world: { readonly state: Database }) => Handler<UserCreated>;

test.runIf(isDemanded)(
  "a database is the state: its transactions are rolled back when the process dies, and committed else",
  async () => {
    const welcome: Start = ({ state: own }) => {
      return async ({ entity_id }, context) => {
        await takeIn(own, context, (query) => query("INSERT INTO credit VALUES ($1, 1000)", [entity_id]));
      };
    };
    const { exhaustive } = await survives(welcome, exampleUserCreated(), { state, schedules: 40 });
    expect(exhaustive).toBe(1);
  },
);

test.runIf(isDemanded)("an inbox beside the transaction of its work does not survive", async () => {
  const welcome: Start = ({ state: own }) => {
    return async ({ id, entity_id }) => {
      const [known] = await own.query("SELECT 1 FROM inbox WHERE message_id = $1", [id]);
      if (known !== undefined) return;
      await own.query("INSERT INTO credit VALUES ($1, 1000)", [entity_id]);
      await own.query("INSERT INTO inbox (consumer_group, message_id) VALUES ('credit', $1)", [id]);
    };
  };
  const failure: unknown = await survives(welcome, exampleUserCreated(), { state }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(NotSurvivedError);
  expect((failure as NotSurvivedError).story).toContain(
    "process 1 calls state.query('INSERT INTO credit VALUES ($1, 1000)', [ 123 ]), which takes effect, and dies",
  );
});
