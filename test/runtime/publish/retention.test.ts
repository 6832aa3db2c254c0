import { afterEach, describe, expect, it } from "vitest";
import { type Messaging, type MessagingOptions, publishUserCreated } from "../../../generated/index.js";
import { streamKeys } from "../../../runtime/redis/keys.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";

const input = { entity_id: 1, after_data: { email: "ada@example.com" } };

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

/** Trims as often as it can. */
const trimmer = (options: MessagingOptions): Messaging =>
  createService(redis, { trimIntervalSeconds: 0.01, messageTtlSeconds: 3600, streamMaxLength: 5, ...options });

/** Creates a group of which the services have known for ages, and that none of them serves. */
async function createUnserved(group: string): Promise<void> {
  await admin.xgroup("CREATE", "events", group, "0", "MKSTREAM");
  await admin.hset(streamKeys("events", group).floor, "served", 1);
}

describe("a stream that nobody's group keeps full", () => {
  it("is trimmed when many messages were added, however far away the next interval is", async () => {
    await using messaging = createService(redis, { trimIntervalSeconds: 3600, streamMaxLength: 1 });
    for (let at = 0; at < 100; at++) await publishUserCreated(messaging, input);
    await eventually(() => messaging.counts.trimmed === 1);
    expect(await admin.xlen("events")).toBe(1);
  });
});

describe("a stream that was deleted and begun anew", () => {
  it("keeps what is not acknowledged, whatever was known of the old one", async () => {
    await using messaging = trimmer({});
    const { marks } = streamKeys("events", "slow-workers");
    for (let at = 0; at < 30; at++) await publishUserCreated(messaging, input);
    await eventually(() => admin.zcard(marks));
    await eventually(
      () => admin.xlen("events"),
      (length) => length <= 5,
    );
    await admin.multi().del("events").xgroup("CREATE", "events", "slow-workers", "0", "MKSTREAM").exec();
    await publishUserCreated(messaging, input);
    await admin.xreadgroup("GROUP", "slow-workers", "slow", "COUNT", 1, "STREAMS", "events", ">");

    for (let at = 0; at < 19; at++) await publishUserCreated(messaging, input);
    const trims = async (): Promise<number> =>
      Number(/cmdstat_xtrim:calls=(\d+)/.exec(await admin.info("commandstats"))?.[1]);
    const before = await trims();
    await eventually(trims, (count) => count >= before + 3);
    expect(await admin.xlen("events")).toBe(20);
  });
});

describe("a stream that a group keeps full and that nobody serves", () => {
  it("accepts no message where that was chosen, and does again when the group is gone", async () => {
    await createUnserved("gone-workers");
    await using messaging = trimmer({ unservedGroups: "reject-publish" });
    const refused = await eventually(() =>
      publishUserCreated(messaging, input).then(
        () => undefined,
        (error: unknown) => error,
      ),
    );
    expect(refused).toMatchObject({
      code: "PUBLISH_FAILED",
      retryable: true,
      message: expect.stringMatching(/^events is full because no consumer serves gone-workers\./),
    });
    const length = await admin.xlen("events");
    expect(length).toBeGreaterThan(5);
    await expect(publishUserCreated(messaging, input)).rejects.toMatchObject({ code: "PUBLISH_FAILED" });
    expect(await admin.xlen("events")).toBe(length);

    await admin.xgroup("DESTROY", "events", "gone-workers");
    await eventually(() => publishUserCreated(messaging, input));
  });

  it("is reported however seldom it is trimmed", async () => {
    await createUnserved("gone-workers");
    await admin.hset("{events}:retention", "at", Date.now() - 3_000_000);
    await using messaging = trimmer({ trimIntervalSeconds: 3600 });
    await eventually(async () => {
      await Promise.all(Array.from({ length: 100 }, () => publishUserCreated(messaging, input)));
      return messaging.counts.groupUnserved > 0;
    });
  });

  it.each(["keep", "expire-group"] as const)("accepts every message where the policy is %s", async (unservedGroups) => {
    await createUnserved("gone-workers");
    await using messaging = trimmer({ unservedGroups });
    await eventually(async () => {
      await publishUserCreated(messaging, input);
      return messaging.counts.groupUnserved > 0;
    });
    await publishUserCreated(messaging, input);
  });

  it("loses that group where that was chosen, and keeps one in which a consumer of another language reads", async () => {
    const expired: string[] = [];
    const hooks = { groupUnserved: (info: { group: string; expired: boolean }) => void expired.push(info.group) };
    for (const group of ["python-workers", "gone-workers"]) await createUnserved(group);
    await using messaging = trimmer({ unservedGroups: "expire-group", hooks });
    await publishUserCreated(messaging, input);
    await admin.xreadgroup("GROUP", "python-workers", "python-1", "COUNT", 1, "STREAMS", "events", ">");

    await eventually(async () => {
      await publishUserCreated(messaging, input);
      return expired.includes("gone-workers");
    });
    expect(expired).toEqual(["gone-workers"]);
    const groups = (await admin.xinfo("GROUPS", "events")) as string[][];
    expect(groups.map(([, name]) => name)).toEqual(["python-workers"]);
  });
});
