import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { publishUserCreated } from "../../generated/index.js";
import { startRedis } from "../../runtime/testing/redis/index.js";
import { type Child, startChild } from "../support/child.js";
import { eventually } from "../support/eventually.js";
import { postgresAvailable, startPostgres } from "../support/postgres.js";
import { createService } from "../support/service.js";
import { asExample } from "./services-stage.js";

interface Told {
  readonly reached?: string;
  readonly rows?: readonly string[];
}

test("an event is audited exactly once by PostgreSQL inside the process, though that is killed in the middle", async () => {
  const folder = await mkdtemp(join(tmpdir(), "messaging-audit-"));
  await auditThroughKills({ AUDIT_FOLDER: join(folder, "data"), DATABASE_URL: "" }, ["after its commit"]);
  await rm(folder, { recursive: true });
}, 60_000);

test.skipIf(!postgresAvailable)(
  "and by a PostgreSQL server",
  async () => {
    await using postgres = await startPostgres();
    await auditThroughKills({ DATABASE_URL: postgres.url }, ["before its commit", "after its commit"]);
  },
  60_000,
);

async function auditThroughKills(database: Record<string, string>, moments: readonly string[]): Promise<void> {
  await using redis = await startRedis();
  await using publisher = createService(redis);
  const ids = ["first", "second"].map(() => crypto.randomUUID());
  for (const [at, id] of ids.entries()) {
    await publishUserCreated(publisher, { entity_id: at + 1, after_data: { email: `${at}@example.com` } }, { id });
  }
  const startAudit = (moment: string): Promise<Child<Told>> =>
    startChild<Told>(new URL("audit-child.ts", import.meta.url), {
      environment: {
        ...asExample,
        ...database,
        REDIS_URL: redis.url,
        SERVICE_NAME: "audit-service",
        CONSUMER_LEASE: "0.6",
        STREAM_BLOCK_TIME: "50",
        STAND_STILL: moment,
      },
    });

  for (const moment of moments) {
    await using audit = await startAudit(moment);
    await audit.next(({ reached }) => reached === moment, { withinMs: 30_000 });
    audit.kill("SIGKILL");
    await audit.exited;
  }

  await using audit = await startAudit("never");
  const client = new Redis(redis.url);
  await eventually(
    () => client.xpending("events", "audit-service-workers") as Promise<[number]>,
    ([pending]) => pending === 0,
    { withinMs: 30_000, what: "the acknowledgement of both events" },
  );
  expect(await client.xinfo("GROUPS", "events")).toMatchObject([expect.arrayContaining(["audit-service-workers"])]);
  client.disconnect();
  audit.send("rows?");
  const { rows } = await audit.next(({ rows }) => rows !== undefined);
  expect([...(rows ?? [])].sort()).toEqual([...ids].sort());
}
