import { afterEach, describe, expect, it } from "vitest";
import { ContractError, createUser, handleCreateUser, reloadConfig } from "../../../generated/index.js";
import { fieldOf } from "../../../runtime/contract/codec.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";

const service = "user-auth-service";

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

describe("a command that is told", () => {
  it("is in its stream, without anybody to reply to", async () => {
    await using messaging = createService(redis);
    const { id, entryId, stream } = await messaging.tell(createUser, { email: "ada@example.com" });
    expect(stream).toBe("commands");
    const [entry] = await admin.xrange("commands", entryId, entryId);
    const fields = entry?.[1] ?? [];
    expect(fieldOf(fields, "id")).toBe(id);
    expect(fieldOf(fields, "target_service")).toBe(service);
    expect(fieldOf(fields, "reply_to")).toBe("");
    expect(await admin.pubsub("CHANNELS")).toEqual([]);
  });

  it("runs at its one service and is not answered", async () => {
    await using answering = createService(redis, { service });
    const emails: string[] = [];
    handleCreateUser(answering, ({ payload }) => {
      emails.push(payload.email);
      return { user_id: 1 };
    });
    await answering.start();
    await using messaging = createService(redis);
    await messaging.tell(createUser, { email: "ada@example.com" });
    await messaging.tell(createUser, { email: "grace@example.com" }, { targetService: "another-service" });
    await eventually(() => answering.counts.handled + answering.counts.skipped === 2);
    expect(emails).toEqual(["ada@example.com"]);
    expect(await admin.keys("*:answer:*")).toEqual([]);
  });

  it("is tried again like an event when its handler fails, and then is a dead letter", async () => {
    await using answering = createService(redis, { service, retryDelaySeconds: 0.02, maxRetries: 2 });
    const attempts: number[] = [];
    handleCreateUser(answering, ({ payload }, { attempt }) => {
      attempts.push(attempt);
      if (payload.email === "ada@example.com" && attempt === 2) return { user_id: 1 };
      throw new Error("the database is away");
    });
    await answering.start();
    await using messaging = createService(redis);
    await messaging.tell(createUser, { email: "ada@example.com" });
    await eventually(() => answering.counts.handled === 1);
    expect(attempts).toEqual([1, 2]);
    await messaging.tell(createUser, { email: "grace@example.com" });
    await eventually(() => answering.counts.deadLettered === 1);
    expect(attempts).toEqual([1, 2, 1, 2, 3]);
    expect(await admin.xlen("{commands}:dead")).toBe(1);
  });

  it("whose handler returns what it must not is a failure too", async () => {
    await using answering = createService(redis, { service, maxRetries: 0 });
    handleCreateUser(answering, () => ({ user_id: "one" }) as never);
    await answering.start();
    await answering.tell(createUser, { email: "ada@example.com" });
    await eventually(() => answering.counts.deadLettered === 1);
  });

  it("needs a target, and keeps its contract", async () => {
    await using messaging = createService(redis);
    await expect(messaging.tell(reloadConfig, {})).rejects.toThrow(/target_service is required/);
    await expect(messaging.tell(createUser, { email: "no address" })).rejects.toThrow(ContractError);
    expect(await admin.exists("commands")).toBe(0);
  });

  it("once is stored once, however often it is told", async () => {
    await using messaging = createService(redis);
    const options = { id: crypto.randomUUID(), once: true };
    const told = [
      await messaging.tell(createUser, { email: "ada@example.com" }, options),
      await messaging.tell(createUser, { email: "ada@example.com" }, options),
    ];
    expect(told[0]).toEqual(told[1]);
    expect(await admin.xlen("commands")).toBe(1);
  });
});
