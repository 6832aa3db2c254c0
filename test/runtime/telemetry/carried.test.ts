import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { afterEach, expect, it } from "vitest";
import {
  handleValidateToken,
  onUserCreated,
  onUserDeleted,
  publishUserCreated,
  publishUserDeleted,
  sendValidateToken,
} from "../../../generated/index.js";
import { Operations } from "../../../runtime/operations/index.js";
import { openTelemetry } from "../../../runtime/telemetry/otel/index.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";
import { idOf, linksOf, testTelemetry, traceOf, useContexts } from "../../support/telemetry.js";

useContexts();
const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

it("carries the context through Redis: an event, its handler, a command, its answer, a retry, a dead letter, a redrive", async () => {
  const telemetry = testTelemetry();
  const options = { extensions: [openTelemetry(telemetry)], maxRetries: 1, retryDelaySeconds: 0.01 };
  await using asking = createService(redis, { ...options, service: "billing" });
  await using answering = createService(redis, { ...options, service: "user-auth-service" });
  let fails = true;
  onUserCreated(asking, async (_event, { attempt, redelivered }) => {
    const { valid } = await sendValidateToken(asking, { token: "secret" });
    if (fails) throw new Error(`not yet ${attempt} ${redelivered}`);
    await publishUserDeleted(asking, { entity_id: valid ? 1 : 2 });
  });
  onUserDeleted(asking, () => {});
  handleValidateToken(answering, () => ({ valid: true }));
  await Promise.all([asking.start(), answering.start()]);
  await publishUserCreated(asking, { entity_id: 1, after_data: { email: "ada@example.com" } });
  await eventually(() => asking.counts.deadLettered === 1);
  fails = false;
  await using operations = new Operations({ env: {}, redis: { url: redis.url } });
  expect(await operations.deadLetters.redriveAll("events")).toBe(1);
  await eventually(() => telemetry.spans("process events").length === 4);

  const [created, deleted] = telemetry.spans("publish events");
  const processed = (type: string): readonly ReadableSpan[] =>
    telemetry.spans("process events").filter(({ attributes }) => attributes["merp.message.type"] === type);
  const [first, second, third] = processed("user.created");
  const [last] = processed("user.deleted");
  for (const attempt of [first, second, third]) expect(linksOf(attempt as never)).toEqual([idOf(created)]);
  expect(new Set([created, first, second, third, last].map(traceOf)).size).toBe(5);
  expect(deleted?.parentSpanContext?.spanId).toBe(idOf(third));
  expect(linksOf(last as never)).toEqual([idOf(deleted)]);
  // Each attempt asked, within its own trace, and each answer came back to it.
  const asked = telemetry.spans("send commands");
  expect(asked.map(({ parentSpanContext }) => parentSpanContext?.spanId)).toEqual([first, second, third].map(idOf));
  expect(telemetry.spans("process commands").map(linksOf)).toEqual(asked.map((span) => [idOf(span)]));
  expect(telemetry.spans("retry events").map(traceOf)).toEqual([traceOf(first)]);
  expect(telemetry.spans("dead_letter events").map(traceOf)).toEqual([traceOf(second)]);
});
