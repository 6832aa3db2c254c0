import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { onUserCreated, publishUserCreated } from "../../../../generated/index.js";
import { examine, type Finding } from "../../../../runtime/operations/index.js";
import { streamKeys } from "../../../../runtime/redis/keys.js";
import { type RedisServer, startRedis } from "../../../../runtime/testing/redis/index.js";
import { eventually } from "../../../support/eventually.js";
import { createService } from "../../../support/service.js";

const GROUP = "billing-workers";
const keys = streamKeys("events", GROUP);

describe("the doctor's look at a group", () => {
  let redis: RedisServer;
  let admin: Redis;
  beforeAll(async () => {
    redis = await startRedis();
    admin = new Redis(redis.url);
  });
  afterEach(() => admin.flushall());
  afterAll(async () => {
    admin?.disconnect();
    await redis?.stop();
  });

  /** What is found about the events. Each dead consumer is watched for half a lease. */
  async function events(lease = "0.6"): Promise<Finding | undefined> {
    const env = { REDIS_URL: redis.url, SERVICE_NAME: "billing", CONSUMER_LEASE: lease };
    let found: Finding | undefined;
    for await (const finding of examine({ env, timeoutSeconds: 5 })) {
      if (finding.check === "stream events") found = finding;
    }
    return found;
  }

  const user = { entity_id: 1, after_data: { email: "ada@example.com" } };

  it("finds nobody where the only consumer died with its entries, and tells when it was last seen", async () => {
    await admin.xgroup("CREATE", "events", GROUP, "0", "MKSTREAM");
    for (let n = 0; n < 3; n++) await admin.xadd("events", "*", "event_type", "user.created");
    await admin.xreadgroup("GROUP", GROUP, "dead", "COUNT", 2, "STREAMS", "events", ">");
    await admin.zadd(keys.alive, Date.now(), "dead");
    expect(await events()).toMatchObject({
      verdict: "bad",
      text: `3 entries, 1 group; nobody does the work of ${GROUP}`,
      lines: [
        expect.stringMatching(
          /^billing-workers: 0 of 1 consumer alive, last seen [\d.]+ s ago; lag 1, pending 2 \(the /,
        ),
      ],
    });
  });

  it("counts no name that no process has, and tells what is parked and when the next is due", async () => {
    await admin.xgroup("CREATE", "events", GROUP, "0", "MKSTREAM");
    const id = (await admin.xadd("events", "*", "event_type", "user.created")) as string;
    await admin.xreadgroup("GROUP", GROUP, "parked", "COUNT", 1, "STREAMS", "events", ">");
    await admin.zadd(keys.retry, Date.now() + 60_000, id);
    const found = await events();
    expect(found?.verdict).toBe("bad");
    expect(found?.lines).toEqual([
      expect.stringMatching(
        /: no consumer; lag 0, pending 1 \(the oldest for [\d.]+ s\), 1 parked \(the next due in (60|59) s\)$/,
      ),
    ]);
  });

  it("finds a dead consumer beside a living one, and is content", async () => {
    await admin.xgroup("CREATE", "events", GROUP, "0", "MKSTREAM");
    await admin.zadd(keys.alive, Date.now() - 60_000, "dead");
    await using messaging = createService(redis, { service: "billing" });
    onUserCreated(messaging, () => {});
    await messaging.start();
    expect(await events("15")).toMatchObject({
      verdict: "good",
      lines: [
        expect.stringMatching(/^billing-workers: 1 of 2 consumers alive, last seen [\d.]+ s ago; lag 0, pending 0$/),
      ],
    });
  });

  it("hears of a consumer that reads nothing because it is busy, by its heartbeat", async () => {
    await using messaging = createService(redis, { service: "billing", concurrency: 1, leaseSeconds: 1 });
    const over = new AbortController();
    let begun = false;
    onUserCreated(messaging, async () => {
      begun = true;
      if (!over.signal.aborted) await new Promise((resolve) => over.signal.addEventListener("abort", resolve));
    });
    await messaging.start();
    for (let n = 0; n < 30; n++) await publishUserCreated(messaging, user);
    await eventually(() => begun);
    const found = await events("4");
    over.abort();
    expect(found).toMatchObject({ verdict: "good", lines: [expect.stringMatching(/1 of 1 consumer alive/)] });
  });
});
