import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { type Messaging, type MessagingOptions, onUserCreated, onUserDeleted } from "../../../generated/index.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";
import { fillEvents, pendingEvents } from "../../support/stream.js";

const GROUP = "billing-workers";

const { redis, admin } = await useRedis();
beforeEach(() => admin.flushall());

async function service(
  name: string,
  register: (messaging: Messaging) => void,
  options: MessagingOptions,
): Promise<void> {
  const messaging = createService(redis, { service: name, messageTtlSeconds: 1, ...options });
  onTestFinished(() => messaging.close());
  register(messaging);
  await messaging.start();
}

/** Which groups are reported as unserved, by a service that destroys them. */
async function expireGroups(): Promise<string[]> {
  const unserved: string[] = [];
  const hooks = { groupUnserved: ({ group }: { group: string }) => void unserved.push(group) };
  const options = { hooks, unservedGroups: "expire-group", trimIntervalSeconds: 0.05, streamMaxLength: 1 } as const;
  await service("audit", (messaging) => onUserDeleted(messaging, () => {}), options);
  return unserved;
}

/** Waits until a group that was served for the last time after this call has expired. */
async function outlive(unserved: readonly string[]): Promise<void> {
  await admin.xgroup("CREATE", "events", "gone", "0");
  await eventually(() => unserved.includes("gone"));
}

describe("a group that keeps a stream from being trimmed, and whose consumers have read nothing for MESSAGE_TTL,", () => {
  it("is neither reported nor destroyed while they are busy", async () => {
    await fillEvents(admin, 5);
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const begun: number[] = [];
    const handle = (messaging: Messaging): void =>
      onUserCreated(messaging, ({ entity_id }) => {
        begun.push(entity_id);
        return opened;
      });
    await service("billing", handle, { concurrency: 1, batchSize: 1 });
    // It has no room for more.
    await eventually(
      () => pendingEvents(admin, GROUP),
      (count) => count === 2,
    );
    const unserved = await expireGroups();
    await outlive(unserved);

    open();
    await eventually(() => begun.length === 5);
    await eventually(
      () => pendingEvents(admin, GROUP),
      (count) => count === 0,
    );
    expect(unserved).not.toContain(GROUP);
  });

  it("keeps the stream when somebody destroys it while they are busy, however long they have not joined it", async () => {
    await fillEvents(admin, 5);
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const seen = new Set<number>();
    const handle = (messaging: Messaging): void =>
      onUserCreated(messaging, async ({ entity_id }) => {
        await opened;
        seen.add(entity_id);
      });
    await service("billing", handle, { concurrency: 1, batchSize: 1 });
    await eventually(
      () => pendingEvents(admin, GROUP),
      (count) => count === 2,
    );
    const unserved = await expireGroups();
    // A trim records the group's position.
    await eventually(() => admin.hget(`{events}:floor:${GROUP}`, "position"));
    await admin.zadd("{events}:groups", 1, GROUP);
    await admin.xgroup("DESTROY", "events", GROUP);
    await outlive(unserved);

    open();
    await eventually(() => seen.size === 5);
  });

  it("is neither reported nor destroyed while they wait for new messages and for a retry", async () => {
    await fillEvents(admin, 1);
    const failing = (messaging: Messaging): void =>
      onUserCreated(messaging, () => {
        throw new Error("later");
      });
    await service("billing", failing, { blockTimeMs: 60_000, retryDelaySeconds: 600 });
    await eventually(() => admin.zcard(`{events}:retry:${GROUP}`));
    const unserved = await expireGroups();
    await outlive(unserved);

    expect(await pendingEvents(admin, GROUP)).toBe(1);
    expect(unserved).not.toContain(GROUP);
  });
});
