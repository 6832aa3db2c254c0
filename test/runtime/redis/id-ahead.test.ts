import { afterEach, describe, expect, it } from "vitest";
import {
  handleValidateToken,
  notifySuccess,
  onUserCreated,
  publishUserCreated,
  sendValidateToken,
  subscribeNotifications,
  userCreated,
} from "../../../generated/index.js";
import { exampleUserCreated } from "../../../generated/testing.js";
import { LAST_ID } from "../../../runtime/broker/entry-id.js";
import { contractOf } from "../../../runtime/contract/contract.js";
import { examine, type Finding } from "../../../runtime/operations/index.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";
import { pendingEvents } from "../../support/stream.js";

const GROUP = "test-service-workers";
const MESSAGE = { entity_id: 1, after_data: { email: "ada@example.com" } };
const YEAR_MS = 31_557_600_000;

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

async function addAt(id: string, entity_id: number): Promise<void> {
  const entry = contractOf(userCreated).write({ ...exampleUserCreated({ entity_id }) }, "fields");
  await admin.xadd("events", id, ...entry);
}

const trimmer = { trimIntervalSeconds: 0.02, streamMaxLength: 5 };
const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);

/** What the doctor says of a stream. */
async function examined(stream: string): Promise<Finding | undefined> {
  let found: Finding | undefined;
  for await (const finding of examine({ redis: { url: redis.url }, env: {}, timeoutSeconds: 5 })) {
    if (finding.check === `stream ${stream}`) found = finding;
  }
  return found;
}

describe.each([
  ["a year", () => `${Date.now() + YEAR_MS}-0`],
  ["more than a number holds", () => "9007199254740993-9007199254740993"],
  ["as far as can be, but for some", () => "18446744073709551615-18446744073709541615"],
])("a stream whose ids are ahead of Redis' clock by %s", (_, ahead) => {
  it("is read, retried in order and trimmed, and nothing is lost that waits", async () => {
    await admin.xgroup("CREATE", "events", "slow", "0", "MKSTREAM");
    await addAt(ahead(), 1);
    await using messaging = createService(redis, { ...trimmer, retryDelaySeconds: 0.05, order: "entity" });
    const handled: number[] = [];
    onUserCreated(messaging, ({ entity_id }, { attempt }) => {
      if (attempt === 1 && entity_id % 10 === 3) throw new Error("not yet");
      handled.push(entity_id);
    });
    await messaging.start();
    // Entries are counted from a mark that a trim has made.
    await eventually(async () => (await admin.exists("{events}:marks")) === 1);
    for (const entity_id of numbers(2, 40)) await publishUserCreated(messaging, { ...MESSAGE, entity_id });
    await eventually(() => handled.length === 40);
    await eventually(async () => (await pendingEvents(admin, GROUP)) === 0);
    expect(handled.toSorted((one, other) => one - other)).toEqual(numbers(1, 40));

    // The other group has read nothing yet, and then reads all.
    await admin.xgroup("SETID", "events", GROUP, "$");
    const before = messaging.counts.trimmed;
    const [reply] = (await admin.xreadgroup("GROUP", "slow", "me", "COUNT", 100, "STREAMS", "events", ">")) as [
      [string, [string, string[]][]],
    ];
    expect(reply[1]).toHaveLength(40);
    expect(messaging.counts.trimmed).toBe(before);
    await admin.xack("events", "slow", ...reply[1].slice(0, 30).map(([id]) => id));
    await eventually(
      () => admin.xlen("events"),
      (length) => length < 40,
    );
    expect((await admin.xrange("events", "-", "+")).slice(-10).map(([id]) => id)).toEqual(
      reply[1].slice(30).map(([id]) => id),
    );
    await admin.xack("events", "slow", ...reply[1].map(([id]) => id));
    await eventually(
      () => admin.xlen("events"),
      (length) => length === 5,
    );
  });

  it("is reported by health and the doctor, with what to do", async () => {
    await addAt(ahead(), 1);
    await using messaging = createService(redis);
    onUserCreated(messaging, () => {});
    await messaging.start();
    const { status, details } = await eventually(
      () => messaging.health(),
      (seen) => seen.details.streams["events"]?.pending === 0,
    );
    expect(status).toBe("healthy");
    const advice = expect.stringContaining("RENAME events");
    expect(details.streams["events"]).toMatchObject({ ids: "ahead", oldest_pending_seconds: 0, advice: [advice] });
    expect(await examined("events")).toMatchObject({ verdict: "notable", text: advice });
  });

  it("has a command run and answered, once", async () => {
    await admin.xadd("commands", ahead(), "command_type", "other");
    await using messaging = createService(redis, { service: "user-auth-service" });
    let ran = 0;
    handleValidateToken(messaging, () => {
      ran++;
      return { valid: false };
    });
    await messaging.start();
    await sendValidateToken(messaging, { token: "t" }, { targetService: "user-auth-service" });
    expect(ran).toBe(1);
    expect(messaging.counts.commandExpired).toBe(0);
  });

  it("has a screen catch up on what it missed", async () => {
    const note = { target_user_id: 1, title: "t", message: "m" };
    await admin.xadd("notifications", ahead(), "notification_type", "other");
    await using messaging = createService(redis);
    const sent = await notifySuccess(messaging, note);
    for (let at = 0; at < 12; at++) await notifySuccess(messaging, note);
    let heard = 0;
    const since = sent?.entryId ?? "";
    await subscribeNotifications(messaging, { userId: 1 }, () => void heard++, { since });
    expect(heard).toBe(12);
  });
});

describe("a stream with the last possible id", () => {
  it("refuses what is published, loses nothing, and is begun anew as health, the doctor and the error say", async () => {
    await addAt(LAST_ID, 1);
    await using messaging = createService(redis, trimmer);
    const handled: number[] = [];
    onUserCreated(messaging, ({ entity_id }) => void handled.push(entity_id));
    await messaging.start();
    await eventually(() => handled.length === 1);
    const refused = { code: "PUBLISH_FAILED", retryable: false, message: expect.stringContaining("RENAME") };
    await expect(publishUserCreated(messaging, MESSAGE)).rejects.toMatchObject(refused);
    await expect(publishUserCreated(messaging, MESSAGE, { once: true })).rejects.toMatchObject(refused);
    const advice = expect.stringContaining("RENAME events");
    expect(await messaging.health()).toMatchObject({
      status: "unhealthy",
      details: { streams: { events: { ids: "exhausted", lag: 0, advice: [advice] } } },
    });
    expect(await examined("events")).toMatchObject({ verdict: "bad", text: advice });

    await admin.rename("events", "{events}:full");
    for (const entity_id of numbers(2, 9)) await publishUserCreated(messaging, { ...MESSAGE, entity_id });
    await eventually(() => handled.length === 9);
    expect(await messaging.health()).toMatchObject({
      status: "healthy",
      details: { streams: { events: { advice: [] } } },
    });
  });

  it("has a screen hear what is announced after it was begun anew, also what it missed", async () => {
    const note = { target_user_id: 1, title: "t", message: "m" };
    await admin.xadd("notifications", LAST_ID, "notification_type", "other");
    await using messaging = createService(redis);
    await expect(notifySuccess(messaging, note)).rejects.toMatchObject({ code: "PUBLISH_FAILED" });
    await admin.rename("notifications", "{notifications}:full");
    await notifySuccess(messaging, note);
    let heard = 0;
    await subscribeNotifications(messaging, { userId: 1 }, () => void heard++, { since: LAST_ID });
    expect(heard).toBe(1);
    await notifySuccess(messaging, note);
    await eventually(() => heard === 2);
  });
});

describe("a group that stands behind the end of its stream, which was set back", () => {
  it("loses nothing of what is added next: it is kept, and the group is set back", async () => {
    for (const entity_id of numbers(1, 3)) await addAt(`1-${entity_id}`, entity_id);
    await addAt("9000000000000-0", 4);
    await using first = createService(redis, trimmer);
    onUserCreated(first, () => {});
    await first.start();
    await eventually(() => first.counts.handled === 4);
    await eventually(
      () => admin.hget(`{events}:floor:${GROUP}`, "position"),
      (at) => at === "9000000000000-0",
    );
    await first.close();
    await admin.xdel("events", "9000000000000-0");
    await admin.call("XSETID", "events", "1-3", "ENTRIESADDED", 4, "MAXDELETEDID", "0-0");

    await using trimming = createService(redis, { ...trimmer, service: "other", streamMaxLength: 1 });
    for (const entity_id of numbers(5, 14)) await publishUserCreated(trimming, { ...MESSAGE, entity_id });
    await eventually(
      () => admin.hget(`{events}:floor:${GROUP}`, "position"),
      (at) => at === "0-0",
    );
    const handled: number[] = [];
    await using second = createService(redis);
    onUserCreated(second, ({ entity_id }) => void handled.push(entity_id));
    await second.start();
    await eventually(() => numbers(5, 14).every((each) => handled.includes(each)));
    expect(second.counts.groupCreated).toBe(1);
  });
});
