import { afterEach, describe, expect, it } from "vitest";
import {
  createUser,
  handleCreateUser,
  type Messaging,
  notifySuccess,
  onUserCreated,
  publishUserCreated,
  subscribeNotifications,
  userCreated,
} from "../../../generated/index.js";
import { createTestMessaging, exampleUserCreated } from "../../../generated/testing.js";
import { contractOf } from "../../../runtime/contract/contract.js";
import { HookBus } from "../../../runtime/messaging/hooks.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";

const group = "test-service-workers";

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

/** Adds so many valid `user.created` with the entity ids 1, 2, 3, … */
async function fill(count: number, encoding: "fields" | "json" = "fields"): Promise<void> {
  const adding = admin.pipeline();
  for (let entity_id = 1; entity_id <= count; entity_id += 1) {
    adding.xadd("events", "*", ...contractOf(userCreated).write({ ...exampleUserCreated({ entity_id }) }, encoding));
  }
  await adding.exec();
}

async function pending(): Promise<number> {
  const [count] = (await admin.xpending("events", group)) as [number];
  return count;
}

describe("a hook", () => {
  it.each([
    [
      "throws",
      () => {
        throw new Error("a broken metric");
      },
    ],
    ["rejects", () => Promise.reject(new Error("a broken metric"))],
  ])("that %s disturbs nothing", async (_, handled) => {
    await fill(2);
    await using messaging = createService(redis, {
      hooks: { handled: () => void 0, connected: handled, groupCreated: handled },
    });
    onUserCreated(messaging, () => {});
    await messaging.start();
    await eventually(() => messaging.counts.handled === 2);
    await eventually(pending, (count) => count === 0);
  });
});

describe("the hooks about a message", () => {
  const user = { entity_id: 7, after_data: { email: "ada@example.com" } };
  const correlationId = "request-7";

  /** What hooks were told in a story, without what has no ids. */
  async function told(
    play: (messaging: Messaging & ReturnType<typeof createTestMessaging>) => Promise<string | undefined>,
    maxRetries = 1,
  ): Promise<readonly (readonly [event: string, id: unknown, correlationId: unknown])[]> {
    const all: (readonly [string, unknown, unknown])[] = [];
    const note = (event: string) => (info: object) => {
      const { id, messageId, correlationId } = info as Readonly<Record<string, unknown>>;
      if ("correlationId" in info) all.push([event, id ?? messageId, correlationId]);
    };
    const hooks = Object.fromEntries(Object.keys(new HookBus().counts).map((event) => [event, note(event)]));
    await using messaging = createTestMessaging({ service: "user-auth-service", hooks, maxRetries, logger: QUIET });
    const id = await play(messaging as never);
    await messaging.settled();
    await messaging.time.advance("5m");
    expect(new Set(all.map(([, messageId]) => messageId))).toEqual(new Set([id]));
    return all;
  }

  it("have its id and its correlation id, from its publish to its end", async () => {
    const handled = await told(async (messaging) => {
      onUserCreated(messaging, (_event, { attempt }) => {
        if (attempt === 1) throw new Error("no room");
      });
      await messaging.start();
      return (await publishUserCreated(messaging, user, { correlationId })).id;
    });
    expect(handled.map(([event]) => event)).toEqual(["published", "handlerFailed", "retried", "handled"]);
    expect(new Set(handled.map(([, , each]) => each))).toEqual(new Set([correlationId]));

    const dead = await told(async (messaging) => {
      onUserCreated(messaging, () => {
        throw new Error("no room");
      });
      await messaging.start();
      return (await publishUserCreated(messaging, user, { correlationId })).id;
    }, 0);
    expect(dead.map(([event]) => event)).toEqual(["published", "handlerFailed", "deadLettered"]);
    expect(new Set(dead.map(([, , each]) => each))).toEqual(new Set([correlationId]));
  });

  it("have them for a command that has expired, and a publish that fails", async () => {
    const expired = await told(async (messaging) => {
      const options = { timeoutSeconds: 1, targetService: "user-auth-service", correlationId };
      const asking = messaging.send(createUser, { email: "a@b.cd" }, options).catch(() => {});
      await messaging.time.advance("2s");
      await asking;
      handleCreateUser(messaging, () => ({ user_id: 1 }));
      await messaging.start();
      await messaging.settled();
      return (messaging.sent(createUser)[0] as { readonly id: string }).id;
    });
    expect(expired).toContainEqual(["commandExpired", expired[0]?.[1], correlationId]);

    const id = crypto.randomUUID();
    const failed = await told(async (messaging) => {
      await publishUserCreated(messaging, { ...user, entity_id: 0 }, { id, correlationId }).catch(() => {});
      return id;
    });
    expect(failed).toEqual([["publishFailed", id, correlationId]]);
  });

  it("have them for a notification that has expired, or whose listener throws", async () => {
    const expired = await told(async (messaging) => {
      await subscribeNotifications(messaging, { userId: 1 }, () => {});
      const expires_at = new Date(messaging.time.now().getTime() - 60_000).toISOString();
      const notice = { title: "t", message: "m", target_user_id: 1, expires_at };
      return (await notifySuccess(messaging, notice, { correlationId })).id;
    });
    expect(expired.map(([event]) => event).sort()).toEqual(["notificationExpired", "published"]);

    const thrown = await told(async (messaging) => {
      await subscribeNotifications(messaging, { userId: 1 }, () => {
        throw new Error("no screen");
      });
      const notice = { title: "t", message: "m", target_user_id: 1 };
      return (await notifySuccess(messaging, notice, { correlationId })).id;
    });
    expect(thrown.map(([event]) => event).sort()).toEqual(["published", "trouble"]);
    expect(new Set(thrown.map(([, , each]) => each))).toEqual(new Set([correlationId]));
  });
});

const QUIET = { info(): void {}, warn(): void {}, error(): void {} };
