import type { Redis } from "ioredis";
import type pg from "pg";
import { type Messaging, type MessagingOptions, type UserCreated, userCreated } from "../../generated/index.js";
import { contractOf } from "../../runtime/contract/contract.js";
import { createOutbox, migrate, type OutboxOf } from "../../runtime/postgres/index.js";
import type { RedisServer } from "../../runtime/testing/redis/index.js";
import { type Postgres, poolOf, schemaOn } from "./postgres.js";
import { createService } from "./service.js";

/** The tables of an outbox in a schema of their own, an empty Redis, and a service of both. */
export interface OutboxStage extends AsyncDisposable {
  readonly pool: pg.Pool;
  readonly url: string;
  readonly messaging: Messaging;
  readonly outbox: OutboxOf;
}

export async function outboxStage(
  postgres: Pick<Postgres, "url">,
  redis: { readonly redis: RedisServer; readonly admin: Redis },
  options: MessagingOptions = {},
): Promise<OutboxStage> {
  await redis.admin.flushall();
  const { url } = await schemaOn(postgres);
  const pool = poolOf({ url });
  await migrate(pool);
  const messaging = createService(redis.redis, options);
  return {
    ...{ pool, url, messaging, outbox: createOutbox(messaging) },
    async [Symbol.asyncDispose]() {
      await messaging.close();
      await pool.end();
    },
  };
}

/** The `user.created` that a stream holds, in its order. */
export async function usersIn(redis: Redis): Promise<readonly { id: string; user: number; email: string }[]> {
  const entries = await redis.xrange("events", "-", "+");
  return entries.map(([, entry]) => {
    const { id, entity_id, after_data } = contractOf(userCreated).read(entry) as unknown as UserCreated;
    return { id, user: Number(entity_id), email: String(after_data?.email) };
  });
}
