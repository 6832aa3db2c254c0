import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { type Messaging, type MessagingOptions, onUserCreated } from "../../../generated/index.js";
import { streamKeys } from "../../../runtime/redis/keys.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";
import { fillEvents, pendingEvents } from "../../support/stream.js";
import { startTcpProxy } from "../../support/tcp-proxy.js";

const group = "test-service-workers";
const { alive } = streamKeys("events", group);
/** As a process of this package is called. */
const DEAD = "test-service-4711-0a1b2c3d";

const { redis, admin } = await useRedis();
beforeEach(() => admin.flushall());

async function member(handle: (id: number) => unknown, options: MessagingOptions = {}): Promise<Messaging> {
  const messaging = createService(redis, { leaseSeconds: 0.6, ...options });
  onTestFinished(() => messaging.close());
  onUserCreated(messaging, ({ entity_id }) => handle(entity_id));
  await messaging.start();
  return messaging;
}

it("a member counts what others have taken from it, although its handler ends before Redis can tell it so", async () => {
  await using proxy = await startTcpProxy(redis);
  let [begun, release] = [0, (): void => {}];
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const troubles = new Set<string>();
  const cut = await member(() => (begun++ === 0 ? released : undefined), {
    redis: { url: proxy.url, connectionTimeoutSeconds: 0.2 },
    hooks: { trouble: ({ what }) => void troubles.add(what) },
  });
  await fillEvents(admin, 1);
  await eventually(() => begun === 1);
  proxy.mode = "refuse";
  proxy.reset();
  const taken: number[] = [];
  await member((id) => void taken.push(id));
  await eventually(() => taken.length === 1);
  release();
  await eventually(() => cut.counts.handled === 1);
  troubles.clear();
  await eventually(() => troubles.has("looking for entries that were taken over"));
  proxy.mode = "pass";
  await eventually(() => cut.counts.overtaken === 1);
  expect([begun, taken]).toEqual([1, [1]]);
});

describe("consumers without a heartbeat", () => {
  it("are dead if they are of this package: what they held is taken over, but not from one in another language", async () => {
    await fillEvents(admin, 7);
    await admin.xgroup("CREATE", "events", group, "0");
    await admin.xreadgroup("GROUP", group, DEAD, "COUNT", 5, "STREAMS", "events", ">");
    for (const foreign of ["python-worker-1", "other-service-4711-0a1b2c3d"]) {
      await admin.xreadgroup("GROUP", group, foreign, "COUNT", 1, "STREAMS", "events", ">");
    }
    const seen: number[] = [];
    const messaging = await member((id) => void seen.push(id));

    await eventually(() => seen.length === 5);
    await eventually(
      () => pendingEvents(admin, group),
      (count) => count === 2,
    );
    expect(seen.toSorted()).toEqual([1, 2, 3, 4, 5]);
    expect(messaging.counts.recovered).toBe(1);
    await eventually(async () => !JSON.stringify(await admin.xinfo("CONSUMERS", "events", group)).includes(DEAD));
  });

  it("live if they beat again: nothing is taken from them when the heartbeats are deleted, again and again", async () => {
    // As many as both can hold.
    await fillEvents(admin, 20);
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const begun: number[] = [];
    const handle = (id: number): Promise<void> => {
      begun.push(id);
      return opened;
    };
    const options = { concurrency: 5, batchSize: 5, leaseSeconds: 3 };
    const members = [await member(handle, options), await member(handle, options)];
    await eventually(() => begun.length === 10);

    for (let times = 0; times < 3; times++) {
      await admin.del(alive);
      await eventually(
        () => admin.zcard(alive),
        (count) => count === 2,
      );
    }
    open();

    await eventually(
      () => pendingEvents(admin, group),
      (count) => count === 0,
    );
    expect(begun).toHaveLength(20);
    expect(members.map(({ counts }) => counts.recovered)).toEqual([0, 0]);
  });
});
