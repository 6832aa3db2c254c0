import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { onUserCreated, publishUserCreated } from "../../../../generated/index.js";
import { examine, type Finding, Operations } from "../../../../runtime/operations/index.js";
import { redriveKeys, streamKeys } from "../../../../runtime/redis/keys.js";
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

  /** What is found about the events. */
  async function events(lease = "0.1", url = redis.url): Promise<Finding | undefined> {
    const env = { REDIS_URL: url, SERVICE_NAME: "billing", CONSUMER_LEASE: lease };
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
    await sleep(400);
    expect(await events()).toMatchObject({
      verdict: "bad",
      text: expect.stringMatching(
        /^3 entries, 1 group; the only consumer of billing-workers on events died .*: start a process of billing$/,
      ),
      lines: [
        expect.stringMatching(
          /^billing-workers: 0 of 1 consumer alive, last seen [\d.]+ m?s ago; lag 1, pending 2 \(the /,
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
        /: no consumer; lag 0, pending 1 \(the oldest for [\d.]+ m?s\), 1 parked \(the next due in \d+ s\)$/,
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
        expect.stringMatching(/^billing-workers: 1 of 2 consumers alive, last seen [\d.]+ m?s ago; lag 0, pending 0$/),
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

  /** Leaves one dead letter of a group whose only member has closed. */
  async function leaveLetter(): Promise<void> {
    await using messaging = createService(redis, { service: "billing", maxRetries: 0 });
    onUserCreated(messaging, () => {
      throw new Error("dead");
    });
    await messaging.start();
    await publishUserCreated(messaging, user);
    await eventually(() => messaging.counts.deadLettered === 1);
  }

  /** Redrives every dead letter of the events. */
  async function redrive(): Promise<number> {
    await using operations = new Operations({ env: {}, redis: { url: redis.url } });
    return await operations.deadLetters.redriveAll("events");
  }

  it("finds nobody for what was redriven to a group whose members are all gone, until one is back", async () => {
    await leaveLetter();
    expect(await events()).toMatchObject({ verdict: "notable", text: expect.stringContaining("1 of them open") });
    expect(await redrive()).toBe(1);
    const abandoned = await events();
    expect(abandoned).toMatchObject({
      verdict: "bad",
      text: expect.stringMatching(
        /; nobody serves what was redriven to billing-workers on events: 1 entry unread: start a process of billing$/,
      ),
    });
    expect(abandoned?.lines).toEqual([
      "billing-workers: no consumer; lag 0, pending 0",
      "billing-workers (redriven): lag 1, pending 0",
    ]);

    await using messaging = createService(redis, { service: "billing" });
    onUserCreated(messaging, () => {});
    await messaging.start();
    await eventually(() => messaging.counts.handled === 1);
    const served = await eventually(
      () => events("15"),
      (found) => found?.lines?.length === 1,
    );
    expect(served).toMatchObject({ verdict: "good", lines: [expect.stringContaining("1 of 1 consumer alive")] });
  });

  it("finds what died with the redriven entries that it had read, and what is parked of them", async () => {
    const { stream, retry } = redriveKeys(keys, GROUP);
    await admin.xgroup("CREATE", "events", GROUP, "0", "MKSTREAM");
    await admin.xgroup("CREATE", stream, GROUP, "0", "MKSTREAM");
    for (let n = 0; n < 2; n++) await admin.xadd(stream, "*", "event_type", "user.created");
    await admin.xreadgroup("GROUP", GROUP, "dead", "COUNT", 1, "STREAMS", stream, ">");
    await admin.xreadgroup("GROUP", GROUP, "parked", "COUNT", 1, "STREAMS", stream, ">");
    await admin.zadd(retry, Date.now() + 60_000, "1-1");
    expect(await events()).toMatchObject({
      verdict: "bad",
      lines: [
        "billing-workers: no consumer; lag 0, pending 0",
        expect.stringMatching(/^billing-workers \(redriven\): lag 0, pending 2 \(.*\), 1 parked \(the next due in /),
      ],
    });
  });

  it("hears of a member that is busy with what was redriven to it", async () => {
    await leaveLetter();
    await using messaging = createService(redis, { service: "billing", leaseSeconds: 1 });
    const over = new AbortController();
    onUserCreated(messaging, async () => {
      if (!over.signal.aborted) await new Promise((resolve) => over.signal.addEventListener("abort", resolve));
    });
    await messaging.start();
    await redrive();
    await eventually(async () => ((await admin.xpending(redriveKeys(keys, GROUP).stream, GROUP)) as number[])[0] === 1);
    const found = await events("4");
    over.abort();
    expect(found).toMatchObject({
      verdict: "good",
      lines: [
        expect.stringMatching(/1 of 1 consumer alive/),
        expect.stringMatching(/^billing-workers \(redriven\): lag 0, pending 1 /),
      ],
    });
  });

  it("tells of dead letters, and of what is redriven of them, when their stream itself was deleted", async () => {
    await leaveLetter();
    await admin.del("events");
    expect(await events()).toEqual({
      check: "stream events",
      verdict: "notable",
      text: expect.stringMatching(
        /^does not exist, 1 dead letter, 1 of them open; 1 dead letter of billing-workers on events is open, .*: 1 Error/,
      ),
      lines: ["billing-workers: the group is gone"],
    });
    expect(await redrive()).toBe(1);
    expect(await events()).toMatchObject({
      verdict: "bad",
      text: expect.stringMatching(
        /^does not exist, .*, 0 of them open; nobody serves what was redriven to billing-workers on events: 1 entry unread/,
      ),
      lines: ["billing-workers: the group is gone", "billing-workers (redriven): lag 1, pending 0"],
    });
  });

  it("finds work whose extent it has no right to ask for", async () => {
    await admin.call("ACL", "SETUSER", "looker", "on", ">secret", "~*", "&*", "+@all", "-@scripting");
    await admin.xgroup("CREATE", "events", GROUP, "0", "MKSTREAM");
    await admin.xadd("events", "*", "event_type", "user.created");
    expect(await events("0.6", redis.url.replace("redis://", "redis://looker:secret@"))).toMatchObject({
      verdict: "bad",
      lines: ["billing-workers: no consumer; lag unknown, pending 0"],
    });
  });
});
