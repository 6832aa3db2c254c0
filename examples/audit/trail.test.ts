import type { Handler, Messaging, UserCreated } from "@m-erp/messaging";
import { exampleUserCreated, memoryState, survives } from "@m-erp/messaging/testing";
import { expect, test, vi } from "vitest";
import type { Database, Row } from "./database.js";
import { auditTrail } from "./trail.js";

/** What the trail needs of PostgreSQL. */
const tables = () =>
  memoryState({ inbox: new Set<string>(), log: [] as unknown[] }, (data) => ({
    query: async (sql: string, parameters: unknown[] = []): Promise<Row[]> => {
      if (!sql.includes("INTO inbox")) data.log.push(parameters);
      else if (data.inbox.size === data.inbox.add(String(parameters)).size) return [];
      return [{}];
    },
  }));

/** The handler of the trail, on a database that survives watches. */
function handlerOn(state: ReturnType<typeof tables>): Handler<UserCreated> {
  const database: Database = {
    query: state.query,
    transaction: (work) => state.transaction((tx) => work(tx.query)),
    close: async () => undefined,
  };
  const on = vi.fn<(pattern: "*", handler: Handler<UserCreated>) => void>();
  auditTrail({ on } as unknown as Messaging, database);
  return on.mock.calls[0]?.[1] as Handler<UserCreated>;
}

test("an event is in the log once, whenever the process dies, also among others", async () => {
  vi.spyOn(console, "log").mockReturnValue();
  const events = [exampleUserCreated(), exampleUserCreated()];
  const { exhaustive } = await survives(({ state }) => handlerOn(state), events, {
    // The order of the log is that of the commits.
    state: { reset: tables, snapshot: (state) => state.snapshot().log.map(String).sort() },
    schedules: 100,
  });
  expect(exhaustive).toBeGreaterThan(0);
});
