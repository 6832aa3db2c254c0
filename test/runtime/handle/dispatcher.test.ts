import { afterEach, describe, expect, it } from "vitest";
import {
  type Encoding,
  handleValidateToken,
  notifySuccess,
  onHealthReport,
  onSuccessNotification,
  onUserCreated,
  publishCurrencyRateUpdated,
  publishHealthReport,
  publishUserCreated,
  publishUserLoggedOut,
  userCreated,
} from "../../../generated/index.js";
import { exampleUserCreated } from "../../../generated/testing.js";
import { encode } from "../../../runtime/contract/codec.js";
import { contractOf } from "../../../runtime/contract/contract.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";

const group = "test-service-workers";
const encodings: readonly Encoding[] = ["fields", "json"];

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

const user = (entity_id: number, company_id?: number): Parameters<typeof publishUserCreated>[1] => ({
  entity_id,
  ...(company_id === undefined ? {} : { company_id }),
  after_data: { email: "ada@example.com" },
});

async function pending(): Promise<number> {
  const [count] = (await admin.xpending("events", group)) as [number];
  return count;
}

describe.each(encodings)("a pattern, over entries in the %s encoding", (encoding) => {
  it("takes one type, an entity's or all, and each handler only its own", async () => {
    await using messaging = createService(redis, { encoding, concurrency: 1 });
    const seen: Record<string, string[]> = { one: [], entity: [], all: [], other: [] };
    messaging.on("user.created", (event) => void seen["one"]?.push(event.event_type));
    messaging.on("user.*", (event) => void seen["entity"]?.push(event.event_type));
    messaging.on("*", (event) => void seen["all"]?.push(event.event_type));
    messaging.on("role.*", (event) => void seen["other"]?.push(event.event_type));
    await messaging.start();
    await publishUserCreated(messaging, user(1));
    await publishUserLoggedOut(messaging, { entity_id: 1 });
    await publishCurrencyRateUpdated(messaging, { entity_id: "USD", after_data: { rate: 1.5 } });
    await eventually(() => messaging.counts.handled === 3);
    expect(seen).toEqual({
      one: ["user.created"],
      entity: ["user.created", "user.logged_out"],
      all: ["user.created", "user.logged_out", "currency.rate_updated"],
      other: [],
    });
  });

  it("is held against company, source and whatever else is asked, and what does not match is acknowledged", async () => {
    await using messaging = createService(redis, { encoding, concurrency: 1 });
    await using other = createService(redis, { encoding, service: "other-service" });
    const seen: Record<string, number[]> = { company: [], text: [], source: [], where: [], both: [] };
    onUserCreated(messaging, (event) => void seen["company"]?.push(event.entity_id), { company_id: 1 });
    onUserCreated(messaging, (event) => void seen["text"]?.push(event.entity_id), { company_id: "1" });
    onUserCreated(messaging, (event) => void seen["source"]?.push(event.entity_id), {
      source_service: "other-service",
    });
    onUserCreated(messaging, (event) => void seen["where"]?.push(event.entity_id), {
      where: ({ after_data }) => after_data.email.startsWith("ada"),
    });
    messaging.on("user.*", (event) => void seen["both"]?.push(event.entity_id), {
      company_id: 2,
      where: ({ event_type }) => event_type === "user.created",
    });
    await messaging.start();
    await publishUserCreated(messaging, user(1, 1));
    await publishUserCreated(other, user(2, 2));
    await publishUserCreated(messaging, user(3, 10));
    await publishUserCreated(messaging, { ...user(4), after_data: { email: "grace@example.com" } });
    await publishUserLoggedOut(messaging, { entity_id: 5, company_id: 2 });
    await eventually(async () => messaging.counts.handled + messaging.counts.skipped === 5 && (await pending()) === 0);
    expect(seen).toEqual({ company: [1], text: [1], source: [2], where: [1, 2, 3], both: [2] });
    expect(messaging.counts.skipped).toBe(2);
  });

  it("is not held against its contract when it is filtered out", async () => {
    await using watching = createService(redis, { service: "watching" });
    onUserCreated(watching, () => {}, { company_id: 7 });
    await watching.start();
    const broken = { event_type: "user.created", company_id: 8, after_data: "none" };
    const entry = encode(broken, "user.created", contractOf(userCreated).fields, encoding);
    await admin.xadd("events", "*", ...entry);
    await eventually(() => watching.counts.skipped + watching.counts.deadLettered === 1);
    expect(watching.counts).toMatchObject({ skipped: 1, deadLettered: 0 });
  });

  it("is no match for what is filtered out: its handler is not needed to read it", async () => {
    await using messaging = createService(redis, { encoding: "fields" });
    const reasons: string[] = [];
    await using watching = createService(redis, {
      service: "watching",
      hooks: { skipped: ({ reason }) => void reasons.push(reason) },
    });
    onUserCreated(watching, () => {}, { company_id: 7 });
    await watching.start();
    await admin.xadd("events", "*", "event_type", "user.created", "company_id", "8", "after_data", "{broken");
    await publishCurrencyRateUpdated(messaging, { entity_id: "USD", after_data: { rate: 1.5 } });
    await eventually(() => reasons.length === 2);
    expect(reasons.toSorted()).toEqual(["filtered", "unhandled"]);
    expect(watching.counts.deadLettered).toBe(0);
  });
});

describe("several handlers of one type", () => {
  it("run one after another, in the order in which they were registered", async () => {
    await using messaging = createService(redis);
    const steps: string[] = [];
    for (const name of ["a", "b", "c"]) {
      onUserCreated(messaging, async () => {
        steps.push(`${name} begins`);
        await new Promise((resolve) => setTimeout(resolve, 2));
        steps.push(`${name} ends`);
      });
    }
    await messaging.start();
    await publishUserCreated(messaging, user(1));
    await eventually(() => messaging.counts.handled === 1);
    expect(steps).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  });

  it("stand or fall together: when one throws, the message comes again to all", async () => {
    await using messaging = createService(redis, { retryDelaySeconds: 0.01 });
    const calls: string[] = [];
    onUserCreated(messaging, (_event, { attempt }) => void calls.push(`a${attempt}`));
    onUserCreated(messaging, (_event, { attempt }) => {
      calls.push(`b${attempt}`);
      if (attempt === 1) throw new Error("not yet");
    });
    onUserCreated(messaging, (_event, { attempt }) => void calls.push(`c${attempt}`));
    await messaging.start();
    await publishUserCreated(messaging, user(1));
    await eventually(() => messaging.counts.handled === 1);
    expect(calls).toEqual(["a1", "b1", "a2", "b2", "c2"]);
  });

  it("fail once when one has used up its time and throws after that", async () => {
    await using messaging = createService(redis, { handlerTimeoutSeconds: 0.05, maxRetries: 0, concurrency: 1 });
    let fail = (): void => {};
    const late = new Promise<never>((_, reject) => {
      fail = () => reject(new Error("too late"));
    });
    const seen: number[] = [];
    onUserCreated(messaging, ({ entity_id }) => {
      seen.push(entity_id);
      return entity_id === 1 ? late : undefined;
    });
    await messaging.start();
    await publishUserCreated(messaging, user(1));
    await eventually(() => messaging.counts.deadLettered === 1);
    fail();
    for (const entity_id of [2, 3]) await publishUserCreated(messaging, user(entity_id));
    await eventually(() => messaging.counts.handled === 2);
    expect(seen).toEqual([1, 2, 3]);
    expect(messaging.counts).toMatchObject({ handlerFailed: 1, deadLettered: 1, retried: 0 });
  });

  it("waits before a retry for as long as its handler says, not as the service does", async () => {
    const delays: number[] = [];
    const hooks = { retried: ({ delayMs }: { delayMs: number }) => void delays.push(delayMs) };
    await using messaging = createService(redis, { hooks, retryDelaySeconds: 0.01 });
    const fail = (): never => {
      throw new Error("no");
    };
    onUserCreated(messaging, fail, { retryDelaySeconds: 3600 });
    await messaging.start();
    await publishUserCreated(messaging, user(1));
    const [delayMs] = await eventually(
      () => delays,
      ({ length }) => length === 1,
    );
    expect(delayMs).toBeGreaterThanOrEqual(1_800_000);
    expect(delayMs).toBeLessThanOrEqual(3_600_000);
  });

  it.each([
    [
      "at once",
      () => {
        throw new Error("no");
      },
    ],
    ["later", () => Promise.reject(new Error("no"))],
  ])("fail by the options of the one that threw: %s", async (_, fail) => {
    await using messaging = createService(redis);
    onUserCreated(messaging, async () => {});
    onUserCreated(messaging, fail, { maxRetries: 0 });
    onUserCreated(messaging, () => {}, { maxRetries: 5 });
    await messaging.start();
    await publishUserCreated(messaging, user(1));
    await eventually(() => messaging.counts.handlerFailed === 1);
    await eventually(() => messaging.counts.deadLettered === 1);
    expect(messaging.counts.retried).toBe(0);
  });
});

describe("a type that nobody here handles", () => {
  it.each(encodings)("is acknowledged, counted and told to the hook, known or not, as %s", async (encoding) => {
    const skipped: unknown[] = [];
    const hooks = { skipped: (info: object) => void skipped.push(info) };
    await using messaging = createService(redis, { encoding, hooks });
    await using quiet = createService(redis, { encoding, service: "quiet" });
    for (const service of [messaging, quiet]) {
      onUserCreated(service, () => {});
      await service.start();
    }
    const { entryId, id: messageId } = await publishUserLoggedOut(messaging, { entity_id: 1 }, { correlationId: "c1" });
    const entry = contractOf(userCreated).write({ ...exampleUserCreated() }, encoding);
    const newer = entry.map((text) => text.replace("user.created", "user.invented"));
    await admin.xadd("events", "*", ...newer);
    await eventually(async () => messaging.counts.skipped === 2 && (await pending()) === 0);
    await eventually(() => quiet.counts.skipped === 2);
    const place = { stream: "events", group, entryId };
    // Of one text only the type is read, as far as there is no handler.
    const ids = encoding === "fields" ? { messageId, correlationId: "c1" } : {};
    const message = { type: "user.logged_out", messageId: undefined, correlationId: undefined, ...ids };
    expect(skipped[0]).toEqual({ ...place, ...message, reason: "unhandled" });
    expect(skipped[1]).toMatchObject({ type: "user.invented", reason: "unhandled" });
    expect(messaging.counts.deadLettered).toBe(0);
  });
});

describe("notifications and health reports", () => {
  it.each(encodings)("come to their handlers from their own streams, as %s", async (encoding) => {
    await using messaging = createService(redis, { encoding });
    const seen: unknown[] = [];
    onSuccessNotification(messaging, (notification, { kind }) => void seen.push([kind, notification.title]));
    onHealthReport(messaging, (report, { kind, messageId }) => void seen.push([kind, report.status, messageId]));
    await messaging.start();
    await notifySuccess(messaging, { title: "Welcome!", message: "hello" });
    await publishHealthReport(messaging, { status: "unhealthy" });
    await eventually(() => seen.length === 2);
    expect(seen).toEqual(
      expect.arrayContaining([
        ["notification", "Welcome!"],
        ["health", "unhealthy", undefined],
      ]),
    );
  });
});

describe("registering a handler", () => {
  it("of a pattern that matches nothing is refused, and says what there is", () => {
    const messaging = createService({ url: "redis://127.0.0.1:1" });
    for (const pattern of ["usr.*", "user", "user.creatd", "", "*.created"]) {
      const register = (): void => messaging.on(pattern as "*", () => {});
      expect(register).toThrow(expect.objectContaining({ name: "ConfigError", code: "CONFIG_INVALID" }));
      expect(register).toThrow(/matches no event of this catalogue; it knows audit\.\*, .*user\.\*, \*/);
    }
  });

  it("by another descriptor of a type that is claimed already is a conflict", () => {
    const messaging = createService({ url: "redis://127.0.0.1:1" });
    onUserCreated(messaging, () => {});
    const conflict = expect.objectContaining({ name: "UsageError", code: "HANDLER_CONFLICT" });
    expect(() => messaging.on({ ...userCreated }, () => {})).toThrow(conflict);
  });

  it("after start() is refused, whatever kind it is", async () => {
    await using messaging = createService(redis);
    onUserCreated(messaging, () => {});
    await messaging.start();
    const late = expect.objectContaining({ name: "UsageError", code: "HANDLER_LATE" });
    expect(() => onUserCreated(messaging, () => {})).toThrow(late);
    expect(() => messaging.on("role.*", () => {})).toThrow(late);
    expect(() => handleValidateToken(messaging, () => ({ valid: true }))).toThrow(late);
    await messaging.stop();
    expect(() => onUserCreated(messaging, () => {})).not.toThrow();
  });
});
