import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import type { MetricData, ResourceMetrics } from "@opentelemetry/sdk-metrics";
import * as conventions from "@opentelemetry/semantic-conventions/incubating";
import { describe, expect, it } from "vitest";
import {
  handleCreateUser,
  handleValidateToken,
  onUserCreated,
  onUserDeleted,
  publishUserCreated,
  publishUserDeleted,
  sendCreateUser,
  sendValidateToken,
  userDeleted,
} from "../../../generated/index.js";
import { createTestMessaging, exampleCreateUser, exampleUserCreated } from "../../../generated/testing.js";
import { relayPartsOf } from "../../../runtime/publish/relayable.js";
import { METRICS } from "../../../runtime/telemetry/metric.js";
import { openTelemetry } from "../../../runtime/telemetry/otel/index.js";
import { expositionOf } from "../../../runtime/telemetry/prometheus/exposition.js";
import { prometheus } from "../../../runtime/telemetry/prometheus/index.js";
import type { TestMessaging, TestMessagingOptions } from "../../../runtime/testing/index.js";
import { Canaries } from "../../support/canaries.js";
import { samplesIn } from "../../support/exposition.js";
import { logBook } from "../../support/service.js";
import { type TestTelemetry, testTelemetry, useContexts } from "../../support/telemetry.js";

useContexts();

const user = { entity_id: 1, after_data: { email: "ada@example.com" } };
const place = { "messaging.destination.name": "events", "messaging.consumer.group.name": "billing-workers" };

function measured(options: TestMessagingOptions = {}): {
  readonly messaging: TestMessaging;
  readonly telemetry: TestTelemetry;
  readonly metrics: ReturnType<typeof prometheus>;
} {
  const telemetry = testTelemetry();
  const metrics = prometheus();
  const extensions = [openTelemetry(telemetry), metrics];
  const messaging = createTestMessaging({ service: "billing", logger: logBook(), extensions, ...options });
  return { messaging: messaging as unknown as TestMessaging, telemetry, metrics };
}

/** The values of a metric, each with its attributes. A histogram's value is its count. */
function valuesOf(metrics: readonly MetricData[], name: string): readonly unknown[] {
  const points = metrics.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? [];
  return points.map(({ value, attributes }) => [
    typeof value === "number" ? value : (value as { count: number }).count,
    attributes,
  ]);
}

describe("the metrics of the conventions", () => {
  it("count and measure what is sent and handled, with the class of an error", async () => {
    const { messaging, telemetry } = measured({ maxRetries: 0 });
    await using _ = messaging;
    onUserCreated(messaging, () => {
      throw new TypeError("no account");
    });
    onUserDeleted(messaging, () => {});
    await messaging.start();
    await publishUserCreated(messaging, user);
    await messaging.publishAll(userDeleted, [{ entity_id: 1 }, { entity_id: 2 }]);
    await expect(publishUserCreated(messaging, {} as never)).rejects.toThrow("breaks its contract");
    await messaging.settled();

    const metrics = await telemetry.metrics();
    const sent = (type: string): object => ({
      [conventions.ATTR_MESSAGING_SYSTEM_NAME]: "redis",
      [conventions.ATTR_MESSAGING_OPERATION_NAME]: "publish",
      [conventions.ATTR_MESSAGING_OPERATION_TYPE]: "send",
      [conventions.ATTR_MESSAGING_DESTINATION_NAME]: "events",
      "merp.message.type": type,
    });
    const refused = { ...sent("user.created"), [conventions.ATTR_ERROR_TYPE]: "CONTRACT_VIOLATED" };
    expect(valuesOf(metrics, conventions.METRIC_MESSAGING_CLIENT_SENT_MESSAGES)).toEqual([
      [1, sent("user.created")],
      [1, refused],
      [2, sent("user.deleted")],
    ]);
    expect(valuesOf(metrics, conventions.METRIC_MESSAGING_CLIENT_OPERATION_DURATION)).toEqual([
      [1, sent("user.created")],
      [1, sent("user.deleted")],
      [1, refused],
    ]);
    const handled = (type: string): object => ({
      ...place,
      [conventions.ATTR_MESSAGING_SYSTEM_NAME]: "redis",
      [conventions.ATTR_MESSAGING_OPERATION_NAME]: "process",
      "merp.message.type": type,
    });
    const failed = { ...handled("user.created"), [conventions.ATTR_ERROR_TYPE]: "TypeError" };
    for (const name of [
      conventions.METRIC_MESSAGING_CLIENT_CONSUMED_MESSAGES,
      conventions.METRIC_MESSAGING_PROCESS_DURATION,
    ]) {
      expect(valuesOf(metrics, name)).toEqual([
        [1, failed],
        [2, handled("user.deleted")],
      ]);
    }
    const units = Object.fromEntries(metrics.map(({ descriptor: { name, unit } }) => [name, unit]));
    expect(units).toMatchObject({
      [conventions.METRIC_MESSAGING_CLIENT_SENT_MESSAGES]: "{message}",
      [conventions.METRIC_MESSAGING_CLIENT_CONSUMED_MESSAGES]: "{message}",
      [conventions.METRIC_MESSAGING_CLIENT_OPERATION_DURATION]: "s",
      [conventions.METRIC_MESSAGING_PROCESS_DURATION]: "s",
    });
  });

  it("tell few errors apart, whatever handlers throw", async () => {
    const { messaging, telemetry } = measured({ maxRetries: 0 });
    await using _ = messaging;
    let thrown = 0;
    onUserDeleted(messaging, () => {
      const error = new Error("no");
      error.name = ++thrown === 1 ? "User ada@example.com" : `Error${thrown}`;
      throw thrown === 2 ? "a text" : error;
    });
    await messaging.start();
    for (let at = 0; at < 80; at++) await publishUserDeleted(messaging, { entity_id: at + 1 });
    await messaging.settled();
    const points = valuesOf(await telemetry.metrics(), conventions.METRIC_MESSAGING_PROCESS_DURATION);
    const types = points.map((point) => (point as [number, Record<string, string>])[1]["error.type"]);
    expect(types.length).toBeLessThanOrEqual(51);
    expect(types).toContain("_OTHER");
    expect(types.join()).not.toContain("ada");
  });
});

describe("the metrics of a messaging's health", () => {
  it("are the same for OpenTelemetry and for Prometheus, by name, labels and value", async () => {
    const { messaging, telemetry, metrics } = measured({ maxRetries: 1, retryDelaySeconds: 60 });
    await using _ = messaging;
    onUserCreated(messaging, () => {
      throw new TypeError("no account");
    });
    onUserDeleted(messaging, () => new Promise(() => {}));
    relayPartsOf(messaging)?.tellOf(async () => ({ waiting: 2, oldest_waiting_seconds: 1.5, refused: 1, advice: [] }));
    await messaging.start();
    await publishUserCreated(messaging, user);
    await messaging.settled();
    await messaging.time.advance("90s");
    await publishUserCreated(messaging, user);
    await messaging.settled();
    await publishUserDeleted(messaging, { entity_id: 1 });
    await messaging.time.advance("1s");

    const collected = await telemetry.metrics();
    const whole = { resource: { attributes: {} }, scopeMetrics: [{ scope: { name: "" }, metrics: collected }] };
    const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);
    const ofOtel = samplesIn(serializer.serialize(whole as unknown as ResourceMetrics));
    const ofText = samplesIn(await metrics.text());
    const names = [...new Set(ofText.map(({ name }) => name))];
    expect(names).toEqual(
      METRICS.map(({ name, kind }) => `${name.replaceAll(".", "_")}${kind === "counter" ? "_total" : ""}`).filter(
        (name) => !/unserved/.test(name),
      ),
    );
    const stable = ({ name }: { readonly name: string }): boolean => !/latency/.test(name);
    for (const sample of ofText.filter(stable)) expect(ofOtel).toContainEqual(sample);

    const stream = {
      merp_service: "billing",
      messaging_destination_name: "events",
      messaging_consumer_group_name: "billing-workers",
    };
    const read = (name: string, labels: object): unknown =>
      ofOtel.find(
        (sample) =>
          sample.name === `merp_messaging_${name}` &&
          Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
      )?.value;
    expect(read("in_flight", stream)).toBe(1);
    expect(read("pending", stream)).toBe(2);
    expect(read("parked", stream)).toBe(1);
    expect(read("lag", stream)).toBe(0);
    expect(read("dead_letters", stream)).toBe(1);
    expect(read("consuming", stream)).toBe(1);
    expect(read("oldest_pending_seconds", stream)).toBe(1);
    expect(read("dead_lettered_total", { ...stream, error_type: "TypeError" })).toBe(1);
    expect(read("events_total", { merp_service: "billing", merp_event: "retried" })).toBe(2);
    expect(read("healthy", { merp_service: "billing" })).toBe(1);
  });

  it("leave out what is unknown", async () => {
    const { messaging, metrics } = measured();
    await using _ = messaging;
    expect(await metrics.text()).not.toContain("merp_messaging_lag{");
    expect(await metrics.text()).toContain('merp_messaging_redis_connected{merp_service="billing"} 1');
  });

  it("end with the messaging, but what was counted is told to the last", async () => {
    const { messaging, telemetry, metrics } = measured();
    await publishUserDeleted(messaging, { entity_id: 1 });
    await messaging.close();
    expect(await metrics.text()).toBe("");
    const collected = await telemetry.metrics();
    const told = collected.filter(({ dataPoints }) => dataPoints.length > 0).map(({ descriptor }) => descriptor.name);
    expect(told.toSorted()).toEqual([
      "merp.messaging.events",
      conventions.METRIC_MESSAGING_CLIENT_OPERATION_DURATION,
      conventions.METRIC_MESSAGING_CLIENT_SENT_MESSAGES,
    ]);
    const published = { "merp.service": "billing", "merp.event": "published" };
    expect(valuesOf(collected, "merp.messaging.events")).toContainEqual([1, published]);
  });

  it("are those of every messaging that the same extension was given to", async () => {
    const metrics = prometheus();
    await using _one = createTestMessaging({ service: "one", logger: logBook(), extensions: [metrics] });
    await using _two = createTestMessaging({ service: "two", logger: logBook(), extensions: [metrics] });
    const healthy = samplesIn(await metrics.text()).filter(({ name }) => name === "merp_messaging_healthy");
    expect(healthy.map(({ labels }) => labels["merp_service"])).toEqual(["one", "two"]);
    expect(metrics.contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
  });
});

describe("the text for Prometheus", () => {
  it("escapes what is in a label", () => {
    const odd = 'back\\slash, "quotes" and\na line';
    const metric = {
      name: "a.b",
      kind: "counter",
      unit: "{x}",
      description: "What it is.",
      read: () => [{ value: 2, labels: { "x.y": odd } }],
    } as const;
    const text = expositionOf([metric], [{} as never]);
    expect(text.split("\n")).toHaveLength(4);
    expect(text).toMatch(/^# HELP a_b_total What it is.\n# TYPE a_b_total counter\n/);
    expect(samplesIn(text)).toEqual([{ name: "a_b_total", labels: { x_y: odd }, value: 2 }]);
  });
});

describe("sensitive values", () => {
  it("are in no span and in no metric, whatever fails", async () => {
    const canaries = new Canaries();
    const { messaging, telemetry, metrics } = measured({
      service: "user-auth-service",
      maxRetries: 1,
      retryDelaySeconds: 1,
    });
    await using _ = messaging;
    const secret = canaries.plant("a handler's error");
    onUserCreated(messaging, ({ after_data: { email } }) => {
      throw Object.assign(new Error(`${email} ${secret}`), { code: secret, name: email, cause: secret });
    });
    handleValidateToken(messaging, ({ payload: { token } }) => {
      throw new Error(token);
    });
    handleCreateUser(messaging, ({ payload }) => {
      throw new RangeError(payload.password);
    });
    await messaging.start();
    const event = exampleUserCreated({ after_data: { email: `${canaries.plant("an event")}@example.com` } });
    await publishUserCreated(messaging, { entity_id: 1, after_data: event.after_data });
    await messaging.settled();
    await messaging.time.advance("10m");
    await sendValidateToken(messaging, { token: canaries.plant("a command") }).catch(() => {});
    const { payload } = exampleCreateUser();
    const password = canaries.plant("a password");
    const created = { ...payload, email: `${canaries.plant("an address")}@example.com`, password };
    await sendCreateUser(messaging, created).catch(() => {});
    await sendCreateUser(messaging, { ...created, password: [password] } as never).catch(() => {});
    await publishUserCreated(messaging, { entity_id: 1, after_data: { email: canaries.plant("no address") } }).catch(
      () => {},
    );
    const wrong = { ...event, after_data: { email: canaries.plant("an entry") } };
    await messaging.replay({
      service: "other",
      messages: [{ kind: "event", type: "user.created", message: wrong } as never],
    });
    await messaging.settled();

    const spans = telemetry.spans();
    expect(new Set(spans.map(({ name }) => name)).size).toBeGreaterThan(5);
    for (const { name, attributes, events, links, status, resource } of spans) {
      canaries.hear({ name, attributes, events, links, status, resource: resource.attributes });
    }
    canaries.hear(await telemetry.metrics(), await metrics.text());
    expect(canaries.escaped()).toEqual([]);
  });
});
