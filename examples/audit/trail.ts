import type { Messaging } from "@m-erp/messaging";
import type { FastifyInstance } from "fastify";
import type { Database, Row } from "./database.js";
import { INBOX, takeIn } from "./inbox.js";

const AUDIT_LOG = `
  CREATE TABLE IF NOT EXISTS audit_log (
    entry          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id     text NOT NULL,
    event_type     text NOT NULL,
    entity_id      text NOT NULL,
    user_id        text,
    source_service text NOT NULL,
    correlation_id text,
    happened_at    timestamptz NOT NULL,
    event          jsonb NOT NULL
  )`;

export async function createTables({ query }: Database): Promise<void> {
  await query(INBOX);
  await query(AUDIT_LOG);
}

/** Stores every event exactly once. */
export function auditTrail(messaging: Pick<Messaging, "on">, database: Database): void {
  messaging.on("*", async (event, context) => {
    const isNew = await takeIn(database, context, (query) =>
      query(
        `INSERT INTO audit_log
           (message_id, event_type, entity_id, user_id, source_service, correlation_id, happened_at, event)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
        [
          event.id,
          event.event_type,
          String(event.entity_id),
          event.user_id === undefined ? null : String(event.user_id),
          event.source_service,
          event.correlation_id ?? null,
          event.timestamp,
          JSON.stringify(event),
        ],
      ),
    );
    if (isNew) console.log(`${event.event_type} of ${event.entity_type} ${event.entity_id}`);
  });
}

/** Returns the stored events, newest first; with a correlation id, only those of one request. */
export function auditRoutes(app: FastifyInstance, database: Database): void {
  app.get<{ Querystring: { correlation_id?: string } }>(
    "/audit",
    ({ query }): Promise<Row[]> =>
      database.query(
        `SELECT message_id, event_type, entity_id, user_id, source_service, correlation_id, happened_at, event
         FROM audit_log WHERE $1::text IS NULL OR correlation_id = $1 ORDER BY entry DESC LIMIT 100`,
        [query.correlation_id ?? null],
      ),
  );
}
