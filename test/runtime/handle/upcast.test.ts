import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import {
  type Messaging,
  type MessagingOptions,
  notifySuccess,
  notifyWarning,
  onUserCreated,
  publishUserCreated,
  type SuccessNotification,
  subscribeNotifications,
  successNotification,
  userCreated,
  type WarningNotification,
  warningNotification,
} from "../../../generated/index.js";
import { type EventDescriptor, upcaster } from "../../../runtime/index.js";
import { type DeadLetter, Operations } from "../../../runtime/operations/index.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";
import { fillEvents, pendingEvents } from "../../support/stream.js";
import { toV2, toV3, type UserCreatedV2, userCreatedV2, userCreatedV3 } from "../../support/user-versions.js";

const group = "test-service-workers";
const { redis, admin } = await useRedis();
beforeEach(() => admin.flushall());

function service(options: MessagingOptions = {}): Messaging {
  const messaging = createService(redis, { upcasters: [toV2], ...options });
  onTestFinished(() => messaging.close());
  return messaging;
}

function publishOld(messaging: Messaging, entity_id: number): Promise<unknown> {
  const after_data = { email: "ada@example.com", first_name: "Ada" };
  return publishUserCreated(messaging, { entity_id, user_id: 9, company_id: 4, after_data }, { correlationId: "c-1" });
}

const settled = (): Promise<number> =>
  eventually(
    () => pendingEvents(admin, group),
    (count) => count === 0,
  );

describe("a service that handles the new version of a type, with an upcaster,", () => {
  it("receives both, and everything around its handler tells the new type and the one on the wire", async () => {
    const told: unknown[] = [];
    const messaging = service({
      hooks: { handled: ({ type, originalType }) => told.push(["handled", type, originalType]) },
      interceptors: [
        async (call, next) => {
          if (call.operation === "handle" && call.is(userCreatedV2)) {
            told.push(["intercepted", call.descriptor.type, call.context.originalType, call.message.after_data.name]);
          }
          return next();
        },
      ],
    });
    const seen: UserCreatedV2[] = [];
    messaging.on(
      userCreatedV2,
      (event, context) => {
        seen.push(event);
        told.push([context.type, context.originalType, context.messageId === event.id, context.correlationId]);
      },
      { company_id: 4, where: ({ after_data }) => after_data.name === "Ada" },
    );
    await messaging.start();

    const published = (await publishOld(messaging, 1)) as { id: string };
    await eventually(() => seen.length === 1);
    const { timestamp, ...event } = seen[0] as UserCreatedV2;
    expect(event).toEqual({
      id: published.id,
      source_service: "test-service",
      correlation_id: "c-1",
      metadata: {},
      type: "event",
      event_type: "user.created.v2",
      entity_type: "user",
      entity_id: 1,
      company_id: 4,
      user_id: 9,
      after_data: { name: "Ada", mail: "ada@example.com" },
    });
    expect(Date.parse(timestamp)).not.toBeNaN();

    const after_data = { name: "Ada", mail: "a" };
    await messaging.publish(userCreatedV2, { entity_id: 2, company_id: 4, after_data } as never);
    await eventually(() => seen.length === 2);
    await settled();
    const [old, now] = [
      ["user.created.v2", "user.created"],
      ["user.created.v2", undefined],
    ];
    expect(told).toEqual([
      ["intercepted", ...(old as []), "Ada"],
      [...(old as []), true, "c-1"],
      ["handled", ...(old as [])],
      ["intercepted", ...(now as []), "Ada"],
      [...(now as []), true, undefined],
      ["handled", ...(now as [])],
    ]);
    expect(messaging.counts).toMatchObject({ handled: 2, skipped: 0, deadLettered: 0 });
  });

  it("has it upcast again at a retry, through a chain, and when it is taken over from a dead process", async () => {
    await fillEvents(admin, 3);
    await admin.xgroup("CREATE", "events", group, "0");
    await admin.xreadgroup("GROUP", group, "test-service-4711-0a1b2c3d", "COUNT", 2, "STREAMS", "events", ">");
    const messaging = service({ upcasters: [toV3, toV2], leaseSeconds: 0.6, retryDelaySeconds: 0, order: "entity" });
    const seen: unknown[] = [];
    messaging.on(userCreatedV3, ({ entity_id, event_type, after_data }, { attempt, originalType }) => {
      seen.push([entity_id, event_type, after_data.letters, originalType]);
      if (attempt === 1 && entity_id === 3) throw new Error("not yet");
    });
    await messaging.start();

    await eventually(() => seen.length === 4);
    await settled();
    expect(messaging.counts).toMatchObject({ recovered: 1, handlerFailed: 1, retried: 1, handled: 3 });
    const each = (id: number): unknown[] => [id, "user.created.v3", 3, "user.created"];
    expect(seen.toSorted()).toEqual([each(1), each(2), each(3), each(3)]);
  });

  it("handles the messages of one entity in their order, whichever version each is", async () => {
    const messaging = service({ order: "entity" });
    const seen: number[] = [];
    messaging.on(userCreatedV2, async ({ user_id = 0 }) => {
      await new Promise((resolve) => setTimeout(resolve, (user_id * 7) % 5));
      seen.push(user_id);
    });
    const old = { email: "ada@example.com" };
    for (let user_id = 1; user_id <= 20; user_id++) {
      const isOld = user_id % 2 === 0;
      const after_data = isOld ? old : { name: "Ada", mail: "a" };
      await messaging.publish(
        (isOld ? userCreated : userCreatedV2) as EventDescriptor,
        { entity_id: 1, user_id, after_data } as never,
      );
    }
    await messaging.start();
    await eventually(() => seen.length === 20);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  });

  it("shares a group with a release that handles the old type alone: each message is handled once, by who knows it", async () => {
    const [old, now] = [createService(redis), service()];
    onTestFinished(() => old.close());
    const handled = { old: [] as number[], now: [] as number[] };
    onUserCreated(old, ({ entity_id }) => void handled.old.push(entity_id));
    now.on(userCreatedV2, ({ entity_id }) => void handled.now.push(entity_id));
    await Promise.all([old.start(), now.start()]);
    const ids = Array.from({ length: 40 }, (_, at) => at + 1);
    for (const id of ids) {
      if (id % 2 === 0) await publishOld(now, id);
      else await now.publish(userCreatedV2, { entity_id: id, after_data: { name: "Ada", mail: "a" } });
    }
    await eventually(() => handled.old.length + handled.now.length === 40);
    await old.close();
    await publishOld(now, 42);
    await eventually(() => handled.now.includes(42));
    await settled();

    expect([...handled.old, ...handled.now].toSorted((a, b) => a - b)).toEqual([...ids, 42]);
    expect(handled.old.every((id) => id % 2 === 0)).toBe(true);
    expect(now.counts.skipped + old.counts.skipped).toBe(0);
  });
});

describe("a message that cannot be upcast", () => {
  it.each<[string, () => unknown, string]>([
    [
      "because the upcaster throws",
      () => {
        throw new TypeError("no such name");
      },
      "user.created cannot be upcast to user.created.v2: its upcaster threw: no such name",
    ],
    [
      "because it gives what the new contract refuses",
      () => ({ after_data: { name: "Ada" } }),
      "after_data.mail is required",
    ],
    [
      "because it gives a promise",
      async () => ({ after_data: { name: "Ada", mail: "a" } }),
      "must give an object, and gave a promise",
    ],
  ])("%s is a dead letter at once, and is handled after the mend", async (_, upcast, text) => {
    const broken = { ...toV2, upcast };
    const failing = service({ upcasters: [broken] });
    failing.on(userCreatedV2, () => {});
    await failing.start();
    await publishOld(failing, 1);
    await eventually(() => failing.counts.deadLettered === 1);
    await settled();
    expect(failing.counts).toMatchObject({ handled: 0, retried: 0 });
    await failing.close();

    await using operations = new Operations({ env: {}, redis: { url: redis.url } });
    const letter = (await operations.deadLetters.list("events")[Symbol.asyncIterator]().next()).value as DeadLetter;
    expect(letter).toMatchObject({ type: "user.created", reason: "UPCAST_FAILED", attempts: 1 });
    expect(letter.errors.at(-1)?.message).toContain(text);

    const mended = service();
    const seen: string[] = [];
    mended.on(userCreatedV2, ({ after_data }, { redelivered }) => void seen.push(`${after_data.name} ${redelivered}`));
    await mended.start();
    expect(await operations.deadLetters.redriveAll("events", { reason: "UPCAST_FAILED" })).toBe(1);
    await eventually(() => seen.length === 1);
    expect(seen).toEqual(["Ada true"]);
  });

  it("is first held against its own contract", async () => {
    const messaging = service();
    const errors: unknown[] = [];
    messaging.on(userCreatedV2, () => {});
    await messaging.start();
    await admin.xadd(
      "events",
      "*",
      "message_type",
      "user.created",
      "json",
      '{"event_type":"user.created","entity_id":"x"}',
    );
    await eventually(() => messaging.counts.deadLettered === 1);
    await using operations = new Operations({ env: {}, redis: { url: redis.url } });
    for await (const { reason } of operations.deadLetters.list("events")) errors.push(reason);
    expect(errors).toEqual(["CONTRACT_VIOLATED"]);
  });
});

describe("notifications of an old type", () => {
  const toWarning = upcaster(successNotification, warningNotification, ({ title, ...rest }) => ({
    ...rest,
    title: `was a success: ${title}`,
  }));

  it("are delivered as the new one, live and caught up", async () => {
    const gateway = service({ upcasters: [toWarning] });
    const told: (SuccessNotification | WarningNotification)[] = [];
    const message = "text";
    const sent = (await notifySuccess(gateway, { title: "missed", message, target_user_id: 7 })) as { entryId: string };
    await notifySuccess(gateway, { title: "caught up", message, target_user_id: 7 });
    const hear = (notification: unknown): void => void told.push(notification as WarningNotification);
    const screen = await subscribeNotifications(gateway, { userId: 7 }, hear, { since: sent.entryId });
    await notifySuccess(gateway, { title: "live", message, target_user_id: 7 });
    await notifyWarning(gateway, { title: "new", message, target_user_id: 7 });
    await eventually(() => told.length === 3);
    await screen.close();

    expect(
      told.map(({ notification_type, title, target_user_id }) => [notification_type, title, target_user_id]),
    ).toEqual([
      ["warning", "was a success: caught up", 7],
      ["warning", "was a success: live", 7],
      ["warning", "new", 7],
    ]);
  });
});
