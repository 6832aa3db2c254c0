import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { afterEach, describe, expect, it } from "vitest";
import { onUserCreated, onUserDeleted, publishUserCreated, publishUserDeleted } from "../../generated/index.js";
import { createTestMessaging } from "../../generated/testing.js";
import { UnrecoverableError } from "../../runtime/index.js";
import { relayPartsOf } from "../../runtime/publish/relayable.js";
import { METRICS } from "../../runtime/telemetry/metric.js";
import { openTelemetry } from "../../runtime/telemetry/otel/index.js";
import { prometheus } from "../../runtime/telemetry/prometheus/index.js";
import { eventually } from "../support/eventually.js";
import { samplesIn } from "../support/exposition.js";
import { hasPrometheus, startPrometheus } from "../support/prometheus.js";
import { useRedis } from "../support/redis.js";
import { createService, logBook } from "../support/service.js";
import { testTelemetry } from "../support/telemetry.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const rulesFile = join(root, "docs/observability/alerts.yml");
const rules = readFileSync(rulesFile, "utf8");
const page = readFileSync(join(root, "docs/observability.md"), "utf8");
const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name = ""]) => name);
const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

/** Series of a minute's steps, as promtool writes them: `0+1x30` begins with 0 and grows 30 times by 1. */
interface Case {
  readonly series: Readonly<Record<string, string>>;
  /** The minute in which the alert is looked for. */
  readonly at: number;
}

const group = '{merp_service="s",messaging_destination_name="events",messaging_consumer_group_name="s-workers"}';
const service = '{merp_service="s",instance="a"}';
const of = (event: string): string => `merp_messaging_events_total{merp_service="s",merp_event="${event}"}`;
const dead = (type: string): string =>
  `merp_messaging_dead_lettered_total{merp_service="s",messaging_destination_name="events",error_type="${type}"}`;
const one = (name: string, values: string, at: number): Case => ({ series: { [name]: values }, at });

/** Of each alert, what sets it off, and what comes close and does not. */
const cases: Readonly<Record<string, { readonly fires: readonly Case[]; readonly silent: readonly Case[] }>> = {
  MessagingHealthMissing: {
    fires: [one(`merp_messaging_healthy${service}`, "1x5 _x40", 20)],
    silent: [one(`merp_messaging_healthy${service}`, "1x40", 20)],
  },
  MessagingUnhealthy: {
    fires: [one(`merp_messaging_healthy${service}`, "0x20", 10)],
    silent: [one(`merp_messaging_healthy${service}`, "1x9 0 1x20", 12)],
  },
  MessagingRedisDisconnected: {
    fires: [one(`merp_messaging_redis_connected${service}`, "0x20", 10)],
    silent: [one(`merp_messaging_redis_connected${service}`, "1x20", 10)],
  },
  MessagingConsumerStuck: {
    fires: [one(`merp_messaging_consuming${group}`, "0x20", 10)],
    silent: [one(`merp_messaging_consuming${group}`, "1x20", 10)],
  },
  MessagingConsumerDead: {
    fires: [{ series: { [`merp_messaging_lag${group}`]: "0+10x40", [of("handled")]: "7x40" }, at: 30 }],
    silent: [
      { series: { [`merp_messaging_lag${group}`]: "0+10x40", [of("handled")]: "7+1x40" }, at: 30 },
      { series: { [`merp_messaging_lag${group}`]: "9x40", [of("handled")]: "7x40" }, at: 30 },
    ],
  },
  MessagingGroupUnserved: {
    fires: [
      one(`merp_messaging_group_unserved_total${group}`, "_x9 1x20", 15),
      one(`merp_messaging_group_unserved_total${group}`, "1x99 2x20", 105),
    ],
    silent: [one(`merp_messaging_group_unserved_total${group}`, "1x200", 150)],
  },
  MessagingOldestPendingOld: {
    fires: [one(`merp_messaging_oldest_pending_seconds${group}`, "0+60x60", 25)],
    silent: [one(`merp_messaging_oldest_pending_seconds${group}`, "0+60x10 0x60", 25)],
  },
  MessagingDeadLettersGrow: {
    fires: [
      one(`merp_messaging_dead_letters${group}`, "3x60 4x20", 65),
      one(`merp_messaging_dead_letters${group}`, "_x9 1x20", 15),
    ],
    silent: [one(`merp_messaging_dead_letters${group}`, "3x60 2x20", 65)],
  },
  MessagingDeadLettersForgotten: {
    fires: [one(`merp_messaging_oldest_dead_letter_seconds${group}`, "700000x5", 3)],
    silent: [one(`merp_messaging_oldest_dead_letter_seconds${group}`, "500000x5", 3)],
  },
  MessagingRetriesHigh: {
    fires: [
      { series: { [of("retried")]: "0+20x60", [of("handled")]: "0+80x60", [of("handlerFailed")]: "0+20x60" }, at: 40 },
    ],
    silent: [
      { series: { [of("retried")]: "0+2x60", [of("handled")]: "0+98x60", [of("handlerFailed")]: "0+2x60" }, at: 40 },
    ],
  },
  MessagingContractViolations: {
    fires: [one(dead("CONTRACT_VIOLATED"), "_x9 1x60", 12), one(dead("ENTRY_UNREADABLE"), "1x59 2x20", 65)],
    silent: [one(dead("TypeError"), "_x9 1x60", 12), one(dead("CONTRACT_VIOLATED"), "1x60", 50)],
  },
  MessagingOutboxLate: {
    fires: [one(`merp_messaging_outbox_oldest_waiting_seconds${service}`, "0+60x20", 10)],
    silent: [one(`merp_messaging_outbox_oldest_waiting_seconds${service}`, "0+60x3 0x20", 10)],
  },
  MessagingOutboxRefused: {
    fires: [one(`merp_messaging_outbox_refused${service}`, "0x5 1x20", 10)],
    silent: [one(`merp_messaging_outbox_refused${service}`, "0x20", 10)],
  },
  MessagingHeartbeatUnconfirmed: {
    fires: [one(`merp_messaging_heartbeat_confirmed${service}`, "0x20", 10)],
    silent: [one(`merp_messaging_heartbeat_confirmed${service}`, "1x20", 10)],
  },
  MessagingLeaseLost: { fires: [one(of("overtaken"), "0x20 3x20", 25)], silent: [one(of("overtaken"), "3x60", 50)] },
  MessagingEntriesMissed: {
    fires: [one(of("entriesMissed"), "0x20 1x20", 25)],
    silent: [one(of("entriesMissed"), "1x90", 80)],
  },
  MessagingEvictionPossible: {
    fires: [one(of("evictionPossible"), "0x20 1x20", 25)],
    silent: [one(of("evictionPossible"), "0x90", 80)],
  },
  MessagingRedisMemoryFull: {
    fires: [{ series: { redis_memory_used_bytes: "95x30", redis_memory_max_bytes: "100x30" }, at: 20 }],
    silent: [
      { series: { redis_memory_used_bytes: "80x30", redis_memory_max_bytes: "100x30" }, at: 20 },
      { series: { redis_memory_used_bytes: "95x30", redis_memory_max_bytes: "0x30" }, at: 20 },
    ],
  },
  MessagingRedisEvicts: {
    fires: [one("redis_evicted_keys_total", "0x20 4x20", 25)],
    silent: [one("redis_evicted_keys_total", "4x60", 40)],
  },
};

/** What promtool tests: each case alone. */
function promtoolTests(): object {
  const tests = Object.entries(cases).flatMap(([alert, { fires, silent }]) =>
    [...fires.map((each) => ({ ...each, count: 1 })), ...silent.map((each) => ({ ...each, count: 0 }))].map(
      ({ series, at, count }, index) => ({
        name: `${alert} ${index}`,
        interval: "1m",
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
        promql_expr_test: [
          {
            expr: `count(ALERTS{alertname="${alert}",alertstate="firing"}) or vector(0)`,
            eval_time: `${at}m`,
            exp_samples: [{ labels: "{}", value: count }],
          },
        ],
      }),
    ),
  );
  return { rule_files: [rulesFile], evaluation_interval: "2m", tests };
}

describe.skipIf(!hasPrometheus)("the alert rules (Prometheus: apt-get install prometheus)", () => {
  it("are sound, and each fires for its sickness and is silent without it", () => {
    expect(Object.keys(cases).toSorted()).toEqual(alerts.toSorted());
    const checked = spawnSync("promtool", ["check", "rules", rulesFile], { encoding: "utf8" });
    expect([checked.status, checked.stdout + checked.stderr]).toEqual([0, expect.stringContaining("SUCCESS")]);
    const folder = mkdtempSync(join(tmpdir(), "merp-rules-"));
    try {
      writeFileSync(join(folder, "test.yml"), JSON.stringify(promtoolTests()));
      const tested = spawnSync("promtool", ["test", "rules", "test.yml"], { cwd: folder, encoding: "utf8" });
      expect([tested.status, tested.stdout + tested.stderr]).toEqual([0, expect.stringContaining("SUCCESS")]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 60_000);

  it("fire in a Prometheus that scrapes a service which receives what breaks its contract", async () => {
    const metrics = prometheus();
    await using messaging = createService(redis, { service: "billing", extensions: [metrics] });
    onUserCreated(messaging, () => {});
    await messaging.start();
    const server = createServer((_request, response) => {
      void metrics.text().then((text) => response.setHeader("content-type", metrics.contentType).end(text));
    }).listen(0, "127.0.0.1");
    try {
      await eventually(() => server.listening);
      const { port } = server.address() as AddressInfo;
      await using running = await startPrometheus(`127.0.0.1:${port}`, rulesFile);
      await admin.xadd("events", "*", "event_type", "user.created", "after_data", "{}");
      const fired = await eventually(
        async () => (await running.alerts()).filter(({ state }) => state === "firing"),
        (found) => found.length >= 2,
        { everyMs: 100 },
      );
      const found = Object.fromEntries(fired.map(({ labels: { alertname = "", ...labels } }) => [alertname, labels]));
      expect(found).toEqual({
        MessagingContractViolations: expect.objectContaining({
          merp_service: "billing",
          error_type: "CONTRACT_VIOLATED",
        }),
        MessagingDeadLettersGrow: expect.objectContaining({ messaging_consumer_group_name: "billing-workers" }),
      });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }, 20_000);
});

describe("the recipe for KEDA", () => {
  const trigger = (name: string): string | undefined => new RegExp(`^ +${name}: "?([^"\n]+)"?$`, "m").exec(page)?.[1];
  /** What the scaler reads: the field of `XINFO GROUPS`, and the first number of `XPENDING`. */
  const lag = async (): Promise<unknown> => {
    const groups = (await admin.xinfo("GROUPS", trigger("stream") ?? "")) as unknown[][];
    const ours = groups.find((fields) => fields[fields.indexOf("name") + 1] === trigger("consumerGroup")) ?? [];
    return ours[ours.indexOf("lag") + 1];
  };
  const pending = async (): Promise<unknown> =>
    ((await admin.xpending(trigger("stream") ?? "", trigger("consumerGroup") ?? "")) as unknown[])[0];

  it("names the stream and the group of its service, whose lag is what waits, and not what is retried", async () => {
    const stopped = createService(redis, { service: "billing-service" });
    onUserCreated(stopped, () => {});
    await stopped.start();
    await stopped.close();
    await using messaging = createService(redis, { service: "billing-service", retryDelaySeconds: 60 });
    for (let id = 1; id <= 3; id++) {
      await publishUserCreated(messaging, { entity_id: id, after_data: { email: "ada@example.com" } });
    }
    expect([await lag(), await pending()]).toEqual([3, 0]);
    onUserCreated(messaging, ({ entity_id }) => {
      if (entity_id === 2) throw new Error("not yet");
    });
    await messaging.start();
    await eventually(async () => (await pending()) === 1 && messaging.counts.retried === 1);
    expect([await lag(), await pending()]).toEqual([0, 1]);
    expect((await messaging.health()).details.streams["events"]).toMatchObject({ lag: 0, pending: 1, retrying: 1 });
  });

  it("is right that the lag is unknown once somebody has deleted what was not read", async () => {
    await admin.xgroup("CREATE", trigger("stream") ?? "", trigger("consumerGroup") ?? "", "0", "MKSTREAM");
    const ids = [];
    for (let id = 1; id <= 3; id++) ids.push(await admin.xadd("events", "*", "n", id));
    await admin.xdel("events", ids[1] as string);
    expect(await lag()).toBeNull();
  });
});

/** The metrics that a service exposes which has done a bit of everything: by the text, and by OpenTelemetry's exporter. */
async function exposed(): Promise<{ readonly text: ReadonlySet<string>; readonly otel: ReadonlySet<string> }> {
  const telemetry = testTelemetry();
  const metrics = prometheus();
  const extensions = [openTelemetry(telemetry), metrics];
  await using messaging = createTestMessaging({ service: "billing", logger: logBook(), extensions });
  onUserCreated(messaging, () => {
    throw new UnrecoverableError("no");
  });
  onUserDeleted(messaging, () => {});
  relayPartsOf(messaging)?.tellOf(async () => ({ waiting: 1, oldest_waiting_seconds: 1, refused: 0, advice: [] }));
  await messaging.start();
  await publishUserCreated(messaging, { entity_id: 1, after_data: { email: "ada@example.com" } });
  await publishUserDeleted(messaging, { entity_id: 1 });
  await messaging.settled();
  const scopeMetrics = [{ scope: { name: "" }, metrics: await telemetry.metrics() }];
  const serialized = new PrometheusSerializer().serialize({
    resource: { attributes: {} },
    scopeMetrics,
  } as unknown as ResourceMetrics);
  const namesIn = (text: string): ReadonlySet<string> => new Set(samplesIn(text).map(({ name }) => name));
  // Nothing in this process makes a group unserved.
  const unserved = "merp_messaging_group_unserved_total";
  return {
    text: new Set([...namesIn(await metrics.text()), unserved]),
    otel: new Set([...namesIn(serialized), unserved]),
  };
}

/** What redis_exporter exposes, and the rules use. */
const OF_REDIS = ["redis_memory_used_bytes", "redis_memory_max_bytes", "redis_evicted_keys_total"];

describe("the metrics", () => {
  it("of the alert rules are exposed, with and without OpenTelemetry", async () => {
    const { text, otel } = await exposed();
    const used = [...new Set(rules.match(/\b(?:merp|messaging|redis)_\w+(?=[{[ )\n])/g))].filter(
      (name) =>
        !/^(?:merp_service|merp_event|messaging_(?:destination|consumer_group)_name|redis_exporter)$/.test(name),
    );
    expect(used.length).toBeGreaterThan(10);
    expect(used.filter((name) => !text.has(name) && !OF_REDIS.includes(name))).toEqual([]);
    expect(used.filter((name) => !otel.has(name) && !OF_REDIS.includes(name))).toEqual([]);
  });

  it("of the dashboard are exposed, and without OpenTelemetry all but those of its last row", async () => {
    const dashboard = JSON.parse(readFileSync(join(root, "docs/observability/dashboard.json"), "utf8")) as Dashboard;
    const { text, otel } = await exposed();
    const last = dashboard.panels.findLastIndex(({ type }) => type === "row");
    for (const [at, { title, targets = [] }] of dashboard.panels.entries()) {
      const names = targets.flatMap(({ expr }) => metricsIn(expr));
      const available = at > last ? otel : text;
      const missing = names.filter((name) => ![...available].some((one) => new RegExp(`^(?:${name})$`).test(one)));
      expect([title, missing, targets.length === 0 || names.length > 0]).toEqual([title, [], true]);
    }
    expect(dashboard.panels.length).toBeGreaterThan(15);
  });

  it("and the alerts are those of the documentation", () => {
    const rows = [...page.matchAll(/^\| `(merp\.[\w.]+)` \| (\w+) \| `([^`]+)` \|/gm)].map(([, ...row]) => row);
    const own = METRICS.map(({ name, kind, unit }) => [name, kind, unit]);
    expect(rows).toEqual([...own, ["merp.messaging.in_flight", "gauge", "{message}"]]);
    const documented = [...page.matchAll(/^\| `(Messaging\w+)` \|/gm)].map(([, name]) => name);
    expect(documented).toEqual(alerts);
  });
});

interface Dashboard {
  readonly panels: readonly {
    readonly type: string;
    readonly title: string;
    readonly targets?: readonly { readonly expr: string }[];
  }[];
}

/** The metrics of an expression, as regular expressions. */
function metricsIn(expr: string): readonly string[] {
  const matched = [...expr.matchAll(/__name__=~"([^"]+)"/g)].map(([, pattern = ""]) => pattern);
  const named = expr.match(/\bmerp_messaging_\w+(?=\{)/g) ?? [];
  return [...matched, ...named];
}
