import { afterEach, describe, expect, it } from "vitest";
import { type HealthReportInput, onUserCreated, publishHealthReport } from "../../../../generated/index.js";
import { HealthAlertBoard } from "../../../../runtime/operations/health/alert-board.js";
import {
  type HealthAlert,
  HealthCollector,
  type HealthCollectorOptions,
} from "../../../../runtime/operations/index.js";
import { startRedis } from "../../../../runtime/testing/redis/index.js";
import { eventually } from "../../../support/eventually.js";
import { useRedis } from "../../../support/redis.js";
import { createService } from "../../../support/service.js";

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

/** A collector, and the log of its alerts: `+` raised, `-` cleared. */
async function collecting(
  options: HealthCollectorOptions = {},
): Promise<{ collector: HealthCollector; log: string[]; troubles: string[] }> {
  const log: string[] = [];
  const troubles: string[] = [];
  const line = (sign: string, alert: HealthAlert): void =>
    void log.push(`${sign} ${alert.service} ${alert.rule}${"stream" in alert ? ` ${alert.stream}` : ""}`);
  const hooks = {
    raised: (alert: HealthAlert) => line("+", alert),
    cleared: (alert: HealthAlert) => line("-", alert),
    trouble: (what: string) => void troubles.push(what),
  };
  const collector = new HealthCollector({ env: {}, redis: { url: redis.url }, hooks, ...options });
  await collector.start();
  return { collector, log, troubles };
}

interface Told {
  readonly status?: HealthReportInput["status"];
  readonly lag?: number | null;
  readonly age?: number;
  readonly dead?: number;
}

/** A service's report, with only what matters to the rules. */
async function reports(service: string, { status = "healthy", lag = 0, age = 0, dead = 0 }: Told = {}): Promise<void> {
  await using messaging = createService(redis, { service });
  const events = { lag, oldest_pending_seconds: age, dead_letters: dead };
  await publishHealthReport(messaging, { status, details: { streams: { events } } });
}

/** As a service in another language reports, which tells nothing of its streams. */
async function pythonReports(status: string): Promise<void> {
  const fields = {
    service_name: "python",
    status,
    timestamp: "2026-11-23T10:26:43.639325",
    details: '{"version": "1"}',
  };
  await admin.xadd("health", "*", ...Object.entries(fields).flat(), "uptime_seconds", "3600", "version", "1.0.0");
}

describe("a health collector", () => {
  it("knows each service's last state, also of before it began, and needs no group", async () => {
    await reports("billing", { status: "unhealthy" });
    await reports("billing", { lag: 5 });
    await pythonReports("healthy");
    const { collector } = await collecting();
    expect(collector.services()).toEqual([
      {
        service: "billing",
        status: "healthy",
        reportedAt: expect.any(Date),
        silentSeconds: expect.any(Number),
        version: undefined,
        uptimeSeconds: undefined,
        details: { streams: { events: { lag: 5, oldest_pending_seconds: 0, dead_letters: 0 } } },
        alerts: [],
      },
      expect.objectContaining({ service: "python", version: "1.0.0", uptimeSeconds: 3600, details: { version: "1" } }),
    ]);
    await pythonReports("unhealthy");
    await eventually(() => collector.services()[1]?.status === "unhealthy");
    expect(await admin.xinfo("GROUPS", "health")).toEqual([]);
    await collector.close();
  });

  it("hears a service fall silent whose last report has an id in the future, and hears it again in a new stream", async () => {
    const report = ["service_name", "ahead", "status", "healthy", "timestamp", "2026-11-23T10:26:43Z"];
    await admin.xadd("health", "18446744073709551614-7", ...report);
    const { collector, log } = await collecting({ rules: { silentForSeconds: 0.2 } });
    await eventually(() => log.includes("+ ahead silentForSeconds"));
    expect(collector.services()[0]?.reportedAt.getTime()).toBeLessThanOrEqual(Date.now() + 1000);
    await admin.del("health");
    await eventually(async () => {
      await admin.xadd("health", "*", ...report);
      return log.includes("- ahead silentForSeconds");
    });
    await collector.close();
  });

  it("takes what real services report on their interval", async () => {
    const { collector } = await collecting({ rules: { unhealthy: true, lagAbove: 0, silentForSeconds: 60 } });
    await using messaging = createService(redis, { service: "real", version: "3.0.0", healthIntervalSeconds: 0.05 });
    onUserCreated(messaging, () => {});
    await messaging.start();
    const health = await eventually(() =>
      collector.services().find(({ details }) => JSON.stringify(details).includes('"lag":0')),
    );
    expect(health).toMatchObject({ service: "real", status: "healthy", version: "3.0.0", alerts: [] });
    await collector.close();
  });

  it("reads the environment's own stream, in either encoding, and passes over what is no health message", async () => {
    const settings = { environment: "staging", encoding: "json" } as const;
    await using messaging = createService(redis, { service: "shop", ...settings });
    const { collector, troubles } = await collecting({ environment: "staging" });
    await admin.xadd("staging:health", "*", "junk", "junk");
    await publishHealthReport(messaging, { status: "healthy" });
    await eventually(() => collector.services().length === 1);
    expect(collector.services()[0]?.service).toBe("shop");
    expect(troubles).toEqual([expect.stringMatching(/^reading the health message /)]);
    await collector.close();
  });
});

describe("an alert", () => {
  it("is raised once when its rule is broken, and cleared once when it holds again", async () => {
    const rules = { lagAbove: 10, pendingOlderThanSeconds: 60, unhealthy: true, deadLettersGrowing: true };
    const { collector, log } = await collecting({ rules });
    const expectLog = async (...lines: string[]): Promise<void> => {
      await eventually(() => log.length >= lines.length);
      expect(log.splice(0)).toEqual(lines);
    };
    await reports("a", { lag: 10, age: 60, dead: 3 });
    await reports("a", { lag: 11, age: 60, dead: 3 });
    await expectLog("+ a lagAbove events");
    await reports("a", { lag: 500, age: 61, dead: 3 });
    await expectLog("+ a pendingOlderThanSeconds events");
    expect(collector.services()[0]?.alerts).toEqual([
      { rule: "lagAbove", service: "a", stream: "events", lag: 11, limit: 10 },
      { rule: "pendingOlderThanSeconds", service: "a", stream: "events", seconds: 61, limit: 60 },
    ]);
    await reports("b", { status: "unhealthy", lag: null });
    await expectLog("+ b unhealthy");
    await reports("a", { dead: 4 });
    await expectLog("- a lagAbove events", "- a pendingOlderThanSeconds events", "+ a deadLettersGrowing events");
    await reports("a", { dead: 6 });
    await reports("a", { dead: 6 });
    await expectLog("- a deadLettersGrowing events");
    await reports("b");
    await expectLog("- b unhealthy");
    await pythonReports("unhealthy");
    await expectLog("+ python unhealthy");
    expect(collector.alerts()).toEqual([{ rule: "unhealthy", service: "python" }]);
    collector.forget("python");
    await expectLog("- python unhealthy");
    expect(collector.services().map(({ service }) => service)).toEqual(["a", "b"]);
    await collector.close();
  });

  it("of silence is raised for who falls silent, and cleared when it speaks again", async () => {
    const { collector, log } = await collecting({ rules: { silentForSeconds: 0.5 } });
    await pythonReports("healthy");
    await eventually(() => log.length === 1);
    await pythonReports("healthy");
    await eventually(() => log.length === 2);
    expect(log).toEqual(["+ python silentForSeconds", "- python silentForSeconds"]);
    await collector.close();
  });

  it("that stood when the collector began is raised, and one that was mended before is not", async () => {
    await reports("mended", { status: "unhealthy", lag: 50 });
    await reports("mended", { dead: 7 });
    await reports("broken", { status: "unhealthy" });
    const { collector, log } = await collecting({ rules: { lagAbove: 10, unhealthy: true, deadLettersGrowing: true } });
    expect(log).toEqual(["+ broken unhealthy"]);
    await collector.close();
  });

  it("whose hook throws ends nothing", async () => {
    let calls = 0;
    const raised = (): void => {
      calls += 1;
      throw new Error("the pager is broken");
    };
    const { collector } = await collecting({ rules: { unhealthy: true }, hooks: { raised } });
    await reports("a", { status: "unhealthy" });
    await reports("b", { status: "unhealthy" });
    await eventually(() => calls === 2);
    await collector.close();
  });
});

describe("a collector whose Redis goes away", () => {
  it("goes on when it is back, and blames no service for the outage", async () => {
    await using own = await startRedis({ persistent: true });
    const quick = { url: own.url, connectionTimeoutSeconds: 0.3, socketTimeoutSeconds: 0.3 };
    const { collector, log, troubles } = await collecting({ redis: quick, rules: { silentForSeconds: 3 } });
    await using messaging = createService(own, { service: "billing" });
    await publishHealthReport(messaging, { status: "healthy" });
    await eventually(() => collector.services().length === 1);
    await own.kill();
    await eventually(() => troubles.length > 1);
    // Longer than the limit, which is longer than a service may wait between two attempts to connect.
    await new Promise((resolve) => setTimeout(resolve, 3200));
    await own.restart();
    await eventually(() => publishHealthReport(messaging, { status: "unhealthy" }));
    await eventually(() => collector.services()[0]?.status === "unhealthy");
    expect(log).toEqual([]);
    await collector.close();
  });

  it("starts without it, and ends while it is away", async () => {
    const away = { url: "redis://127.0.0.1:1", connectionTimeoutSeconds: 0.1 };
    const { collector, troubles } = await collecting({ redis: away });
    expect(collector.services()).toEqual([]);
    expect(troubles.length).toBeGreaterThan(0);
    await collector.close();
    await collector.close();
  });
});

describe("a collector on a stream on which anyone writes what he likes", () => {
  const add = (name: string, details = "{}"): string[] => {
    const report = { service_name: name, status: "healthy", timestamp: "2026-01-01T00:00:00Z", details };
    return Object.entries(report).flat();
  };

  it("knows a thousand services, keeps those that it knows, and says when there are more", async () => {
    await reports("real");
    const { collector, troubles } = await collecting();
    const adding = admin.pipeline();
    for (let at = 0; at < 1500; at++) adding.xadd("health", "*", ...add(`invented-${at}`));
    await adding.exec();
    await reports("real", { status: "unhealthy" });
    await eventually(() => collector.services().some(({ status }) => status === "unhealthy"));
    expect(collector.services()).toHaveLength(1000);
    expect(troubles).toHaveLength(501);
    collector.forget("invented-7");
    await reports("new");
    await eventually(() => collector.services().some(({ service }) => service === "new"));
    await collector.close();
  });

  it("passes over a report of more than 64 KiB", async () => {
    const { collector, troubles } = await collecting();
    await admin.xadd("health", "*", ...add("huge", JSON.stringify({ of: "x".repeat(65_536) })));
    await reports("real");
    await eventually(() => collector.services().length === 1);
    expect(troubles).toEqual([expect.stringMatching(/^reading the health message/)]);
    await collector.close();
  });
});

describe("the board of alerts", () => {
  it("does as much work for a service as it has alerts, however many others have", () => {
    const told: string[] = [];
    const raised = ({ service }: HealthAlert): void => void told.push(service);
    const board = new HealthAlertBoard(raised, raised);
    for (let at = 0; at < 15_000; at++)
      board.settle(`service-${at}`, [{ rule: "unhealthy", service: `service-${at}` }]);
    // With a walk over all alerts for each service this would be 225 million steps.
    for (let at = 0; at < 15_000; at++) board.settle(`service-${at}`, board.of(`service-${at}`));
    expect(told).toHaveLength(15_000);
    expect(board.all()).toHaveLength(15_000);
    for (let at = 0; at < 15_000; at++) board.settle(`service-${at}`, []);
    expect(told).toHaveLength(30_000);
    expect(board.all()).toEqual([]);
  });
});
