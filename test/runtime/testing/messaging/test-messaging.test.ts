import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import {
  handleValidateToken,
  onUserCreated,
  onUserUpdated,
  publishUserCreated,
  publishUserUpdated,
  sendValidateToken,
  userCreated,
} from "../../../../generated/index.js";
import { createTestBroker, createTestMessaging, type TestMessagingOptions } from "../../../../generated/testing.js";
import { logBook } from "../../../support/service.js";

const user = { entity_id: 7, after_data: { email: "ada@example.com" } };

function service(options: Partial<TestMessagingOptions> = {}): ReturnType<typeof createTestMessaging> {
  return createTestMessaging({ service: "billing", logger: logBook(), ...options });
}

describe("a messaging of tests", () => {
  it("has what was published handled when it has settled", async () => {
    await using messaging = service();
    const handled: unknown[] = [];
    onUserCreated(messaging, ({ entity_id }) => void handled.push(entity_id));
    await messaging.start();

    await publishUserCreated(messaging, user);
    await messaging.settled();

    expect(handled).toEqual([7]);
  });

  it("retries when time has passed, and not before", async () => {
    await using messaging = service({ retryDelaySeconds: 60 });
    const attempts: number[] = [];
    onUserCreated(messaging, (_event, { attempt }) => {
      attempts.push(attempt);
      if (attempt < 3) throw new Error("not yet");
    });
    await messaging.start();
    await publishUserCreated(messaging, user);
    await messaging.settled();
    expect(attempts).toEqual([1]);

    await messaging.time.advance("1m");
    expect(attempts).toEqual([1, 2]);
    await messaging.time.advance("2m");
    expect(attempts).toEqual([1, 2, 3]);
  });

  it("answers the commands of another service that shares its broker", async () => {
    const broker = createTestBroker();
    await using auth = service({ service: "auth-service", broker });
    await using web = service({ service: "web", broker });
    handleValidateToken(auth, () => ({ valid: true }));
    await auth.start();

    const answer = await sendValidateToken(web, { token: "secret" }, { targetService: "auth-service" });

    expect(answer).toEqual({ valid: true });
  });

  it("rejects a command that nobody answers when its time is up", async () => {
    await using web = service();
    const answer = sendValidateToken(web, { token: "secret" }, { targetService: "auth-service", timeoutSeconds: 30 });
    const rejected = expect(answer).rejects.toMatchObject({ code: "COMMAND_TIMEOUT" });

    await web.time.advance("30s");

    await rejected;
  });

  it("waits for what handlers do in real time", async () => {
    await using messaging = service();
    const steps: string[] = [];
    onUserCreated(messaging, async () => {
      await sleep(30);
      await publishUserUpdated(messaging, { entity_id: 7, after_data: {}, changes: {} });
    });
    onUserUpdated(messaging, async () => {
      await sleep(30);
      steps.push("done");
    });
    await messaging.start();

    await publishUserCreated(messaging, user);
    await messaging.settled();

    expect(steps).toEqual(["done"]);
  });

  it("does not wait for a handler that waits for an answer that nobody gives", async () => {
    await using messaging = service();
    const failures: unknown[] = [];
    onUserCreated(messaging, async () => {
      const answer = sendValidateToken(messaging, { token: "x" }, { targetService: "nobody", timeoutSeconds: 60 });
      await answer.catch((error) => failures.push(error.code));
    });
    await messaging.start();
    await publishUserCreated(messaging, user);

    await messaging.settled();
    expect(failures).toEqual([]);
    await messaging.time.advance("1m");
    expect(failures).toEqual(["COMMAND_TIMEOUT"]);
  });

  it("has messages, and dead letters, of its own time", async () => {
    const broker = createTestBroker({ startsAt: "2030-01-01T00:00:00Z" });
    await using messaging = service({ broker, maxRetries: 0 });
    const timestamps: string[] = [];
    onUserCreated(messaging, ({ timestamp }, { publishedAt }) => {
      timestamps.push(timestamp, publishedAt.toISOString());
      throw new Error("broken");
    });
    await messaging.start();
    await messaging.time.advance("1d");
    await publishUserCreated(messaging, user);
    await messaging.settled();

    const now = "2030-01-02T00:00:00.000Z";
    expect(messaging.time.now().toISOString()).toBe(now);
    expect(timestamps).toEqual([now, now]);
    for await (const { failedAt, errors } of messaging.deadLetters.list("events")) {
      expect([failedAt, errors[0]?.at]).toEqual([now, now]);
    }
  });

  it("takes a group for served for a lease after its service has ended, as Redis does", async () => {
    await using broker = createTestBroker();
    const billing = service({ broker, leaseSeconds: 15 });
    onUserCreated(billing, () => {});
    await billing.start();
    await billing.close();
    const bounds = { messageTtlSeconds: 10, trimIntervalSeconds: 1, streamMaxLength: 1 };
    const audit = service({ service: "audit", broker, ...bounds });
    onUserUpdated(audit, () => {});
    await audit.start();
    for (const id of [1, 2]) await publishUserCreated(audit, { ...user, entity_id: id });

    await broker.time.advance("24s");
    expect(audit.counts.groupUnserved).toBe(0);
    await broker.time.advance("4s");
    expect(audit.counts.groupUnserved).toBeGreaterThan(0);
  });

  it("lets time pass in a handler, and waits there for others", async () => {
    await using messaging = service();
    const steps: string[] = [];
    onUserCreated(messaging, async () => {
      await messaging.time.advance("1m");
      await publishUserUpdated(messaging, { entity_id: 7, after_data: {}, changes: {} });
      await messaging.settled();
      steps.push("settled");
    });
    onUserUpdated(messaging, () => void steps.push("updated"));
    await messaging.start();

    await publishUserCreated(messaging, user);
    await messaging.settled();
    await messaging.settled();

    expect(steps).toEqual(["updated", "settled"]);
  });

  it("is one of many that do not see each other", async () => {
    const [one, other] = [service(), service()];
    let handled = 0;
    onUserCreated(other, () => void handled++);
    await other.start();
    await publishUserCreated(one, user);
    await Promise.all([one.settled(), other.settled()]);
    expect(handled).toBe(0);
    await Promise.all([one.close(), other.close()]);
  });
});

describe("a misuse", () => {
  it("messages that cause each other without end are stopped, and their chain is told", async () => {
    await using broker = createTestBroker({ maxHandled: 500 });
    const messaging = service({ broker });
    onUserCreated(messaging, async () => {
      await publishUserUpdated(messaging, { entity_id: 7, after_data: {}, changes: {} });
    });
    onUserUpdated(messaging, async () => {
      await publishUserCreated(messaging, user);
    });
    await messaging.start();
    await publishUserCreated(messaging, user);

    const error = await messaging.settled().catch((thrown) => thrown);

    expect(error).toMatchObject({ code: "TEST_ENDLESS", name: "EndlessError" });
    expect([...error.chain].sort().slice(3, 5)).toEqual(["user.created", "user.updated"]);
    expect(error.message).toContain("user.created → user.updated → user.created");
    expect(messaging.counts.handled).toBeLessThan(700);
  });

  it("a broker that is closed takes no calls", async () => {
    const broker = createTestBroker();
    const messaging = service({ broker });
    await messaging.start();
    await broker.close();

    const closed = { code: "CLOSED" };
    await expect(publishUserCreated(messaging, user)).rejects.toMatchObject(closed);
    await expect(broker.settled()).rejects.toMatchObject(closed);
    await expect(broker.time.advance("1s")).rejects.toMatchObject(closed);
    await expect(messaging.replay(messaging.record())).rejects.toMatchObject(closed);
    await expect(messaging.deadLetters.redriveAll("events")).rejects.toMatchObject(closed);
    expect(() => service({ broker })).toThrow("cannot create a messaging: the broker of this test is closed");
  });

  it("what was not handled is told when the last instance of its service closes", async () => {
    const broker = createTestBroker();
    const logger = logBook();
    const [one, other] = [service({ broker, logger }), service({ broker, logger })];
    for (const each of [one, other]) {
      onUserCreated(each, () => {
        throw new Error("not yet");
      });
      await each.start();
    }
    await one.publishAll(userCreated, [user, user]);
    await broker.settled();

    const told = (): unknown[] => logger.lines.filter(({ text }) => text.includes("before it had handled"));
    await one.close();
    expect(told()).toEqual([]);
    await other.close();
    expect(told()).toMatchObject([{ level: "warn", details: { leftovers: ["events: 2 waiting for a retry"] } }]);
  });

  it("an instance that has crashed takes no calls from outside, and its handlers' calls do not end", async () => {
    const broker = createTestBroker();
    const [one, other] = [service({ broker, leaseSeconds: 15 }), service({ broker, leaseSeconds: 15 })];
    const steps: unknown[] = [];
    onUserCreated(one, async () => {
      steps.push("began");
      await sleep(20);
      await publishUserUpdated(one, { entity_id: 7, after_data: {}, changes: {} });
      steps.push("published");
    });
    onUserCreated(other, (_event, { attempt }) => void steps.push(attempt));
    onUserUpdated(other, () => void steps.push("updated"));
    await one.start();
    await publishUserCreated(one, user);
    await sleep(1);
    one.crash();
    await other.start();
    await expect(publishUserCreated(one, user)).rejects.toThrow("this instance of billing has crashed");

    await broker.time.advance("10s");
    expect(steps).toEqual(["began"]);
    await broker.time.advance("20s");
    await sleep(30);
    await broker.settled();
    expect(steps).toEqual(["began", 2]);
    await broker.close();
  });

  it("a duration, or an option, that is none is refused", async () => {
    await using broker = createTestBroker();
    for (const none of ["10 minutes", "-1s", -1, Number.NaN, undefined]) {
      await expect(broker.time.advance(none as never)).rejects.toThrow("is no duration: give milliseconds, or");
    }
    expect(() => createTestBroker({ startAt: 0 } as never)).toThrow("startAt does not exist; did you mean startsAt?");
    expect(() => createTestBroker({ startsAt: "tomorrow" })).toThrow('startsAt must be a date, got "tomorrow"');
    expect(() => createTestBroker({ seed: 0.5 })).toThrow("seed must be a whole number, got 0.5");
    expect(() => createTestBroker({ realTimeLimitMs: 0 })).toThrow("realTimeLimitMs must be greater than 0");
    expect(() => service({ broker: {} as never })).toThrow("broker must be one that createTestBroker() returned");
    expect(() => createTestMessaging({} as never)).toThrow("SERVICE_NAME is not set");
  });
});
