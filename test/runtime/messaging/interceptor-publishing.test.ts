import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  createUser,
  getMessaging,
  handleCreateUser,
  handleValidateToken,
  type InterceptedCall,
  type Interceptor,
  initMessaging,
  type Messaging,
  onUserCreated,
  publishUserCreated,
  publishUserUpdated,
  sendValidateToken,
  shutdownMessaging,
  successNotification,
  type UserCreated,
  userCreated,
  userUpdated,
  validateToken,
  withCorrelation,
} from "../../../generated/index.js";
import { fieldOf } from "../../../runtime/contract/codec.js";
import { contractOf } from "../../../runtime/contract/contract.js";
import { type RedisServer, startRedis } from "../../../runtime/testing/redis/index.js";
import { eventually } from "../../support/eventually.js";
import { createService, logBook } from "../../support/service.js";

const service = "user-auth-service";
const user = { entity_id: 1, after_data: { email: "ada@example.com" } };
const wrong = { ...user, entity_id: 0 };

let redis: RedisServer;
let admin: Redis;
beforeAll(async () => {
  redis = await startRedis();
  admin = new Redis(redis.url);
});
afterEach(async () => {
  await shutdownMessaging();
  await admin.flushall();
});
afterAll(async () => {
  admin.disconnect();
  await redis.stop();
});

/** Every call that publishes something, by its operation. */
const calls: readonly [InterceptedCall["operation"], (messaging: Messaging) => Promise<unknown>][] = [
  ["publish", (messaging) => publishUserCreated(messaging, user)],
  ["publishAll", (messaging) => messaging.publishAll(userCreated, [user, user])],
  ["send", (messaging) => sendValidateToken(messaging, { token: "t" })],
  ["tell", (messaging) => messaging.tell(createUser, { email: "ada@example.com" })],
];

/** Wraps everything but the handling of messages. */
const outgoing =
  (wrap: Interceptor): Interceptor =>
  (call, next) =>
    call.operation === "handle" ? next() : wrap(call, next);

const failing = outgoing(() => Promise.reject(new Error("no token for the trace")));
const failingAfterwards = outgoing(async (_call, next) => {
  await next();
  throw new Error("no place to note it");
});

/** The users in the stream. */
async function users(): Promise<UserCreated[]> {
  const entries = await admin.xrange("events", "-", "+");
  return entries.map(([, fields]) => contractOf(userCreated).read(fields) as unknown as UserCreated);
}

it("is given a descriptor that validates, also if the helper's own bundle left the validator out", async () => {
  const { kind, type, stream, schema } = userCreated;
  const bareEvent = { kind, type, stream, schema };
  const { result, ...command } = validateToken;
  const bareCommand = { ...command, result };
  const verdicts: [string, boolean, boolean][] = [];
  const noting: Interceptor = (call, next) => {
    const { issues = [] } = call.descriptor["~standard"].validate({});
    verdicts.push([call.operation, issues.length > 0, call.is(bareEvent as never) || call.is(bareCommand as never)]);
    return next();
  };
  await using messaging = createService(redis, { service, interceptors: [noting] });
  messaging.on<UserCreated>(bareEvent, () => {});
  messaging.handle(bareCommand, () => ({ valid: true }));
  await messaging.start();
  await messaging.publish(bareEvent, user as never);
  expect(await messaging.send(bareCommand, { token: "t" } as never)).toEqual({ valid: true });
  await eventually(() => messaging.counts.handled === 2);
  expect(verdicts.map(([operation]) => operation).sort()).toEqual(["handle", "handle", "publish", "send"]);
  for (const [operation, hasIssues, isIt] of verdicts)
    expect([operation, hasIssues, isIt]).toEqual([operation, true, true]);
});

describe("an interceptor of what is published, sent and told", () => {
  it.each(calls)("wraps %s, the first one outermost, and passes its result on", async (operation, make) => {
    const steps: unknown[] = [];
    const noting = (name: string): Interceptor =>
      outgoing(async (call, next) => {
        const before = call.elapsedMs;
        steps.push([name, call.operation, call.descriptor.type]);
        const result = await next();
        steps.push([name, result, call.elapsedMs >= before]);
        return result;
      });
    await using messaging = createService(redis, { service, interceptors: [noting("outer"), noting("inner")] });
    handleValidateToken(messaging, () => ({ valid: true }));
    await messaging.start();
    const result = await make(messaging);
    const type = { publish: "user.created", publishAll: "user.created", send: "validate_token", tell: "create_user" };
    expect(steps).toEqual([
      ["outer", operation, type[operation as keyof typeof type]],
      ["inner", operation, type[operation as keyof typeof type]],
      ["inner", result, true],
      ["outer", result, true],
    ]);
    expect(result).toBeDefined();
  });

  it("is given the options of the call, and recognises what is published", async () => {
    const seen: unknown[] = [];
    const interceptor: Interceptor = (call, next) => {
      if (call.operation === "publish") seen.push([call.is(userCreated), call.is(userUpdated), call.options]);
      if (call.operation === "tell") seen.push([call.is(createUser), call.is(validateToken), call.options]);
      return next();
    };
    await using messaging = createService(redis, { interceptors: [interceptor] });
    await publishUserCreated(messaging, user);
    await publishUserUpdated(messaging, { ...user, changes: {} }, { correlationId: "one-request" });
    await messaging.tell(createUser, { email: "ada@example.com" }, { targetService: "another" });
    expect(seen).toEqual([
      [true, false, {}],
      [false, true, { correlationId: "one-request" }],
      [true, false, { targetService: "another" }],
    ]);
  });

  it("may replace what is published, sent and told, for the next interceptor as well", async () => {
    const seen: unknown[] = [];
    const replacing: Interceptor = (call, next) => {
      if (call.operation === "publish" && call.is(userCreated)) call.message = { ...call.message, company_id: 7 };
      if (call.operation === "publishAll" && call.is(userCreated))
        call.messages = [...call.messages, { ...user, entity_id: 9 }];
      if (call.operation === "send" && call.is(validateToken)) call.payload = { token: "another" };
      if (call.operation === "tell" && call.is(createUser)) call.payload = { ...call.payload, first_name: "Ada" };
      return next();
    };
    const noting: Interceptor = (call, next) => {
      if (call.operation === "publish") seen.push(call.message);
      return next();
    };
    await using messaging = createService(redis, { service, interceptors: [replacing, noting] });
    const payloads: unknown[] = [];
    handleValidateToken(messaging, ({ payload }) => ({ valid: payloads.push(payload) > 0 }));
    handleCreateUser(messaging, ({ payload }) => ({ user_id: payloads.push(payload) }));
    await messaging.start();
    for (const [, make] of calls) await make(messaging);
    await eventually(() => payloads.length === 2);
    expect((await users()).map(({ entity_id, company_id }) => [entity_id, company_id])).toEqual([
      [1, 7],
      [1, undefined],
      [1, undefined],
      [9, undefined],
    ]);
    expect(payloads).toEqual([{ token: "another" }, { email: "ada@example.com", first_name: "Ada" }]);
    expect(seen).toEqual([{ ...user, company_id: 7 }]);
    expect(user).not.toHaveProperty("company_id");
  });

  it("has what it replaced held against the contract", async () => {
    const interceptor: Interceptor = (call, next) => {
      if (call.operation === "publish" && call.is(userCreated)) call.message = wrong;
      return next();
    };
    await using messaging = createService(redis, { interceptors: [interceptor] });
    await expect(publishUserCreated(messaging, user)).rejects.toMatchObject({ code: "CONTRACT_VIOLATED" });
  });

  it("that does not call next has nothing published, and its own result returned", async () => {
    const instead = { id: "none", entryId: "0-0", stream: "nowhere" };
    await using messaging = createService(redis, { interceptors: [async () => instead] });
    expect(await publishUserCreated(messaging, user)).toBe(instead);
    expect(messaging.counts).toMatchObject({ published: 0, publishFailed: 0 });
    expect(await admin.keys("*")).toEqual([]);
  });

  it("that calls next twice publishes twice", async () => {
    const twice: Interceptor = async (_call, next) => [await next(), await next()].at(-1);
    await using messaging = createService(redis, { interceptors: [twice] });
    const { entryId } = await publishUserCreated(messaging, user);
    const entries = await admin.xrange("events", "-", "+");
    expect(entries.map(([id]) => id)).toEqual([expect.any(String), entryId]);
  });

  it("gives what is published in it another correlation", async () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const tracing: Interceptor = async (call, next) => {
      await sleep(1);
      return call.operation === "handle" ? next() : withCorrelation({ traceparent }, next);
    };
    await using messaging = createService(redis, { service, interceptors: [tracing] });
    const traces: unknown[] = [];
    handleValidateToken(messaging, ({ metadata }) => ({ valid: traces.push(metadata?.["traceparent"]) > 0 }));
    await messaging.start();
    await publishUserCreated(messaging, user);
    await messaging.publishAll(userCreated, [user]);
    await sendValidateToken(messaging, { token: "t" });
    expect((await users()).map(({ metadata }) => metadata?.["traceparent"])).toEqual([traceparent, traceparent]);
    expect(traces).toEqual([traceparent]);
  });

  it("wraps what another publishes, and what it publishes itself", async () => {
    const seen: string[] = [];
    const auditing: Interceptor = async (call, next) => {
      seen.push(call.descriptor.type);
      const result = await next();
      if (call.operation === "publish" && call.is(userCreated)) {
        await messaging.publish(successNotification, { title: "A new user", message: call.message.after_data.email });
      }
      return result;
    };
    await using messaging = createService(redis, { interceptors: [auditing] });
    await publishUserCreated(messaging, user);
    expect(seen).toEqual(["user.created", "success"]);
    expect(await admin.xlen("notifications")).toBe(1);
  });

  it("is not reached by announcements and health messages", async () => {
    const seen: string[] = [];
    const noting: Interceptor = (call, next) => {
      seen.push(`${call.operation} ${call.descriptor.type}`);
      return next();
    };
    const own = { announce: true, healthIntervalSeconds: 0.05, interceptors: [noting] };
    const messaging = createService(redis, own);
    await messaging.start();
    await eventually(() => admin.xlen("health"));
    await publishUserCreated(messaging, user);
    await messaging.close();
    const types = (await admin.xrange("events", "-", "+")).map(([, fields]) => fieldOf(fields, "event_type"));
    expect(types).toEqual(["service.started", "user.created", "service.stopped"]);
    expect(seen).toEqual(["publish user.created"]);
  });

  it("that waits while the messaging is closed sends nothing, and leaves no connection", async () => {
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const waiting = outgoing(async (_call, next) => {
      await opened;
      return next();
    });
    const messaging = createService(redis, { service, interceptors: [waiting] });
    const outcomes = calls.map(([, make]) => expect(make(messaging)).rejects.toMatchObject({ code: "CLOSED" }));
    await messaging.close();
    open();
    await Promise.all(outcomes);
    expect(await admin.client("LIST")).not.toContain(`name=${service}`);
  });

  it("is given to the one messaging of a process by initMessaging", async () => {
    const seen: string[] = [];
    const noting: Interceptor = (call, next) => {
      seen.push(`${call.operation} ${call.descriptor.type}`);
      return next();
    };
    const env = { SERVICE_NAME: "facade-service", REDIS_URL: redis.url, STREAM_BLOCK_TIME: "50" };
    const handlers = (messaging: Messaging): void => onUserCreated(messaging, () => {});
    await initMessaging({ env, handlers, logger: logBook(), interceptors: [noting] });
    await publishUserCreated(getMessaging(), user);
    await eventually(() => getMessaging().counts.handled === 1);
    expect(seen).toEqual(["publish user.created", "handle user.created"]);
  });
});

describe("a publish that fails in an interceptor", () => {
  interface Told {
    readonly code: string;
    readonly reported: boolean;
    readonly cause: unknown;
  }

  /** A service with an interceptor, and what its hook was told. */
  function watched(interceptor: Interceptor, onPublishFailure: "throw" | "report" = "throw"): [Messaging, Told[]] {
    const told: Told[] = [];
    const messaging = createService(redis, {
      service,
      onPublishFailure,
      interceptors: [interceptor],
      hooks: {
        publishFailed: ({ reported, error: { code, cause } }) => void told.push({ code, reported, cause }),
      },
    });
    return [messaging, told];
  }

  it.each(calls)(
    "rejects %s with what the interceptor threw, tells the hook once, and nothing leaves",
    async (_operation, make) => {
      const [messaging, told] = watched(failing);
      await using _closing = messaging;
      const error = expect.objectContaining({ message: "no token for the trace" });
      await expect(make(messaging)).rejects.toEqual(error);
      expect(told).toEqual([{ code: "PUBLISH_FAILED", reported: false, cause: error }]);
      expect(messaging.counts.publishFailed).toBe(1);
      expect(await admin.keys("*")).toEqual([]);
    },
  );

  it("after the message was stored says that it may be", async () => {
    const [messaging, told] = watched(failingAfterwards);
    await using _closing = messaging;
    const error = expect.objectContaining({ message: "no place to note it" });
    await expect(publishUserCreated(messaging, user)).rejects.toEqual(error);
    expect(told).toEqual([{ code: "PUBLISH_UNCERTAIN", reported: false, cause: error }]);
    expect(messaging.counts).toMatchObject({ published: 1, publishFailed: 1 });
  });

  it("does not fail the business operation where failures are only reported: it is logged, counted and told", async () => {
    const log = logBook();
    for (const [interceptor, code] of [
      [failing, "PUBLISH_FAILED"],
      [failingAfterwards, "PUBLISH_UNCERTAIN"],
    ] as const) {
      const told: unknown[] = [];
      await using messaging = createService(redis, {
        onPublishFailure: "report",
        logger: log,
        interceptors: [interceptor],
        hooks: { publishFailed: ({ type, reported, error }) => void told.push([type, reported, error.code]) },
      });
      expect(await publishUserCreated(messaging, user)).toBeUndefined();
      expect(told).toEqual([["user.created", true, code]]);
      expect(messaging.counts.publishFailed).toBe(1);
    }
    const said = log.lines.filter(({ level, text }) => level === "error" && text === "a message was not published");
    expect(said.map(({ details }) => String((details as { err: unknown }).err))).toEqual([
      expect.stringContaining("an interceptor threw: no token for the trace"),
      expect.stringContaining("an interceptor threw: no place to note it"),
    ]);
  });

  it.each([undefined, "no token", Object.create(null)])(
    "is told whatever was thrown (case %#)",
    async (thrown: unknown) => {
      const [messaging, told] = watched(
        outgoing(() => Promise.reject(thrown)),
        "report",
      );
      await using _closing = messaging;
      expect(await publishUserCreated(messaging, user)).toBeUndefined();
      expect(told).toEqual([{ code: "PUBLISH_FAILED", reported: true, cause: thrown }]);
    },
  );

  it.each(calls.slice(1))("rejects %s also where failures are only reported", async (_operation, make) => {
    const [messaging, told] = watched(failing, "report");
    await using _closing = messaging;
    await expect(make(messaging)).rejects.toThrow("no token for the trace");
    expect(told).toEqual([{ code: "PUBLISH_FAILED", reported: true, cause: expect.any(Error) }]);
  });

  it.each([
    ["as it is", (error: unknown) => error],
    ["as a cause", (cause: unknown) => new Error("not published", { cause })],
  ])(
    "because the publish itself failed is told once, when the interceptor passes the error on %s",
    async (_how, made) => {
      const seen: unknown[] = [];
      const passing = outgoing(async (_call, next) => {
        try {
          return await next();
        } catch (error) {
          seen.push((error as { code?: unknown }).code);
          throw made(error);
        }
      });
      for (const mode of ["throw", "report"] as const) {
        const [messaging, told] = watched(passing, mode);
        await using _closing = messaging;
        const outcome = publishUserCreated(messaging, wrong).catch(() => "rejected");
        expect(await outcome).toBe(mode === "throw" ? "rejected" : undefined);
        expect(told).toMatchObject([{ code: "CONTRACT_VIOLATED", reported: mode === "report" }]);
      }
      expect(seen).toEqual(["CONTRACT_VIOLATED", "CONTRACT_VIOLATED"]);
    },
  );

  it("is no failure when the interceptor tries again with success", async () => {
    const again = outgoing((call, next) =>
      next().catch(() => {
        if (call.operation === "publish") call.message = user;
        return next();
      }),
    );
    const [messaging, told] = watched(again);
    await using _closing = messaging;
    expect(await publishUserCreated(messaging, wrong)).toMatchObject({ stream: "events" });
    expect(told).toMatchObject([{ code: "CONTRACT_VIOLATED" }]);
  });

  it("is told apart from a command that was sent and failed", async () => {
    const seen: unknown[] = [];
    const noting = outgoing(async (_call, next) => {
      try {
        return await next();
      } catch (error) {
        seen.push((error as { errorCode?: unknown }).errorCode);
        throw new Error("the token could not be checked");
      }
    });
    const [messaging, told] = watched(noting);
    await using _closing = messaging;
    handleValidateToken(messaging, () => {
      throw Object.assign(new Error("the key store is away"), { code: "E_KEYS" });
    });
    await messaging.start();
    await expect(sendValidateToken(messaging, { token: "t" })).rejects.toThrow("the token could not be checked");
    expect(seen).toEqual(["E_KEYS"]);
    expect(told).toEqual([]);
  });
});
