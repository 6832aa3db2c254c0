import { setImmediate as turn } from "node:timers/promises";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import {
  currencyRateUpdated,
  healthReport,
  type Published,
  publishCurrencyRateUpdated,
  publishHealthReport,
  publishUserCreated,
  userCreated,
  validateToken,
} from "../../../generated/index.js";
import { fieldOf, textReader, typeOf } from "../../../runtime/contract/codec.js";
import { onceKey } from "../../../runtime/redis/keys.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService, logBook } from "../../support/service.js";
import { startTcpProxy } from "../../support/tcp-proxy.js";

const input = { entity_id: 123, after_data: { email: "ada@example.com" } };

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

/** The one entry of a stream. */
async function onlyEntry(stream: string): Promise<{ id: string; fields: string[] }> {
  const entries = await admin.xrange(stream, "-", "+");
  expect(entries).toHaveLength(1);
  const [id, fields] = entries[0] as [string, string[]];
  return { id, fields };
}

describe("a publish that fails", () => {
  const rate = { entity_id: "USD", after_data: { rate: 1 } };

  it.each(["muted", "cut off"])("is uncertain when its reply is %s, and is never sent twice", async (how) => {
    await using proxy = await startTcpProxy(redis);
    await using messaging = createService(proxy, { redis: { socketTimeoutSeconds: 0.3 } });
    // It knows from now on which partitions the stream has, and asks no more.
    await publishCurrencyRateUpdated(messaging, rate);
    await admin.flushall();
    if (how === "muted") proxy.mode = "mute";
    else proxy.cutAfter(1);
    const id = "0c352b96-8628-4933-bfaf-959ce68e851e";
    await expect(publishCurrencyRateUpdated(messaging, rate, { id })).rejects.toMatchObject({
      name: "PublishError",
      code: "PUBLISH_UNCERTAIN",
      retryable: false,
      messageId: id,
      message: expect.stringContaining(id),
    });
    proxy.mode = "pass";
    // The same connection comes back by itself, and what was uncertain is not repeated on it.
    await eventually(() => publishHealthReport(messaging, { status: "unknown" }));
    expect(fieldOf((await onlyEntry("events")).fields, "id")).toBe(id);
  });

  it("may be repeated when Redis was out of memory: nothing was stored", async () => {
    await using messaging = createService(redis);
    await publishHealthReport(messaging, { status: "healthy" });
    await admin.config("SET", "maxmemory", "1");
    const failing = publishCurrencyRateUpdated(messaging, rate);
    await expect(failing).rejects.toMatchObject({
      name: "PublishError",
      code: "PUBLISH_FAILED",
      retryable: true,
      message: expect.stringMatching(/add to events: OOM/),
      cause: expect.anything(),
    });
    await admin.config("SET", "maxmemory", "0");
    await publishCurrencyRateUpdated(messaging, rate);
    await onlyEntry("events");
  });

  it("because it is longer than Redis takes makes no other uncertain", async () => {
    await using messaging = createService(redis, { maxMessageBytes: 10_000_000 });
    await publishHealthReport(messaging, { status: "healthy" });
    await admin.config("SET", "proto-max-bulk-len", String(1024 * 1024));
    const sized = (length: number) => ({
      ...input,
      after_data: { email: "ada@example.com", first_name: "a".repeat(length) },
    });
    const [small, large] = [sized(100), sized(2 * 1024 * 1024)];
    const list = [...Array(20).fill(small), sized(1024 * 900), large, ...Array(20).fill(small)];
    const outcomes = await Promise.allSettled(list.map((each) => publishUserCreated(messaging, each)));
    await admin.config("SET", "proto-max-bulk-len", "512mb");
    const failed = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
    expect(failed).toEqual([
      expect.objectContaining({
        code: "PUBLISH_FAILED",
        retryable: false,
        message: expect.stringMatching(/\d{7} bytes, and Redis takes 1048576 \(proto-max-bulk-len\): send a reference/),
      }),
    ]);
    expect(messaging.counts.disconnected).toBe(0);
  });

  it("in a batch, because the master became a replica, makes its connection look for the new master", async () => {
    await using proxy = await startTcpProxy(redis);
    // A trim would find the replica, too.
    await using messaging = createService(proxy, { trimIntervalSeconds: 3600 });
    await publishCurrencyRateUpdated(messaging, rate);
    proxy.delayMs = 500;
    // While this one is under way, the others wait for each other.
    const first = publishCurrencyRateUpdated(messaging, rate);
    await eventually(async () => (await admin.xlen("events")) === 2);
    await admin.replicaof("127.0.0.1", 1);
    onTestFinished(() => void admin.replicaof("NO", "ONE"));

    const many = Array.from({ length: 10 }, () => rate);
    await expect(messaging.publishAll(currencyRateUpdated, many)).rejects.toMatchObject({
      code: "PUBLISH_FAILED",
      retryable: true,
      message: expect.stringMatching(/READONLY/),
    });
    await first;
    proxy.delayMs = 0;
    await eventually(() => messaging.counts.disconnected === 1);
    await admin.replicaof("NO", "ONE");
    await eventually(() => messaging.publishAll(currencyRateUpdated, many));
    expect(await admin.xlen("events")).toBe(12);
  });

  it("may not be repeated when its key is no stream", async () => {
    await using messaging = createService(redis);
    await admin.set("events", "a text");
    await expect(publishUserCreated(messaging, input)).rejects.toMatchObject({
      code: "PUBLISH_FAILED",
      retryable: false,
      message: expect.stringMatching(/WRONGTYPE/),
    });
  });

  it("does not take others of its batch with it", async () => {
    await using messaging = createService(redis);
    await admin.set("events", "a text");
    const [bad, good] = await Promise.allSettled([
      publishUserCreated(messaging, input),
      publishHealthReport(messaging, { status: "healthy" }),
    ]);
    expect([bad.status, good.status]).toEqual(["rejected", "fulfilled"]);
  });

  it("can be only reported: it is logged, counted, told to the hook, and resolves to undefined", async () => {
    const logger = logBook();
    const told: unknown[] = [];
    await using messaging = createService(redis, {
      onPublishFailure: "report",
      logger,
      hooks: { publishFailed: (info) => told.push(info) },
    });
    await admin.set("events", "a text");
    const outcome: Published | undefined = await publishUserCreated(messaging, input);
    expect(outcome).toBeUndefined();
    const wrong = { ...input, entity_id: 0 };
    expect(await publishUserCreated(messaging, wrong)).toBeUndefined();
    expect(told).toMatchObject([
      { type: "user.created", reported: true, error: expect.objectContaining({ code: "PUBLISH_FAILED" }) },
      { type: "user.created", reported: true, error: expect.objectContaining({ code: "CONTRACT_VIOLATED" }) },
    ]);
    expect(messaging.counts.publishFailed).toBe(2);
    expect(
      logger.lines.filter(({ level, text }) => level === "error" && text === "a message was not published"),
    ).toHaveLength(2);
    await admin.del("events");
    expect(await publishUserCreated(messaging, input)).toMatchObject({ stream: "events" });
  });

  it("is reported, too, where its caller is told in any case: of many, and of a command that is told", async () => {
    const told: unknown[] = [];
    await using messaging = createService(redis, {
      onPublishFailure: "report",
      hooks: { publishFailed: ({ type, error }) => told.push([type, error.code]) },
    });
    await admin.set("events", "a text");
    await admin.set("commands", "a text");

    await expect(messaging.publishAll(userCreated, [input])).rejects.toMatchObject({ code: "PUBLISH_FAILED" });
    await expect(messaging.tell(validateToken, { token: "jwt" })).rejects.toMatchObject({ code: "PUBLISH_FAILED" });

    expect(told).toEqual([
      ["user.created", "PUBLISH_FAILED"],
      ["validate_token", "PUBLISH_FAILED"],
    ]);
    expect(messaging.counts.publishFailed).toBe(2);
  });

  it("is counted when it was refused before anything was sent", async () => {
    await using messaging = createService(redis);
    const report = { status: "healthy", uptime_seconds: 1, version: "1.0.0" } as const;
    const withoutId = publishHealthReport(messaging, report, { once: true });
    await expect(withoutId).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    expect(messaging.counts.publishFailed).toBe(1);
  });

  it("is refused when too many are under way, and of a bulk nothing leaves after the first that is", async () => {
    await using messaging = createService(redis, { redis: { socketTimeoutSeconds: 60 } });
    await publishUserCreated(messaging, input);
    await turn();
    redis.pause();
    const underWay = Array.from({ length: 99_990 }, () => publishUserCreated(messaging, input));

    const bulk = messaging.publishAll(
      userCreated,
      Array.from({ length: 2000 }, () => input),
    );
    await expect(bulk).rejects.toMatchObject({ code: "PUBLISH_OVERLOADED", retryable: true });
    await expect(publishUserCreated(messaging, input)).rejects.toMatchObject({ code: "PUBLISH_OVERLOADED" });

    redis.resume();
    await Promise.all(underWay);
    await eventually(() => messaging.counts.published === 100_001);
    await publishUserCreated(messaging, input);
    expect(messaging.counts).toMatchObject({ published: 100_002, publishFailed: 2 });
  });

  it("is refused when too much text is under way, and let in again when that is stored", async () => {
    const options = { publishBufferBytes: 1_000_000, maxMessageBytes: 3_000_000, redis: { socketTimeoutSeconds: 60 } };
    await using messaging = createService(redis, options);
    const long = { ...input, metadata: { text: "x".repeat(300_000) } };
    await publishUserCreated(messaging, input);
    redis.pause();
    const underWay = [1, 2, 3].map(() => publishUserCreated(messaging, long));
    const refused = publishUserCreated(messaging, long);
    await expect(refused).rejects.toMatchObject({ code: "PUBLISH_OVERLOADED", retryable: true });
    await expect(refused).rejects.toThrow(/hold 90\d{4} bytes \(3 of them\), and 30\d{4} more would exceed 1000000/);
    redis.resume();
    await Promise.all(underWay);
    await Promise.all([1, 2, 3].map(() => publishUserCreated(messaging, long)));
    // More than all that may be under way is let in by itself.
    await publishUserCreated(messaging, { ...input, metadata: { text: "x".repeat(2_000_000) } });
  });

  it("is told to hooks and counted when it succeeded", async () => {
    const told: unknown[] = [];
    await using messaging = createService(redis, { hooks: { published: (info) => told.push(info) } });
    const { id, entryId } = await publishUserCreated(messaging, input);
    expect(told).toEqual([{ type: "user.created", id, stream: "events", entryId }]);
    await using quiet = createService(redis);
    await publishUserCreated(quiet, input);
    expect([messaging.counts.published, quiet.counts.published]).toEqual([1, 1]);
  });
});

describe("a message that is published once", () => {
  it("is remembered for a while, not for good", async () => {
    await using messaging = createService(redis, { messageTtlSeconds: 3600 });
    const { id } = await publishUserCreated(messaging, input, { once: true });
    const ttl = await admin.ttl(onceKey("events", id as string));
    expect(ttl).toBeGreaterThan(3000);
    expect(ttl).toBeLessThanOrEqual(3600);
  });
});

describe("a message without an id on the wire", () => {
  it("is not published once, which would take every later one for its repeat", async () => {
    await using messaging = createService(redis);
    const publishing = messaging.publish(healthReport, { status: "healthy" }, { once: true });
    await expect(publishing).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    expect(await admin.exists("health")).toBe(0);
  });
});

describe("messages that are published at the same moment", () => {
  it("are sent all the same where the user may not run scripts", async () => {
    await admin.acl("SETUSER", "plain", "on", ">secret", "~*", "&*", "+@all", "-@scripting");
    await using messaging = createService({ url: redis.url.replace("//", "//plain:secret@") });
    for (const length of [10, 20]) {
      await messaging.publishAll(
        userCreated,
        Array.from({ length: 10 }, () => input),
      );
      expect(await admin.xlen("events")).toBe(length);
    }
  });

  it.each(["fields", "json"] as const)("go each to the stream of its type, in their order, as %s", async (encoding) => {
    await using messaging = createService(redis, { encoding });
    const names = Array.from({ length: 5 }, (_, at) => `${at}`);
    const publishing = names.flatMap((name) => [
      publishUserCreated(messaging, input, { correlationId: name }),
      messaging.tell(validateToken, { token: name }, { correlationId: name }),
    ]);
    const streams = (await Promise.all(publishing)).map((published) => (published as Published).stream);
    expect(streams).toEqual(names.flatMap(() => ["events", "commands"]));
    for (const [stream, type] of [
      ["events", "user.created"],
      ["commands", "validate_token"],
    ] as const) {
      const entries = (await admin.xrange(stream, "-", "+")).map(([, fields]) => fields);
      expect(entries.map(typeOf)).toEqual(names.map(() => type));
      expect(entries.map((fields) => textReader(fields)("correlation_id"))).toEqual(names);
    }
  });

  it.each(["fields", "json"] as const)(
    "are stored in the order of their calls, of whatever types, once or not, as %s",
    async (encoding) => {
      await using messaging = createService(redis, { encoding });
      const names = Array.from({ length: 12 }, (_, at) => `${at}`);
      await Promise.all(
        names.map((name, at) => {
          const options = { correlationId: name, ...(at % 5 === 4 ? { id: crypto.randomUUID(), once: true } : {}) };
          return at % 3 === 0
            ? publishCurrencyRateUpdated(messaging, { entity_id: "USD", after_data: { rate: at + 1 } }, options)
            : publishUserCreated(messaging, at % 2 === 0 ? input : { ...input, company_id: 7 }, options);
        }),
      );
      const entries = await admin.xrange("events", "-", "+");
      expect(entries.map(([, fields]) => textReader(fields)("correlation_id"))).toEqual(names);
    },
  );
});
