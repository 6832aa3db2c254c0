import { afterEach, describe, expect, it } from "vitest";
import {
  type HealthReport,
  healthReport,
  onServiceStarted,
  onServiceStopped,
  onUserCreated,
  publishUserCreated,
  type ServiceStarted,
  type ServiceStopped,
} from "../../../generated/index.js";
import { contractOf } from "../../../runtime/contract/contract.js";
import { createMessaging, type MessagingError } from "../../../runtime/index.js";
import { startRedis } from "../../../runtime/testing/redis/index.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService, logBook } from "../../support/service.js";

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

async function reports(): Promise<HealthReport[]> {
  const entries = await admin.xrange("health", "-", "+");
  return entries.map(([, fields]) => contractOf(healthReport).read(fields) as unknown as HealthReport);
}

describe("a service that announces itself", () => {
  it("says by itself that it started and that it stopped, as what and where", async () => {
    await using audit = createService(redis, { service: "audit" });
    const started: ServiceStarted[] = [];
    const stopped: ServiceStopped[] = [];
    onServiceStarted(audit, (event) => void started.push(event));
    onServiceStopped(audit, (event) => void stopped.push(event));
    await audit.start();
    const messaging = createService(redis, { service: "billing", version: "1.4.0", announce: true });
    onUserCreated(messaging, () => {});
    await messaging.start();
    await eventually(() => started.length === 1);
    expect(started[0]).toMatchObject({
      source_service: "billing",
      entity_id: "billing",
      after_data: { name: "billing", version: "1.4.0", environment: "development", instance_id: expect.any(String) },
    });
    await messaging.close();
    await eventually(() => stopped.length === 1);
    expect(stopped[0]?.after_data).toMatchObject({
      reason: "stopped in order",
      instance_id: started[0]?.after_data?.instance_id,
    });
    expect([started.length, stopped.length]).toEqual([1, 1]);
  });

  it("does so too when it only publishes, once for each start and stop, and although every message needs a company", async () => {
    const messaging = createService(redis, { announce: true, tenancy: "required" });
    for (let round = 0; round < 2; round++) {
      await messaging.start();
      await messaging.stop();
      await messaging.stop();
    }
    await messaging.close();
    const types = (await admin.xrange("events", "-", "+")).map(
      ([, fields]) => fields[fields.indexOf("event_type") + 1],
    );
    expect(types).toEqual(["service.started", "service.stopped", "service.started", "service.stopped"]);
  });

  it("says nothing when it was never started", async () => {
    const messaging = createService(redis, { announce: true, healthIntervalSeconds: 0.05 });
    await messaging.close();
    expect(await admin.keys("*")).toEqual([]);
  });

  it("starts and stops all the same when that cannot be told", async () => {
    const log = logBook();
    const away = { url: "redis://127.0.0.1:1" };
    const quick = { connectionTimeoutSeconds: 0.1 };
    const told = new Set<string>();
    const hooks = { trouble: ({ what }: { readonly what: string }) => void told.add(what) };
    const options = { announce: true, healthIntervalSeconds: 0.05, redis: quick, logger: log, hooks };
    const messaging = createService(away, options);
    await messaging.start();
    await eventually(() => ["publishing service.started", "publishing health.report"].every((what) => told.has(what)));
    await messaging.close();
    // Of a Redis that is away one line is enough, and one with the number of the others.
    expect(log.lines.filter(({ text }) => text.endsWith("failed; trying again"))).toHaveLength(2);
  });
});

it("a service closes at once while Redis is away, and what it would still publish fails", async () => {
  await using server = await startRedis();
  const troubles: string[] = [];
  const hooks = { trouble: ({ what }: { readonly what: string }) => void troubles.push(what) };
  const patient = { connectionTimeoutSeconds: 1000 };
  const messaging = createService(server, { announce: true, healthIntervalSeconds: 0.1, redis: patient, hooks });
  onUserCreated(messaging, () => {});
  await messaging.start();
  await server.kill();
  await eventually(() => messaging.counts.disconnected > 0);
  const outcome = publishUserCreated(messaging, { entity_id: 1, after_data: { email: "user@example.com" } }).then(
    () => "stored",
    (error: MessagingError) => error.code,
  );

  await messaging.close();
  expect(await outcome).toBe("REDIS_UNAVAILABLE");
  expect(troubles).toContain("publishing service.stopped");
});

describe("a service that reports its health", () => {
  it("does so at once and on its interval, until it stops", async () => {
    const messaging = createService(redis, { service: "billing", version: "1.4.0", healthIntervalSeconds: 0.05 });
    onUserCreated(messaging, () => {});
    await messaging.start();
    const seen = await eventually(reports, ({ length }) => length >= 3);
    expect(seen[2]).toMatchObject({
      service_name: "billing",
      status: "healthy",
      version: "1.4.0",
      uptime_seconds: expect.any(Number),
      details: {
        redis: { connected: true, latency_ms: expect.any(Number) },
        streams: { events: { group: "billing-workers", loop: "reading", lag: 0, pending: 0, dead_letters: 0 } },
        counts: { published: expect.any(Number) },
      },
    });
    await messaging.close();
    const count = await admin.xlen("health");
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(await admin.xlen("health")).toBe(count);
  });

  it("has done so when it is closed, however soon that is", async () => {
    const messaging = createService(redis, { healthIntervalSeconds: 3600 });
    await messaging.start();
    await messaging.close();
    expect(await admin.xlen("health")).toBe(1);
    expect(messaging.counts.trouble).toBe(0);
  });

  it("stops doing so also when it handles nothing", async () => {
    await using messaging = createService(redis, { healthIntervalSeconds: 0.05 });
    await messaging.start();
    await eventually(reports, ({ length }) => length >= 2);
    await messaging.stop();
    const count = await admin.xlen("health");
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(await admin.xlen("health")).toBe(count);
  });
});

describe("a service that was told neither", () => {
  it("says nothing by itself", async () => {
    const messaging = createService(redis);
    onUserCreated(messaging, () => {});
    await messaging.start();
    await messaging.close();
    expect(await admin.xlen("events")).toBe(0);
    expect(await admin.exists("health")).toBe(0);
  });

  it("nor one whose catalogue has no message for it", async () => {
    const settings = { announce: true, healthIntervalSeconds: 0.05, redis: { url: redis.url }, env: {} };
    const messaging = createMessaging({ service: "bare", logger: logBook(), ...settings });
    await messaging.start();
    await new Promise((resolve) => setTimeout(resolve, 120));
    await messaging.close();
    expect(await admin.keys("*")).toEqual([]);
    expect(messaging.counts.trouble).toBe(0);
  });
});
