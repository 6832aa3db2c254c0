import { afterEach, describe, expect, it } from "vitest";
import {
  ContractError,
  defineEvent,
  notifySuccess,
  onUserCreated,
  publishHealthReport,
  publishUserCreated,
  publishUserUpdated,
  userCreated,
} from "../../../generated/index.js";
import { fieldOf } from "../../../runtime/contract/codec.js";
import { contractOf } from "../../../runtime/contract/contract.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
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

describe("publishing", () => {
  it.each(["fields", "json"] as const)("adds the whole message to its stream, filled in, as %s", async (encoding) => {
    await using messaging = createService(redis, { encoding });
    const published = await publishUserCreated(messaging, input);
    const { id, fields } = await onlyEntry("events");
    expect(published).toEqual({ id: expect.stringMatching(uuid), entryId: id, stream: "events" });
    expect(fields.length).toBe(encoding === "json" ? 4 : 28);
    expect(contractOf(userCreated).read(fields)).toEqual({
      ...input,
      id: published.id,
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      source_service: "test-service",
      metadata: {},
      type: "event",
      event_type: "user.created",
      entity_type: "user",
    });
  });

  it("takes the catalogue's own encoding unless another is asked for", async () => {
    await using messaging = createService(redis);
    await publishUserCreated(messaging, input);
    expect(fieldOf((await onlyEntry("events")).fields, "event_type")).toBe("user.created");
    await using asked = createService(redis, { env: { MESSAGE_ENCODING: "json" }, environment: "other" });
    await publishUserCreated(asked, input);
    expect(fieldOf((await onlyEntry("other:events")).fields, "message_type")).toBe("user.created");
  });

  it("puts notifications and health reports on streams of their own, with their defaults", async () => {
    await using messaging = createService(redis);
    await notifySuccess(messaging, { title: "Welcome!", message: "Account created" });
    const health = await publishHealthReport(messaging, { status: "healthy" });
    const { fields } = await onlyEntry("notifications");
    expect([fieldOf(fields, "channel"), fieldOf(fields, "priority")]).toEqual(["general", "2"]);
    expect(fieldOf((await onlyEntry("health")).fields, "service_name")).toBe("test-service");
    expect(health.id).toBeUndefined();
  });

  it("prefixes every key outside development", async () => {
    await using messaging = createService(redis, { environment: "production" });
    expect(await publishUserCreated(messaging, input)).toMatchObject({ stream: "production:events" });
    expect(await admin.keys("*")).toEqual(["production:events"]);
  });

  it("takes own descriptors on own streams", async () => {
    interface OrderPlaced {
      readonly total: number;
    }
    const orderPlaced = defineEvent<OrderPlaced, OrderPlaced>(
      "order.placed",
      {
        type: "object",
        properties: { event_type: { const: "order.placed" }, id: { type: "string" }, total: { type: "number" } },
        required: ["event_type", "total"],
      },
      { stream: "orders" },
    );
    await using messaging = createService(redis);
    const published = await messaging.publish(orderPlaced, { total: 12.5 });
    const { fields } = await onlyEntry("orders");
    expect(fields).toEqual(["event_type", "order.placed", "id", published.id, "total", "12.5"]);
    await expect(messaging.publish(orderPlaced, { total: "12" as unknown as number })).rejects.toThrow(ContractError);
  });

  it("takes an id, so that a repeat can carry the same", async () => {
    await using messaging = createService(redis);
    const id = "0c352b96-8628-4933-bfaf-959ce68e851e";
    expect(await publishUserCreated(messaging, input, { id })).toMatchObject({ id });
    expect(fieldOf((await onlyEntry("events")).fields, "id")).toBe(id);
    await expect(publishUserCreated(messaging, input, { id: "mine" })).rejects.toThrow(/id must be a UUID, got "mine"/);
  });

  it("keeps the order in which it was asked, within one tick and over many", async () => {
    await using messaging = createService(redis);
    const ids = Array.from({ length: 500 }, (_, at) => at + 1);
    await Promise.all(ids.map((entity_id) => publishUserCreated(messaging, { ...input, entity_id })));
    const entries = await admin.xrange("events", "-", "+");
    expect(entries.map(([, fields]) => Number(fieldOf(fields, "entity_id")))).toEqual(ids);
  });

  it("does not change or keep what it is given", async () => {
    await using messaging = createService(redis);
    const given = Object.freeze({ ...input, metadata: Object.freeze({ source: "test" }) });
    await publishUserCreated(messaging, given);
    expect(given).toEqual({ ...input, metadata: { source: "test" } });
  });
});

describe("publishing what breaks its contract", () => {
  it("rejects with every issue, and nothing reaches Redis", async () => {
    await using messaging = createService(redis);
    await publishHealthReport(messaging, { status: "healthy" });
    const commands = async (): Promise<string> => await admin.info("commandstats");
    const before = (await commands()).match(/cmdstat_xadd:calls=(\d+)/)?.[1];
    const wrong = { entity_id: "123", after_data: { email: "x" }, stray: 1 } as unknown as typeof input;
    await expect(publishUserCreated(messaging, wrong)).rejects.toMatchObject({
      name: "ContractError",
      code: "CONTRACT_VIOLATED",
      retryable: false,
      issues: expect.arrayContaining([
        expect.objectContaining({ path: "entity_id" }),
        { path: "after_data.email", message: "must be an email address" },
        expect.objectContaining({ path: "stray" }),
      ]),
    });
    expect((await commands()).match(/cmdstat_xadd:calls=(\d+)/)?.[1]).toBe(before);
    expect(messaging.counts).toMatchObject({ published: 1, publishFailed: 1 });
  });

  it("needs no Redis to be refused", async () => {
    await using messaging = createService({ url: "redis://127.0.0.1:1" });
    const wrong = { ...input, event_type: "user.deleted" };
    await expect(publishUserCreated(messaging, wrong)).rejects.toThrow(/event_type must be "user.created"/);
  });

  it.each([null, undefined, "text", 5])("is a ContractError for what is no object at all: %j", async (nothing) => {
    await using messaging = createService(redis);
    await expect(publishUserCreated(messaging, nothing as unknown as typeof input)).rejects.toThrow(ContractError);
    expect(await admin.exists("events")).toBe(0);
  });

  it("does not let a __proto__ smuggle in what was not checked", async () => {
    await using messaging = createService(redis);
    const given = JSON.parse(
      '{"entity_id":1,"after_data":{"email":"a@b.cd"},"__proto__":{"before_data":{"password":"p"}}}',
    );
    await expect(publishUserCreated(messaging, given)).rejects.toThrow(/__proto__ is not in the contract/);
    expect(await admin.exists("events")).toBe(0);
  });
});

describe("the correlation id", () => {
  it("is inherited inside a handler, across awaits, and is another for each message", async () => {
    await using messaging = createService(redis);
    onUserCreated(messaging, async (event) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await Promise.all([publishUserUpdated(messaging, { entity_id: event.entity_id, changes: {} })]);
    });
    await messaging.start();
    await publishUserCreated(messaging, { ...input, entity_id: 1 }, { correlationId: "one" });
    await publishUserCreated(messaging, { ...input, entity_id: 2, correlation_id: "two" });
    await publishUserCreated(messaging, { ...input, entity_id: 3 });
    const entries = await eventually(
      () => admin.xrange("events", "-", "+"),
      (seen) => seen.length === 6,
    );
    const updates = entries
      .map(([, fields]) => fields)
      .filter((fields) => fieldOf(fields, "event_type") === "user.updated");
    const pairs = updates.map((fields) => [fieldOf(fields, "entity_id"), fieldOf(fields, "correlation_id")]);
    expect(pairs.toSorted()).toEqual([
      ["1", "one"],
      ["2", "two"],
      ["3", ""],
    ]);
  });

  it("gives way to one that is given", async () => {
    await using messaging = createService(redis);
    onUserCreated(messaging, (event) =>
      publishUserUpdated(messaging, { entity_id: event.entity_id, changes: {} }, { correlationId: "own" }),
    );
    await messaging.start();
    await publishUserCreated(messaging, input, { correlationId: "outer" });
    const entries = await eventually(
      () => admin.xrange("events", "-", "+"),
      (seen) => seen.length === 2,
    );
    expect(entries.map(([, fields]) => fieldOf(fields, "correlation_id"))).toEqual(["outer", "own"]);
  });
});
