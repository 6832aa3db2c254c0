import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { handleCreateUser, handleValidateToken, sendCreateUser, sendValidateToken } from "../../../generated/index.js";
import { fieldOf } from "../../../runtime/contract/codec.js";
import { type RedisServer, startRedis } from "../../../runtime/testing/redis/index.js";
import { eventually } from "../../support/eventually.js";
import { createService } from "../../support/service.js";

const service = "user-auth-service";

let redis: RedisServer;
let admin: Redis;
beforeAll(async () => {
  redis = await startRedis();
  admin = new Redis(redis.url);
});
afterEach(() => admin.flushall());
afterAll(async () => {
  admin.disconnect();
  await redis.stop();
});

it("answers 500 commands that are in flight at once, each with its own, in whatever order they come", async () => {
  await using answering = createService(redis, { service, concurrency: 500 });
  const waiting: (() => void)[] = [];
  const order: number[] = [];
  handleCreateUser(answering, async ({ payload }) => {
    await new Promise<void>((resolve) => waiting.push(resolve));
    const user_id = Number(payload.first_name);
    order.push(user_id);
    return { user_id };
  });
  await answering.start();
  await using asker = createService(redis, { service: "asker" });
  const ids = Array.from({ length: 500 }, (_, at) => at + 1);
  const asked = ids.map((id) => sendCreateUser(asker, { email: "a@example.com", first_name: String(id) }));
  await eventually(() => waiting.length === 500);
  for (const answer of waiting.reverse()) answer();
  expect((await Promise.all(asked)).map(({ user_id }) => user_id)).toEqual(ids);
  expect(order).not.toEqual(ids);
  expect(asker.counts.answerUnclaimed).toBe(0);
});

it("is taken literally when one is set, in any environment, and else belongs to the instance and its environment", async () => {
  const environment = "production";
  await using answering = createService(redis, { service, environment });
  handleValidateToken(answering, () => ({ valid: true }));
  await answering.start();
  await using literal = createService(redis, { service: "api-gateway", environment, replyChannel: "gateway:{x} *" });
  await using own = createService(redis, { service: "api-gateway", environment });
  expect(await sendValidateToken(literal, { token: "t" })).toEqual({ valid: true });
  expect(await sendValidateToken(own, { token: "t" })).toEqual({ valid: true });
  const entries = await admin.xrange("production:commands", "-", "+");
  expect(entries.map(([, fields]) => fieldOf(fields, "reply_to"))).toEqual([
    "gateway:{x} *",
    expect.stringMatching(/^production:api-gateway-responses:\d+-[0-9a-f]{8}$/),
  ]);
});

it("that instances share has each hear the other's answers, which are counted and passed over", async () => {
  await using answering = createService(redis, { service });
  handleValidateToken(answering, () => ({ valid: true }));
  await answering.start();
  const unclaimed: string[] = [];
  const hooks = { answerUnclaimed: ({ commandId }: { commandId: string }) => void unclaimed.push(commandId) };
  await using one = createService(redis, { service: "api-gateway", replyChannel: "shared", hooks });
  await using two = createService(redis, { service: "api-gateway", replyChannel: "shared" });
  await sendValidateToken(one, { token: "t" });
  expect(await sendValidateToken(two, { token: "t" })).toEqual({ valid: true });
  await eventually(() => one.counts.answerUnclaimed === 1);
  const [, entry] = await admin.xrange("commands", "-", "+");
  expect(unclaimed).toEqual([fieldOf(entry?.[1] ?? [], "id")]);
});
