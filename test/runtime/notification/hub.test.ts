import { isDeepStrictEqual } from "node:util";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import {
  ConfigError,
  type Encoding,
  type Listening,
  type Notification,
  type NotificationContext,
  type NotificationTarget,
  notifyInfo,
  notifySuccess,
  publishUserCreated,
  type SuccessNotificationInput,
  subscribeNotifications,
} from "../../../generated/index.js";
import { exampleSuccessNotification } from "../../../generated/testing.js";
import type { MessagingOptions } from "../../../runtime/service/assemble.js";
import { startChild } from "../../support/child.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";
import { startTcpProxy } from "../../support/tcp-proxy.js";

const encodings: readonly Encoding[] = ["fields", "json"];

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

const service = (options: MessagingOptions = {}): ReturnType<typeof createService> => createService(redis, options);
const note = (title: string, target: Partial<SuccessNotificationInput> = {}): SuccessNotificationInput => ({
  title,
  message: "text",
  target_user_id: 123,
  ...target,
});

/** What a listener was given. */
class Ear {
  readonly heard: (readonly [Notification, NotificationContext])[] = [];
  readonly listen = (message: Notification, context: NotificationContext): void => {
    this.heard.push([message, context]);
  };

  get titles(): string[] {
    return this.heard.map(([{ title }]) => title);
  }

  async hears(count: number): Promise<string[]> {
    await eventually(
      () => this.titles,
      ({ length }) => length >= count,
    );
    return this.titles;
  }
}

const isDeep =
  (wanted: unknown) =>
  (seen: unknown): boolean =>
    isDeepStrictEqual(seen, wanted);

/** Cuts the connection on which a service hears notifications; resolves once it is gone. */
async function cut(name: string): Promise<void> {
  await eventually(async () => {
    const list = String(await admin.client("LIST"));
    const id = new RegExp(`id=(\\d+) .*name=${name}:subscribe .* p?sub=[1-9]`).exec(list)?.[1];
    return id !== undefined && (await admin.call("CLIENT", "KILL", "ID", id)) === 1;
  });
}

describe("a notification", () => {
  it.each(encodings)("reaches who listens to its user, company, channel or a pattern, as %s", async (encoding) => {
    await using sender = service({ service: "sender", encoding });
    await using screens = service({ service: "screens" });
    const ears: Record<string, Ear> = {};
    const targets: Record<string, NotificationTarget> = {
      user: { userId: 123 },
      company: { companyId: 7 },
      channel: { channel: "auth" },
      companies: { pattern: "company:*" },
      all: { pattern: "*" },
    };
    for (const [name, target] of Object.entries(targets)) {
      ears[name] = new Ear();
      await subscribeNotifications(screens, target, ears[name].listen);
    }
    await notifySuccess(sender, note("to user", { target_company_id: 7, channel: "auth" }));
    await notifySuccess(sender, { title: "to company", message: "m", target_company_id: 7, channel: "auth" });
    await notifySuccess(sender, { title: "to channel", message: "m", channel: "auth" });
    await notifySuccess(sender, { title: "to all", message: "m" });
    expect(await ears["all"]?.hears(4)).toEqual(["to user", "to company", "to channel", "to all"]);
    expect(ears["user"]?.titles).toEqual(["to user"]);
    expect(ears["company"]?.titles).toEqual(["to company"]);
    expect(ears["channel"]?.titles).toEqual(["to channel"]);
    expect(ears["companies"]?.titles).toEqual(["to company"]);
  });

  it("is given whole, with where it came from, and without what carries its entry's id", async () => {
    await using messaging = service();
    const ear = new Ear();
    await subscribeNotifications(messaging, { userId: 123 }, ear.listen);
    const metadata = { link: "/orders/7", nested: [1, "2"] };
    const { id, entryId } = await notifySuccess(messaging, note("whole", { metadata }), {
      correlationId: "one-request",
    });
    await ear.hears(1);
    const message = {
      id,
      timestamp: expect.stringMatching(/Z$/),
      source_service: "test-service",
      correlation_id: "one-request",
      metadata,
      type: "notification",
      notification_type: "success",
      title: "whole",
      message: "text",
      target_user_id: 123,
      channel: "general",
      priority: 2,
    };
    expect(ear.heard).toEqual([[message, { channel: "notifications:user:123", entryId, missed: false }]]);
    const [entry] = await admin.xrange("notifications", entryId, entryId);
    expect(entry?.[1]).toContain("whole");
  });

  it("that is published once is also sent once, whichever call stored it", async () => {
    await using messaging = service();
    const ear = new Ear();
    await subscribeNotifications(messaging, { userId: 123 }, ear.listen);
    const options = { id: crypto.randomUUID(), once: true };
    for (let repeat = 0; repeat < 3; repeat++) await notifySuccess(messaging, note("once"), options);
    await notifySuccess(messaging, note("then"));
    expect(await ear.hears(2)).toEqual(["once", "then"]);
    expect(await admin.xlen("notifications")).toBe(2);
  });

  it.each([0, -3_600_000, 300_000])(
    "that has expired by Redis' clock is not delivered, but counted, with this machine's time wrong by %i ms",
    async (ms) => {
      const now = Date.now();
      const at = (seconds: number): string => new Date(now + seconds * 1000).toISOString();
      const shifted = vi.spyOn(Date, "now").mockImplementation(() => now + ms);
      onTestFinished(() => void shifted.mockRestore());
      await using messaging = service();
      const ear = new Ear();
      await subscribeNotifications(messaging, { userId: 123 }, ear.listen);
      await notifySuccess(messaging, note("expired", { expires_at: at(-60) }));
      await notifySuccess(messaging, note("good", { expires_at: at(120) }));
      expect(await ear.hears(1)).toEqual(["good"]);
      const late = new Ear();
      await subscribeNotifications(messaging, { userId: 123 }, late.listen, { since: "0-0" });
      expect(late.titles).toEqual(["good"]);
      expect(messaging.counts.notificationExpired).toBe(2);
    },
  );

  it("of a Python service is read as its contract has it", async () => {
    await using messaging = service();
    const ear = new Ear();
    await subscribeNotifications(messaging, { userId: 123 }, ear.listen);
    // As in the field: every value as text, absent ones empty, nested ones as JSON in the JSON.
    const payload =
      '{"id": "c5d3bcf7-5cec-4c63-b08d-419b14520f73", "timestamp": "2026-11-23T10:26:43.638864", "source_service": "user-auth-service", "correlation_id": "", "metadata": "{\\"a\\": 1}", "type": "notification", "notification_type": "success", "title": "Welcome!", "message": "Account created", "target_user_id": "123", "target_company_id": "", "channel": "auth", "priority": "2", "expires_at": ""}';
    await admin.publish("notifications:user:123", payload);
    await ear.hears(1);
    const [message, context] = ear.heard[0] ?? [];
    expect(message).toEqual({
      id: "c5d3bcf7-5cec-4c63-b08d-419b14520f73",
      timestamp: "2026-11-23T10:26:43.638864Z",
      source_service: "user-auth-service",
      metadata: { a: 1 },
      type: "notification",
      notification_type: "success",
      title: "Welcome!",
      message: "Account created",
      target_user_id: 123,
      channel: "auth",
      priority: 2,
    });
    expect(context?.entryId).toBeUndefined();
  });

  it("reaches every process that listens", async () => {
    await using one = await startChild<{ title?: string }>(new URL("./hub-child.ts", import.meta.url), {
      environment: { CHILD_REDIS: redis.url },
    });
    await using two = await startChild<{ title?: string }>(new URL("./hub-child.ts", import.meta.url), {
      environment: { CHILD_REDIS: redis.url },
    });
    await Promise.all([one.next(), two.next()]);
    await using messaging = service();
    await notifySuccess(messaging, note("to both"));
    expect(await Promise.all([one.next(), two.next()])).toEqual([{ title: "to both" }, { title: "to both" }]);
  });
});

describe("what is no notification", () => {
  it("is passed over, and those that follow are delivered", async () => {
    await using messaging = service();
    const ear = new Ear();
    await subscribeNotifications(messaging, { userId: 123 }, ear.listen);
    const junk = ["", "junk", "null", "7", "[]", "{}", '{"notification_type":"unheard-of"}'];
    const broken = '{"notification_type":"success","title":5}';
    for (const payload of [...junk, broken]) await admin.publish("notifications:user:123", payload);
    await admin.xadd("notifications", "*", "notification_type", "success", "title", "no message");
    // What cannot be read is told, and what is of a type that is not known here is counted.
    await eventually(() => messaging.counts.trouble === 3 && messaging.counts.skipped === 5);
    await notifySuccess(messaging, note("good"));
    expect(await ear.hears(1)).toEqual(["good"]);
    expect(messaging.counts).toMatchObject({ trouble: 3, skipped: 5 });
    const late = new Ear();
    await subscribeNotifications(messaging, { userId: 123 }, late.listen, { since: "0-0" });
    expect(late.titles).toEqual(["good"]);
    expect(messaging.counts).toMatchObject({ trouble: 4, skipped: 5 });
  });

  it("an entry id that is none is left out, and the screen goes on catching up", async () => {
    await using messaging = service({ service: "screens" });
    await using sender = service({ service: "sender" });
    const ear = new Ear();
    await subscribeNotifications(messaging, { userId: 123 }, ear.listen, { catchUp: true });
    for (const entry_id of ["junk", "1-", "-1", "1-1-x", "0x1-1"]) {
      const forged = exampleSuccessNotification({ id: crypto.randomUUID(), title: "forged" });
      await admin.publish("notifications:user:123", JSON.stringify({ ...forged, entry_id }));
    }
    await ear.hears(5);
    expect(ear.heard.map(([, { entryId }]) => entryId)).toEqual(Array(5).fill(undefined));
    expect(messaging.counts.trouble).toBe(0);
    await cut("screens");
    await notifySuccess(sender, note("missed"));
    expect(await ear.hears(6)).toEqual([...Array(5).fill("forged"), "missed"]);
  });

  it("a listener that throws disturbs neither itself nor others", async () => {
    await using messaging = service();
    const ear = new Ear();
    let thrown = 0;
    await subscribeNotifications(messaging, { userId: 123 }, () => {
      thrown += 1;
      throw new Error("a broken screen");
    });
    await subscribeNotifications(messaging, { userId: 123 }, ear.listen);
    await notifySuccess(messaging, note("one"));
    await notifySuccess(messaging, note("two"));
    expect(await ear.hears(2)).toEqual(["one", "two"]);
    expect(thrown).toBe(2);
    await eventually(() => messaging.counts.trouble === 2);
  });
});

describe("a subscription", () => {
  it("to a malformed channel is refused", async () => {
    await using messaging = service();
    await expect(subscribeNotifications(messaging, { channel: "user:1" }, () => {})).rejects.toThrow(ConfigError);
    await expect(subscribeNotifications(messaging, { userId: "*" }, () => {})).rejects.toThrow(ConfigError);
    const since = { since: "yesterday" };
    await expect(subscribeNotifications(messaging, { userId: 1 }, () => {}, since)).rejects.toThrow(/no entry id/);
    expect(await admin.pubsub("CHANNELS")).toEqual([]);
  });

  it("ends when it is closed, and another of the same channel goes on", async () => {
    await using messaging = service();
    const [closed, open] = [new Ear(), new Ear()];
    const first = await subscribeNotifications(messaging, { userId: 123 }, closed.listen);
    const second = await subscribeNotifications(messaging, { userId: 123 }, open.listen);
    await first.close();
    await notifySuccess(messaging, note("one"));
    expect(await open.hears(1)).toEqual(["one"]);
    expect(closed.titles).toEqual([]);
    await second.close();
    expect(await admin.pubsub("CHANNELS")).toEqual([]);
  });

  it.each<[string, NotificationTarget]>([
    ["a user", { userId: 123 }],
    ["a pattern", { pattern: "user:12*" }],
  ])("to %s that is refused leaves nothing behind", async (_, target) => {
    await admin.acl("SETUSER", "screens", "reset", "on", ">right", "allkeys", "+@all");
    await using messaging = createService({ url: redis.url.replace("//", "//screens:right@") });
    const ear = new Ear();
    for (const options of [{}, { catchUp: true }, { since: "0-0" }]) {
      await expect(subscribeNotifications(messaging, target, ear.listen, options)).rejects.toThrow(/NOPERM/);
    }
    await admin.acl("SETUSER", "screens", "allchannels");
    const listening = await subscribeNotifications(messaging, target, ear.listen);
    const last = new Ear();
    await subscribeNotifications(messaging, { userId: 5 }, last.listen);
    await notifySuccess(messaging, note("one"));
    await notifySuccess(messaging, note("last", { target_user_id: 5 }));
    await last.hears(1);
    expect(ear.titles).toEqual(["one"]);
    await listening.close();
    await notifySuccess(messaging, note("two"));
    await notifySuccess(messaging, note("last", { target_user_id: 5 }));
    await last.hears(2);
    expect(ear.titles).toEqual(["one"]);
    expect([await admin.pubsub("CHANNELS"), await admin.pubsub("NUMPAT")]).toEqual([["notifications:user:5"], 0]);
  });

  it("that fails because the link breaks meanwhile leaves nothing behind", async () => {
    await using proxy = await startTcpProxy(redis);
    await using messaging = createService(proxy);
    const ear = new Ear();
    await subscribeNotifications(messaging, { userId: 5 }, ear.listen);
    proxy.mode = "stall";
    const failing = [{ userId: 123 }, { pattern: "user:12*" }].map((target) =>
      expect(subscribeNotifications(messaging, target, ear.listen)).rejects.toThrow(),
    );
    proxy.reset();
    await Promise.all(failing);
    proxy.mode = "pass";
    await eventually(() => admin.pubsub("CHANNELS"), isDeep(["notifications:user:5"]));
    await notifySuccess(messaging, note("nobody's"));
    await notifySuccess(messaging, note("last", { target_user_id: 5 }));
    expect(await ear.hears(1)).toEqual(["last"]);
    expect(await admin.pubsub("NUMPAT")).toBe(0);
  });

  it("that is closed while its connection is away is not made again", async () => {
    await using proxy = await startTcpProxy(redis);
    await using messaging = createService(proxy);
    const [closed, open] = [new Ear(), new Ear()];
    const targets = [{ userId: 1 }, { userId: 2 }, { companyId: 3 }, { channel: "auth" }, { pattern: "user:1*" }];
    const closing = await Promise.all(
      targets.map((target) => subscribeNotifications(messaging, target, closed.listen, { catchUp: true })),
    );
    await subscribeNotifications(messaging, { userId: 1 }, open.listen);
    proxy.mode = "refuse";
    proxy.reset();
    await eventually(() => messaging.counts.disconnected === 2);
    await Promise.all(closing.map((listening) => listening.close()));
    proxy.mode = "pass";
    await eventually(() => admin.pubsub("CHANNELS"), isDeep(["notifications:user:1"]));
    await eventually(() => notifySuccess(messaging, note("one", { target_user_id: 1 })));
    expect(await open.hears(1)).toEqual(["one"]);
    expect(closed.titles).toEqual([]);
    expect(await admin.pubsub("NUMPAT")).toBe(0);
  });

  it("that is closed in the moment in which it is made again is not there afterwards", async () => {
    await using proxy = await startTcpProxy(redis);
    const closing: Listening[] = [];
    let close = (): void => {};
    const hooks = { connected: ({ again }: { again: boolean }) => void (again && close()) };
    await using messaging = createService(proxy, { hooks });
    const ear = new Ear();
    await subscribeNotifications(messaging, { userId: 5 }, ear.listen);
    // Before the subscriptions are sent, and when they have been sent but not confirmed.
    for (const soon of [(call: () => void) => call(), queueMicrotask, process.nextTick, setImmediate]) {
      for (const target of [{ userId: 123 }, { pattern: "user:12*" }]) {
        closing.push(await subscribeNotifications(messaging, target, ear.listen));
      }
      const closed = new Promise<unknown>((resolve) => {
        close = () => soon(() => resolve(Promise.all(closing.splice(0).map((listening) => listening.close()))));
      });
      proxy.reset();
      await closed;
      await eventually(() => admin.pubsub("CHANNELS"), isDeep(["notifications:user:5"]));
      expect(await admin.pubsub("NUMPAT")).toBe(0);
    }
  });

  it("may be closed twice, also when another to the same channel was made in between", async () => {
    await using messaging = service();
    for (const target of [{ userId: 123 }, { pattern: "user:12*" }]) {
      const ear = new Ear();
      const first = await subscribeNotifications(messaging, target, () => {});
      const second = await subscribeNotifications(messaging, target, () => {});
      await Promise.all([first.close(), first.close(), second.close()]);
      const third = await subscribeNotifications(messaging, target, ear.listen);
      await Promise.all([first.close(), second.close()]);
      await notifySuccess(messaging, note("one"));
      expect(await ear.hears(1)).toEqual(["one"]);
      await third.close();
      expect([await admin.pubsub("CHANNELS"), await admin.pubsub("NUMPAT")]).toEqual([[], 0]);
    }
  });

  it("that is asked for while another to the same channel is being closed is there afterwards", async () => {
    await using messaging = service();
    const ear = new Ear();
    let before = await subscribeNotifications(messaging, { userId: 123 }, () => {});
    for (let round = 0; round < 20; round++) {
      const [after] = await Promise.all([
        subscribeNotifications(messaging, { userId: 123 }, ear.listen),
        before.close(),
        ...(round % 2 === 0
          ? [subscribeNotifications(messaging, { userId: 123 }, () => {}).then((one) => one.close())]
          : []),
      ]);
      before = after;
    }
    await notifySuccess(messaging, note("one"));
    expect(await ear.hears(1)).toEqual(["one"]);
    expect(ear.titles).toEqual(["one"]);
  });

  it("that is asked for while the service closes rejects, and is not there afterwards", async () => {
    await using proxy = await startTcpProxy(redis);
    const messaging = createService(proxy);
    await subscribeNotifications(messaging, { userId: 5 }, () => {});
    proxy.mode = "stall";
    const failing = expect(subscribeNotifications(messaging, { userId: 123 }, () => {})).rejects.toThrow();
    await messaging.close();
    await failing;
    proxy.mode = "pass";
    await eventually(() => admin.pubsub("CHANNELS"), isDeep([]));
    await expect(subscribeNotifications(messaging, { userId: 123 }, () => {})).rejects.toMatchObject({
      code: "CLOSED",
    });
  });

  it("passes what it hears on to whatever its listener publishes", async () => {
    await using messaging = service();
    await subscribeNotifications(messaging, { userId: 123 }, () =>
      publishUserCreated(messaging, { entity_id: 1, after_data: { email: "a@example.com" } }),
    );
    await notifySuccess(messaging, note("cause"), { correlationId: "one-request" });
    const [entry] = await eventually(
      () => admin.xrange("events", "-", "+"),
      ({ length }) => length === 1,
    );
    expect(entry?.[1]).toContain("one-request");
  });
});

describe("what a subscription missed", () => {
  it("since an entry that it names is delivered first, once and in order, and only what is meant for it", async () => {
    await using messaging = service();
    await notifySuccess(messaging, note("before"));
    const { entryId } = await notifySuccess(messaging, note("last seen"));
    await notifySuccess(messaging, note("missed 1"));
    await notifySuccess(messaging, note("of another", { target_user_id: 5 }));
    await notifyInfo(messaging, note("missed 2"));
    const ear = new Ear();
    await subscribeNotifications(messaging, { userId: 123 }, ear.listen, { since: entryId });
    await notifySuccess(messaging, note("live"));
    expect(await ear.hears(3)).toEqual(["missed 1", "missed 2", "live"]);
    expect(ear.heard.map(([, { missed }]) => missed)).toEqual([true, true, false]);
    expect(ear.heard.map(([, { channel }]) => channel)).toEqual(Array(3).fill("notifications:user:123"));
  });

  it("is not what is announced again, or late, of entries up to the one that it goes on from", async () => {
    await using messaging = service();
    const announced: string[] = [];
    const every = admin.duplicate();
    onTestFinished(() => every.disconnect());
    every.on("message", (_channel, payload) => announced.push(payload));
    await every.subscribe("notifications:user:123");
    await notifySuccess(messaging, note("before"));
    const { entryId } = await notifySuccess(messaging, note("last seen"));
    await eventually(() => announced.length === 2);
    const ear = new Ear();
    await subscribeNotifications(messaging, { userId: 123 }, ear.listen, { since: entryId });
    for (const payload of announced) await admin.publish("notifications:user:123", payload);
    await notifySuccess(messaging, note("live"));
    expect(await ear.hears(1)).toEqual(["live"]);
  });

  it("is read again when Redis could not tell at first", async () => {
    await using messaging = service();
    await notifySuccess(messaging, note("missed"));
    await admin.config("SET", "replica-serve-stale-data", "no");
    await admin.replicaof("127.0.0.1", "1");
    const ear = new Ear();
    const listening = subscribeNotifications(messaging, { userId: 123 }, ear.listen, { since: "0-0" });
    await eventually(() => messaging.counts.trouble > 1);
    await admin.replicaof("NO", "ONE");
    await admin.config("SET", "replica-serve-stale-data", "yes");
    await listening;
    expect(ear.titles).toEqual(["missed"]);
  });

  it("is delivered whole while others are sent all the time, to a second screen of the same user", async () => {
    await using messaging = service();
    await using sender = service({ service: "sender" });
    const first = new Ear();
    await subscribeNotifications(messaging, { userId: 123 }, first.listen);
    const titles = Array.from({ length: 600 }, (_, at) => `${at}`);
    const sending = (async () => {
      for (const title of titles) await notifySuccess(sender, note(title));
    })();
    await first.hears(250);
    const second = new Ear();
    await subscribeNotifications(messaging, { userId: 123 }, second.listen, { since: "0-0" });
    await sending;
    expect(await second.hears(600)).toEqual(titles);
    expect(first.titles).toEqual(titles);
  });

  it("while its connection was away is delivered when it asked for that, and else is not", async () => {
    await using proxy = await startTcpProxy(redis);
    await using messaging = createService(proxy, { service: "screens" });
    await using sender = service({ service: "sender" });
    const [careful, careless] = [new Ear(), new Ear()];
    await subscribeNotifications(messaging, { userId: 123 }, careful.listen, { catchUp: true });
    await subscribeNotifications(messaging, { pattern: "user:*" }, careless.listen);
    const subscribed = async (): Promise<number> =>
      Number((await admin.pubsub("NUMSUB", "notifications:user:123"))[1]) + Number(await admin.pubsub("NUMPAT"));
    for (const round of [1, 2]) {
      await notifySuccess(sender, note(`live ${round}`));
      await careless.hears(round);
      proxy.mode = "refuse";
      proxy.reset();
      await eventually(subscribed, (count) => count === 0);
      for (const part of ["a", "b"]) await notifySuccess(sender, note(`away ${round}${part}`));
      proxy.mode = "pass";
      await eventually(subscribed, (count) => count === 2);
    }
    await notifySuccess(sender, note("last"));

    expect(await careless.hears(3)).toEqual(["live 1", "live 2", "last"]);
    const all = ["live 1", "away 1a", "away 1b", "live 2", "away 2a", "away 2b", "last"];
    expect(await careful.hears(7)).toEqual(all);
    const away = careful.heard.filter(([{ title }]) => title.startsWith("away"));
    expect(away.map(([, { missed }]) => missed)).toEqual(Array(4).fill(true));
  });

  it("is delivered once and in order when its connection is lost while others are sent all the time", async () => {
    await using messaging = service({ service: "screens" });
    await using sender = service({ service: "sender" });
    const ears = Array.from({ length: 4 }, () => new Ear());
    for (const ear of ears) {
      await subscribeNotifications(messaging, { userId: 123 }, ear.listen, { catchUp: true });
    }
    const titles = Array.from({ length: 400 }, (_, at) => `${at}`);
    for (const [at, title] of titles.entries()) {
      if (at === 100 || at === 200) await cut("screens");
      await notifySuccess(sender, note(title));
    }
    for (const ear of ears) expect(await ear.hears(400)).toEqual(titles);
  });

  it("behind a link that is dead without a word is noticed, and delivered when asked for", async () => {
    await using proxy = await startTcpProxy({ port: redis.port });
    const options = { redis: { socketTimeoutSeconds: 0.3, connectionTimeoutSeconds: 1 } };
    await using messaging = createService(proxy, { service: "screens", ...options });
    await using sender = service({ service: "sender" });
    const ear = new Ear();
    await subscribeNotifications(messaging, { userId: 123 }, ear.listen, { catchUp: true });
    proxy.mode = "blackhole";
    await notifySuccess(sender, note("into the void"));
    await eventually(() => messaging.counts.disconnected > 0);
    proxy.mode = "pass";
    expect(await ear.hears(1)).toEqual(["into the void"]);
    expect(ear.heard[0]?.[1].missed).toBe(true);
  });
});
