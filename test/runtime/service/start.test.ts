import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { onUserCreated, publishUserCreated } from "../../../generated/index.js";
import { type RedisServer, startRedis } from "../../../runtime/testing/redis/index.js";
import { eventually } from "../../support/eventually.js";
import { createService } from "../../support/service.js";
import { startTcpProxy } from "../../support/tcp-proxy.js";

const input = (entity_id: number): Parameters<typeof publishUserCreated>[1] => ({
  entity_id,
  after_data: { email: "ada@example.com" },
});

let redis: RedisServer;
let admin: Redis;
let publisher: ReturnType<typeof createService>;
beforeAll(async () => {
  redis = await startRedis();
  admin = new Redis(redis.url);
  publisher = createService(redis, { service: "publisher" });
});
afterEach(() => admin.flushall());
afterAll(async () => {
  await publisher.close();
  admin.disconnect();
  await redis.stop();
});

const twenty = Array.from({ length: 20 }, (_, at) => at + 1);
const publishTwenty = (): Promise<unknown> => Promise.all(twenty.map((id) => publishUserCreated(publisher, input(id))));

describe("a group that begins with new messages", () => {
  it("begins with those after start(), also when Redis is away then", async () => {
    await publishUserCreated(publisher, input(100));
    // Ids tell milliseconds apart, and a moment is known to within a round trip.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await using proxy = await startTcpProxy(redis);
    proxy.mode = "refuse";
    await using messaging = createService(proxy, { startFrom: "new", redis: { connectionTimeoutSeconds: 0.2 } });
    const seen: number[] = [];
    onUserCreated(messaging, ({ entity_id }) => void seen.push(entity_id));
    await messaging.start();
    expect((await messaging.health()).status).toBe("unhealthy");
    await publishTwenty();
    proxy.mode = "pass";
    await eventually(() => seen.length === 20);
    expect(seen).toEqual(twenty);
    await eventually(async () => (await messaging.health()).status === "healthy");
  });

  it("begins with them, too, when the first attempt to create it failed half-way", async () => {
    await admin.acl("SETUSER", "half", "reset", "on", ">secret", "allkeys", "allchannels", "+@all");
    await admin.config("SET", "busy-reply-threshold", "1");
    const url = redis.url.replace("redis://", "redis://half:secret@");
    await using messaging = createService({ url }, { startFrom: "new", redis: { connectionTimeoutSeconds: 0.3 } });
    const seen: number[] = [];
    onUserCreated(messaging, ({ entity_id }) => void seen.push(entity_id));
    const busy = new Redis(redis.url);
    busy.eval("while true do end", 0).catch(() => {});
    const isBusy = ({ message }: Error): boolean => message.startsWith("BUSY");
    await eventually(() => admin.ping().then(() => false, isBusy));
    await messaging.start();
    await admin.script("KILL");
    busy.disconnect();
    // The script ends a moment after the reply.
    await eventually(() =>
      admin.ping().then(
        () => true,
        () => false,
      ),
    );
    await publishTwenty();
    await eventually(() => seen.length === 20);
    expect(seen).toEqual(twenty);
  });

  it("begins at the beginning when it was lost with everything else", async () => {
    await using messaging = createService(redis, { startFrom: "new" });
    const seen: number[] = [];
    onUserCreated(messaging, ({ entity_id }) => void seen.push(entity_id));
    await messaging.start();
    await publishUserCreated(publisher, input(100));
    await eventually(() => seen.length === 1);
    await admin.flushall();
    await publishTwenty();
    await eventually(() => seen.length === 21);
    expect(seen).toEqual([100, ...twenty]);
  });
});

describe("start()", () => {
  it("rejects when Redis refuses to create the group, and may be repeated when it does not any more", async () => {
    const rights = (...rules: string[]): Promise<unknown> =>
      admin.acl("SETUSER", "some", "reset", "on", ">secret", "allkeys", "allchannels", ...rules);
    await rights("+@all", "-xgroup");
    const url = redis.url.replace("redis://", "redis://some:secret@");
    await using messaging = createService({ url });
    const seen: number[] = [];
    onUserCreated(messaging, ({ entity_id }) => void seen.push(entity_id));
    const refused = {
      name: "ConnectionError",
      code: "REDIS_REFUSED",
      message: expect.stringMatching(/refused joining the group .*rights/s),
    };
    await expect(messaging.start()).rejects.toMatchObject(refused);
    await publishTwenty();
    await rights("+@all");
    await messaging.start();
    await eventually(() => seen.length === 20);
    expect(await admin.call("CLIENT", "LIST")).not.toMatch(
      /name=test-service:heartbeat .*name=test-service:heartbeat/s,
    );
  });
});
