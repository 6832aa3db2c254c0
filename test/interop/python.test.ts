import { readFile } from "node:fs/promises";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  CommandFailedError,
  type CurrencyRateUpdated,
  handleValidateToken,
  notifySuccess,
  notifyWarning,
  onCurrencyRateUpdated,
  onHealthReport,
  onSuccessNotification,
  onUserUpdated,
  publishHealthReport,
  publishUserUpdated,
  sendCreateUser,
  subscribeNotifications,
} from "../../generated/index.js";
import { recordOf } from "../../runtime/broker/topology.js";
import { topologyKey } from "../../runtime/redis/keys.js";
import { type RedisServer, startRedis } from "../../runtime/testing/redis/index.js";
import { eventually } from "../support/eventually.js";
import { createService } from "../support/service.js";
import { PythonPeer, pythonAvailable } from "./python.js";

let redis: RedisServer;
let admin: Redis;
let python: PythonPeer;

describe.skipIf(!pythonAvailable)("with a Python service", () => {
  beforeAll(async () => {
    redis = await startRedis();
    admin = new Redis(redis.url);
  });
  beforeEach(async () => {
    python = await PythonPeer.start(redis);
  });
  afterEach(async () => {
    await python[Symbol.asyncDispose]();
    await admin.flushall();
  });
  afterAll(async () => {
    admin?.disconnect();
    await redis?.stop();
  });

  const ours = (service = "ts-service"): ReturnType<typeof createService> => createService(redis, { service });

  describe("events", () => {
    it("of ours are read there field by field", async () => {
      await using messaging = ours();
      const { id } = await publishUserUpdated(
        messaging,
        {
          entity_id: 123,
          company_id: 1,
          before_data: { email: "ada@example.com", first_name: "Ada" },
          after_data: { email: "ada@example.com", first_name: "Augusta Ada — ñ 数 😀" },
          changes: { first_name: "Augusta Ada — ñ 数 😀" },
          metadata: { source: "profile", nested: { list: [1, "two", null] } },
        },
        { correlationId: "one-request" },
      );
      const { message } = await python.hears(({ stream }) => stream === "events");
      expect(message).toEqual({
        id,
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*\+00:00$/),
        source_service: "ts-service",
        correlation_id: "one-request",
        metadata: { source: "profile", nested: { list: [1, "two", null] } },
        type: "event",
        event_type: "user.updated",
        entity_type: "user",
        entity_id: "123",
        company_id: 1,
        user_id: null,
        before_data: { email: "ada@example.com", first_name: "Ada" },
        after_data: { email: "ada@example.com", first_name: "Augusta Ada — ñ 数 😀" },
        changes: { first_name: "Augusta Ada — ñ 数 😀" },
      });
    });

    it("of theirs reach our handlers as the contract has them", async () => {
      await using messaging = ours();
      const users: unknown[] = [];
      const rates: CurrencyRateUpdated[] = [];
      onUserUpdated(messaging, (event) => void users.push(event));
      onCurrencyRateUpdated(messaging, (event) => void rates.push(event));
      await messaging.start();
      const user = { email: "ada@example.com", first_name: "Ada" };
      python.does({
        do: "event",
        event_type: "user.updated",
        entity_type: "user",
        entity_id: 123,
        company_id: 1,
        after_data: user,
        changes: { first_name: "Ada" },
        correlation_id: "from-python",
        metadata: { source: "registration" },
      });
      const rate = { rate: 1.0837, updated_at: "2025-01-15T10:30:00" };
      python.does({
        do: "event",
        event_type: "currency.rate_updated",
        entity_type: "currency",
        entity_id: "USD",
        after_data: rate,
      });
      await eventually(() => users.length === 1 && rates.length === 1);
      expect(users).toEqual([
        {
          id: expect.any(String),
          timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
          source_service: "python-service",
          correlation_id: "from-python",
          metadata: { source: "registration" },
          type: "event",
          event_type: "user.updated",
          entity_type: "user",
          entity_id: 123,
          company_id: 1,
          after_data: user,
          changes: { first_name: "Ada" },
        },
      ]);
      expect(rates[0]).toMatchObject({ entity_id: "USD", after_data: rate, metadata: {} });
      expect(messaging.counts).toMatchObject({ handlerFailed: 0, deadLettered: 0 });
    });

    it("of theirs are handled where the stream has partitions, of which they know one", async () => {
      const record = { version: 1, streams: ["events", "events:1", "events:2"], retired: [] };
      await admin.hset(topologyKey("events"), recordOf(record));
      await using messaging = ours();
      const handled: (readonly [entity: string, partition: number | undefined])[] = [];
      onCurrencyRateUpdated(
        messaging,
        ({ entity_id }, { partition }) => void handled.push([`${entity_id}`, partition]),
      );
      await messaging.start();
      const currencies = ["USD", "SEK", "CHF", "JPY"];
      for (const entity_id of currencies) {
        const after_data = { rate: 1, updated_at: "2025-01-15T10:30:00" };
        python.does({
          do: "event",
          event_type: "currency.rate_updated",
          entity_type: "currency",
          entity_id,
          after_data,
        });
      }
      await eventually(() => handled.length === 4);
      expect(handled).toEqual(currencies.map((entity) => [entity, 0]));
    });
  });

  describe("commands", () => {
    it("of ours are answered there, many at once, and a refusal arrives as an error", async () => {
      await using messaging = ours();
      const target = { targetService: "python-service", timeoutSeconds: 10 };
      const numbers = Array.from({ length: 20 }, (_, at) => at + 1);
      const asked = numbers.map((number) =>
        sendCreateUser(messaging, { email: "a@example.com", first_name: String(number) }, target),
      );
      expect((await Promise.all(asked)).map(({ user_id }) => user_id)).toEqual(numbers);
      const refused = sendCreateUser(messaging, { email: "taken@example.com" }, target);
      await expect(refused).rejects.toThrow(CommandFailedError);
      await expect(refused).rejects.toThrow("email already registered");
    });

    it("of theirs are answered by us on their own channel, failures too", async () => {
      await using messaging = ours("user-auth-service");
      handleValidateToken(messaging, ({ payload, source_service }) => {
        if (payload.token === "broken") throw new Error("the key store is away");
        return { valid: source_service === "python-service" && payload.token === "jwt-token" };
      });
      await messaging.start();
      const command = { do: "command", command_type: "validate_token", target_service: "user-auth-service" } as const;
      const [good, broken] = [crypto.randomUUID(), crypto.randomUUID()];
      python.does({ ...command, id: good, payload: { token: "jwt-token" } });
      python.does({ ...command, id: broken, payload: { token: "broken" }, timeout: 5 });
      const { answer } = await python.hears((told) => told.answer?.["command_id"] === good);
      expect(answer).toEqual({
        command_id: good,
        success: true,
        result: { valid: true },
        error: null,
        timestamp: expect.any(String),
        execution_time_ms: expect.any(Number),
      });
      const { answer: failure } = await python.hears((told) => told.answer?.["command_id"] === broken);
      expect(failure).toMatchObject({ success: false, result: null, error: "the key store is away" });
    });
  });

  describe("notifications", () => {
    it("of ours are read there from the stream, and heard on the most specific channel", async () => {
      await using messaging = ours();
      const texts = { title: "Welcome!", message: "Account created" };
      const later = "2125-01-15T10:30:00Z";
      await notifySuccess(messaging, { ...texts, target_user_id: 123, target_company_id: 1, expires_at: later });
      await notifyWarning(messaging, { ...texts, channel: "auth", priority: 3 });
      const whole = {
        source_service: "ts-service",
        correlation_id: null,
        metadata: {},
        type: "notification",
        ...texts,
      };
      const { message: stored } = await python.hears(
        ({ stream, message }) => stream === "notifications" && message?.["notification_type"] === "success",
      );
      expect(stored).toMatchObject({
        ...whole,
        target_user_id: 123,
        target_company_id: 1,
        channel: "general",
        priority: 2,
        expires_at: "2125-01-15T10:30:00+00:00",
      });
      const live = await python.hears(({ channel }) => channel === "notifications:user:123");
      expect(live.message).toMatchObject({ notification_type: "success", target_user_id: 123, ...texts });
      const shared = await python.hears(({ channel }) => channel === "notifications:auth");
      expect(shared.message).toMatchObject({ notification_type: "warning", priority: 3, ...texts });
      expect(python.told.filter(({ failed }) => failed)).toEqual([]);
    });

    it("of theirs reach our handlers by the stream and our listeners live", async () => {
      await using messaging = ours();
      const handled: unknown[] = [];
      const heard: unknown[] = [];
      onSuccessNotification(messaging, (notification) => void handled.push(notification));
      await messaging.start();
      await subscribeNotifications(messaging, { userId: 123 }, (notification) => void heard.push(notification));
      const texts = { title: "Welcome!", message: "Account created" };
      python.does({ do: "notification", notification_type: "success", target_user_id: 123, channel: "auth", ...texts });
      await eventually(() => handled.length === 1 && heard.length === 1);
      const expected = {
        id: expect.any(String),
        timestamp: expect.stringMatching(/Z$/),
        source_service: "python-service",
        metadata: {},
        type: "notification",
        notification_type: "success",
        target_user_id: 123,
        channel: "auth",
        priority: 2,
        ...texts,
      };
      expect(handled).toEqual([expected]);
      expect(heard).toEqual([expected]);
    });
  });

  describe("health", () => {
    it("of ours is read there", async () => {
      await using messaging = ours();
      const report = { status: "healthy", uptime_seconds: 3600, version: "1.0.0", details: { queue: 3 } } as const;
      await publishHealthReport(messaging, report);
      const { message } = await python.hears(({ stream }) => stream === "health");
      expect(message).toEqual({
        ...report,
        service_name: "ts-service",
        timestamp: expect.stringMatching(/\+00:00$/),
      });
    });

    it("of theirs reaches our handlers", async () => {
      await using messaging = ours();
      const reports: unknown[] = [];
      onHealthReport(messaging, (report) => void reports.push(report));
      await messaging.start();
      python.does({ do: "health", status: "unhealthy", uptime_seconds: 3600, details: { version: "1.0.0" } });
      await eventually(() => reports.length === 1);
      expect(reports).toEqual([
        {
          service_name: "python-service",
          status: "unhealthy",
          timestamp: expect.stringMatching(/Z$/),
          uptime_seconds: 3600,
          details: { version: "1.0.0" },
        },
      ]);
    });
  });

  it("its commands are as the vectors have them, so that this peer is one of the field", async () => {
    const path = new URL("../wire/vectors.json", import.meta.url);
    const vectors = JSON.parse(await readFile(path, "utf8")) as {
      entries: { name: string; stream: string; fields: Record<string, string> }[];
    };
    python.does({ do: "event", event_type: "user.created", entity_type: "user", entity_id: 1, after_data: {} });
    python.does({ do: "command", command_type: "validate_token", target_service: "x", payload: {} });
    python.does({ do: "notification", notification_type: "success", title: "t", message: "m" });
    python.does({ do: "health", status: "healthy" });
    for (const stream of ["events", "commands", "notifications", "health"]) {
      const written = await eventually(
        () => admin.xrange(stream, "-", "+"),
        (entries) => entries.length === 1,
      );
      const names = (written[0]?.[1] ?? []).filter((_, at) => at % 2 === 0);
      const vector = vectors.entries.find((entry) => entry.stream === stream);
      expect(names, stream).toEqual(Object.keys(vector?.fields ?? {}));
    }
  });
});
