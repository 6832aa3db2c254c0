import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import {
  type Interceptor,
  onUserCreated,
  onUserUpdated,
  publishUserCreated,
  publishUserLoggedOut,
  publishUserUpdated,
  UnrecoverableError,
  userCreated,
  userUpdated,
} from "../../../generated/index.js";
import { eventually } from "../../support/eventually.js";
import { handling, noting } from "../../support/interceptors.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";
import { pendingEvents } from "../../support/stream.js";

const group = "test-service-workers";
const user = { entity_id: 1, after_data: { email: "ada@example.com" } };

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

const settled = (): Promise<number> =>
  eventually(
    () => pendingEvents(admin, group),
    (count) => count === 0,
  );

describe("an interceptor of handling", () => {
  it.each([
    ["synchronous", (done: () => void): void => done()],
    ["asynchronous", async (done: () => void): Promise<void> => sleep(2).then(done)],
  ])("wraps a %s handler, the first one outermost, on the way in and on the way out", async (_kind, work) => {
    const steps: string[] = [];
    await using messaging = createService(redis, { interceptors: [noting(steps, "outer"), noting(steps, "inner")] });
    onUserCreated(messaging, () => work(() => void steps.push("handled")));
    await messaging.start();
    await publishUserCreated(messaging, user);
    await eventually(() => messaging.counts.handled === 1);
    expect(steps).toEqual(["outer begins", "inner begins", "handled", "inner ends", "outer ends"]);
    await settled();
  });

  it("wraps several handlers of one type once", async () => {
    const steps: string[] = [];
    await using messaging = createService(redis, { interceptors: [noting(steps, "it")] });
    onUserCreated(messaging, () => void steps.push("first"));
    onUserCreated(messaging, async () => void steps.push("second"));
    messaging.on("user.*", () => void steps.push("third"));
    await messaging.start();
    await publishUserCreated(messaging, user);
    await eventually(() => messaging.counts.handled === 1);
    expect(steps).toEqual(["it begins", "first", "second", "third", "it ends"]);
  });

  it("is given the message and its delivery, and recognises the type, also where a pattern handles it", async () => {
    const seen: unknown[] = [];
    const interceptor = handling((call, next) => {
      const { descriptor, context } = call;
      const email = call.is(userCreated) ? call.message.after_data.email : undefined;
      seen.push([descriptor.type, email, call.is(userUpdated), context.entryId, context.messageId, context.group]);
      return next();
    });
    await using messaging = createService(redis, { interceptors: [interceptor], concurrency: 1 });
    messaging.on("*", () => {});
    await messaging.start();
    const created = await publishUserCreated(messaging, user);
    const updated = await publishUserUpdated(messaging, { ...user, changes: {} });
    await eventually(() => messaging.counts.handled === 2);
    expect(seen).toEqual([
      ["user.created", "ada@example.com", false, created.entryId, created.id, group],
      ["user.updated", undefined, true, updated.entryId, updated.id, group],
    ]);
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("the database is away");
      },
    ],
    ["rejects", () => Promise.reject(new Error("the database is away"))],
  ])("sees the error of a handler that %s, on every attempt", async (_how, fail) => {
    const steps: string[] = [];
    const options = { maxRetries: 1, retryDelaySeconds: 0.01 };
    await using messaging = createService(redis, { ...options, interceptors: [noting(steps, "it")] });
    onUserCreated(messaging, fail);
    await messaging.start();
    await publishUserCreated(messaging, user);
    await eventually(() => messaging.counts.deadLettered === 1);
    const attempt = ["it begins", "it sees: the database is away"];
    expect(steps).toEqual([...attempt, ...attempt]);
  });

  it("may turn the handler's error into another, or into none", async () => {
    const interceptor = handling(async ({ context }, next) => {
      await next().catch((cause: unknown) => {
        if (context.attempt === 1) throw new Error("not yet", { cause });
      });
    });
    const errors: unknown[] = [];
    await using messaging = createService(redis, {
      retryDelaySeconds: 0.01,
      interceptors: [interceptor],
      hooks: { handlerFailed: ({ error }) => errors.push(error) },
    });
    onUserCreated(messaging, () => {
      throw new Error("the database is away");
    });
    await messaging.start();
    await publishUserCreated(messaging, user);
    await eventually(() => messaging.counts.handled === 1);
    const cause = expect.objectContaining({ message: "the database is away" });
    expect(errors).toEqual([expect.objectContaining({ message: "not yet", cause })]);
    await settled();
  });

  it("that throws fails the attempt, without the handler: the message is retried, and then is a dead letter", async () => {
    const interceptor = handling(() => {
      throw new Error("no connection is free");
    });
    const dead: unknown[] = [];
    await using messaging = createService(redis, {
      maxRetries: 2,
      retryDelaySeconds: 0.01,
      interceptors: [interceptor],
      hooks: { deadLettered: ({ error, attempt }) => dead.push([attempt, error]) },
    });
    let runs = 0;
    onUserCreated(messaging, () => void runs++);
    await messaging.start();
    await publishUserCreated(messaging, user);
    await eventually(() => dead.length === 1);
    expect(dead).toEqual([[3, expect.objectContaining({ message: "no connection is free" })]]);
    expect(messaging.counts).toMatchObject({ handlerFailed: 3, retried: 2, handled: 0 });
    expect(runs).toBe(0);
  });

  it("that throws an UnrecoverableError has the message buried at once", async () => {
    const interceptor = handling(() => Promise.reject(new UnrecoverableError("the company was deleted")));
    await using messaging = createService(redis, { interceptors: [interceptor] });
    onUserCreated(messaging, () => {});
    await messaging.start();
    await publishUserCreated(messaging, user);
    await eventually(() => messaging.counts.deadLettered === 1);
    expect(messaging.counts.retried).toBe(0);
  });

  it("sees which attempt it is, and that the message was delivered before", async () => {
    const attempts: unknown[] = [];
    const interceptor = handling(({ context: { attempt, redelivered } }, next) => {
      attempts.push([attempt, redelivered]);
      return next();
    });
    await using messaging = createService(redis, { retryDelaySeconds: 0.01, interceptors: [interceptor] });
    onUserCreated(messaging, (_event, { attempt }) => {
      if (attempt < 3) throw new Error("not yet");
    });
    await messaging.start();
    await publishUserCreated(messaging, user);
    await eventually(() => messaging.counts.handled === 1);
    expect(attempts).toEqual([
      [1, false],
      [2, true],
      [3, true],
    ]);
  });

  it("knows after next how long the rest has taken", async () => {
    const measured: number[] = [];
    let took = Number.POSITIVE_INFINITY;
    const interceptor = handling(async (call, next) => {
      measured.push(call.elapsedMs);
      await next();
      measured.push(call.elapsedMs);
    });
    await using messaging = createService(redis, { interceptors: [interceptor] });
    onUserCreated(messaging, async () => {
      const began = performance.now();
      await sleep(30);
      took = performance.now() - began;
    });
    await messaging.start();
    await publishUserCreated(messaging, user);
    await eventually(() => messaging.counts.handled === 1);
    const [before = Number.NaN, after = Number.NaN] = measured;
    expect(before).toBeGreaterThanOrEqual(0);
    expect(after).toBeGreaterThanOrEqual(before + took);
  });

  it("that does not call next has the message acknowledged without its handler", async () => {
    const interceptor = handling(async () => {});
    await using messaging = createService(redis, { interceptors: [interceptor] });
    let runs = 0;
    onUserCreated(messaging, () => void runs++);
    await messaging.start();
    await publishUserCreated(messaging, user);
    await eventually(() => messaging.counts.handled === 1);
    await settled();
    expect(runs).toBe(0);
  });

  it("that calls next twice runs the rest twice", async () => {
    const steps: string[] = [];
    const again = handling((_call, next) => next().catch(() => next()));
    await using messaging = createService(redis, { interceptors: [again, noting(steps, "inner")] });
    let runs = 0;
    onUserCreated(messaging, async () => {
      if (++runs === 1) throw new Error("not yet");
    });
    await messaging.start();
    await publishUserCreated(messaging, user);
    await eventually(() => messaging.counts.handled === 1);
    expect(steps).toEqual(["inner begins", "inner sees: not yet", "inner begins", "inner ends"]);
    expect(messaging.counts.handlerFailed).toBe(0);
  });

  it.each(["fields", "json"] as const)(
    "does not see what is filtered out, unknown or unreadable, as %s",
    async (encoding) => {
      const seen: number[] = [];
      const interceptor = handling((call, next) => {
        if (call.is(userCreated)) seen.push(call.message.entity_id);
        return next();
      });
      await using messaging = createService(redis, { encoding, interceptors: [interceptor] });
      const where = ({ entity_id }: { entity_id: number }): boolean => entity_id !== 2;
      onUserCreated(messaging, () => {}, { company_id: 7, where });
      await messaging.start();
      await publishUserCreated(messaging, { ...user, company_id: 8 });
      await publishUserCreated(messaging, { ...user, entity_id: 2, company_id: 7 });
      await publishUserLoggedOut(messaging, { entity_id: 3 });
      await admin.xadd("events", "*", "event_type", "user.created", "company_id", "7", "after_data", "{broken");
      const broken = '{"event_type":"user.created","company_id":7,"entity_id":5}';
      await admin.xadd("events", "*", "message_type", "user.created", "json", broken);
      await publishUserCreated(messaging, { ...user, entity_id: 6, company_id: 7 });
      await eventually(() => messaging.counts.handled === 1);
      await eventually(() => messaging.counts.deadLettered === 2);
      expect(messaging.counts.skipped).toBe(3);
      expect(seen).toEqual([6]);
    },
  );

  it("has its AsyncLocalStorage seen by the handlers of its message, and by no others", async () => {
    const transaction = new AsyncLocalStorage<string>();
    const sooner = handling(({ context }, next) => transaction.run(`of ${context.messageId}`, next));
    const later = handling(async (_call, next) => {
      await sleep(Math.random() * 5);
      return next();
    });
    await using messaging = createService(redis, { interceptors: [sooner, later] });
    const wrong: unknown[] = [];
    const check = async (_event: unknown, { messageId }: { messageId: string | undefined }): Promise<void> => {
      await sleep(Math.random() * 5);
      if (transaction.getStore() !== `of ${messageId}`) wrong.push([messageId, transaction.getStore()]);
    };
    onUserCreated(messaging, check);
    onUserCreated(messaging, check);
    await transaction.run("of the one who starts", () => messaging.start());
    await messaging.publishAll(userCreated, Array(40).fill(user));
    await eventually(() => messaging.counts.handled === 40);
    expect(wrong).toEqual([]);
  });

  it("that makes a transaction rolls back what a failing handler did, and commits the retry", async () => {
    const journal: string[] = [];
    const transactions = new AsyncLocalStorage<string[]>();
    const transaction = handling(async (_call, next) => {
      journal.push("begin");
      const rows: string[] = [];
      try {
        const result = await transactions.run(rows, next);
        journal.push(...rows, "commit");
        return result;
      } catch (error) {
        journal.push("rollback");
        throw error;
      }
    });
    await using messaging = createService(redis, { retryDelaySeconds: 0.01, interceptors: [transaction] });
    onUserCreated(messaging, async (_event, { attempt }) => {
      transactions.getStore()?.push(`row of attempt ${attempt}`);
      await sleep(1);
      if (attempt === 1) throw new Error("not yet");
    });
    await messaging.start();
    await publishUserCreated(messaging, user);
    await eventually(() => messaging.counts.handled === 1);
    expect(journal).toEqual(["begin", "rollback", "begin", "row of attempt 2", "commit"]);
    await settled();
  });

  it("shares the time limit of the handler, and its signal ends when that is over", async () => {
    const ends: unknown[] = [];
    const interceptor = handling(({ context: { signal } }, next) => {
      signal.addEventListener("abort", () => ends.push(signal.reason));
      return sleep(60_000, undefined, { signal }).then(next);
    });
    const dead: unknown[] = [];
    await using messaging = createService(redis, {
      handlerTimeoutSeconds: 0.1,
      maxRetries: 0,
      interceptors: [interceptor],
      hooks: { deadLettered: ({ error }) => dead.push(error) },
    });
    let runs = 0;
    onUserCreated(messaging, () => void runs++);
    await messaging.start();
    await publishUserCreated(messaging, user);
    await eventually(() => dead.length === 1);
    expect(dead).toEqual([expect.objectContaining({ code: "HANDLER_TIMEOUT" })]);
    expect(ends).toEqual(dead);
    expect(runs).toBe(0);
  });

  it("publishes on behalf of the message, through the interceptors, too", async () => {
    const seen: string[] = [];
    const interceptor: Interceptor = async (call, next) => {
      seen.push(`${call.operation} ${call.descriptor.type}`);
      const result = await next();
      if (call.operation === "handle" && call.is(userCreated)) {
        await publishUserUpdated(messaging, { ...user, changes: {} });
      }
      return result;
    };
    await using messaging = createService(redis, { interceptors: [interceptor] });
    const causes: unknown[] = [];
    onUserCreated(messaging, () => {});
    onUserUpdated(messaging, ({ metadata, correlation_id }) =>
      causes.push([metadata?.["causation_id"], correlation_id]),
    );
    await messaging.start();
    const { id } = await publishUserCreated(messaging, user, { correlationId: "one-request" });
    await eventually(() => causes.length === 1);
    expect(causes).toEqual([[id, "one-request"]]);
    expect(seen.toSorted()).toEqual([
      "handle user.created",
      "handle user.updated",
      "publish user.created",
      "publish user.updated",
    ]);
  });
});
