import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  createUser,
  type HookEvents,
  type Messaging,
  MessagingError,
  publishUserCreated,
  sendCreateUser,
  successNotification,
  userCreated,
} from "../../../generated/index.js";
import { type RedisServer, startRedis } from "../../../runtime/testing/redis/index.js";
import { eventually } from "../../support/eventually.js";
import { createService, type LogBook, logBook } from "../../support/service.js";
import { startTcpProxy, type TcpProxy } from "../../support/tcp-proxy.js";

let redis: RedisServer;
let admin: Redis;
let proxy: TcpProxy;
beforeAll(async () => {
  redis = await startRedis();
  admin = new Redis(redis.url);
});
beforeEach(async () => {
  proxy = await startTcpProxy(redis);
});
afterEach(async () => {
  await proxy.close();
  await admin.flushall();
});
afterAll(async () => {
  admin.disconnect();
  await redis.stop();
});

const email = "ada@example.com";
const event = (given: string): { entity_id: number; after_data: { email: string } } => ({
  entity_id: 1,
  after_data: { email: given },
});

type Call = (messaging: Messaging, email: string) => Promise<unknown>;
const CALLS: Readonly<Record<"publish" | "publishAll" | "send" | "tell", Call>> = {
  publish: (messaging, given) => publishUserCreated(messaging, event(given)),
  publishAll: (messaging, given) => messaging.publishAll(userCreated, [event(email), event(given), event(email)]),
  send: (messaging, given) => sendCreateUser(messaging, { email: given }, { timeoutSeconds: 20 }),
  tell: (messaging, given) => messaging.tell(createUser, { email: given }),
};

interface Cause {
  /** Sees to it that the next call fails. */
  readonly prepare?: (messaging: Messaging) => unknown;
  /** Has the call fail that is under way. */
  readonly interfere?: () => unknown;
  readonly email?: string;
  readonly code: string;
  /** How many messages of three fail. @defaultValue the call fails as a whole */
  readonly messages?: number;
}
const CAUSES: Readonly<Record<string, Cause>> = {
  "the contract is broken": { email: "no address", code: "CONTRACT_VIOLATED" },
  "Redis refuses it": {
    prepare: () => Promise.all(["events", "commands"].map((stream) => admin.set(stream, "no stream"))),
    code: "PUBLISH_FAILED",
    messages: 3,
  },
  "its reply is lost": {
    prepare: async (messaging) => {
      // It knows from now on which partitions the streams have, and asks no more.
      await Promise.all([messaging.tell(createUser, { email }), publishUserCreated(messaging, event(email))]);
      await admin.flushall();
      proxy.mode = "mute";
    },
    interfere: async () => {
      await eventually(() => admin.exists("events", "commands"));
      proxy.reset();
    },
    code: "PUBLISH_UNCERTAIN",
    messages: 3,
  },
  "Redis is away": {
    prepare: () => {
      proxy.mode = "refuse";
      proxy.reset();
    },
    code: "REDIS_UNAVAILABLE",
    messages: 3,
  },
  "the messaging is closed": { prepare: (messaging) => messaging.close(), code: "CLOSED" },
};

describe.each(["throw", "report"] as const)("with onPublishFailure %j, a call that fails", (onPublishFailure) => {
  let log: LogBook;
  let told: HookEvents["publishFailed"][];
  const create = (user = ""): Messaging => {
    log = logBook();
    told = [];
    const url = proxy.url.replace("//", `//${user}`);
    return createService(
      { url },
      {
        onPublishFailure: onPublishFailure as "throw",
        logger: log,
        hooks: { publishFailed: (info) => void told.push(info) },
        redis: { connectionTimeoutSeconds: 0.2 },
      },
    );
  };
  const logged = (): number => log.lines.filter(({ text }) => text === "a message was not published").length;
  const isReported = onPublishFailure === "report";

  const cases = Object.keys(CAUSES).flatMap((cause) =>
    (Object.keys(CALLS) as (keyof typeof CALLS)[]).map((call) => [cause, call] as const),
  );
  it.each(cases)("because %s is told and counted once for %s, or for each of its messages", async (cause, call) => {
    const { prepare, interfere, email: given = email, code, messages = 1 } = CAUSES[cause] as Cause;
    await using messaging = create();
    // A command whose answer cannot be heard is not even published, so the subscription is made before.
    const isHeard = call === "send" && interfere !== undefined;
    if (isHeard) await sendCreateUser(messaging, { email }, { timeoutSeconds: 1 }).catch(() => {});
    await prepare?.(messaging);
    const calling = CALLS[call](messaging, given).then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    );
    await interfere?.();
    const ended = await calling;
    const errors = told.map(({ error }) => error);
    if (isReported && call === "publish") expect(ended).toEqual({ result: undefined });
    else expect((ended as { error: unknown }).error).toBe(errors[0]);
    expect(told).toMatchObject(errors.map((error) => ({ type: typeOf(call), error, reported: isReported })));
    // A list that breaks its contract, and what is not prepared any more, have none.
    const hasIds = call !== "send" && !(call === "publishAll" && code === "CONTRACT_VIOLATED") && code !== "CLOSED";
    if (hasIds)
      expect(told.map(({ messageId }) => messageId)).toEqual(errors.map(() => expect.stringMatching(/^[\da-f-]{36}$/)));
    expect(errors.map((error) => [error instanceof MessagingError, error.code])).toEqual(
      Array(call === "publishAll" ? messages : 1).fill([true, code]),
    );
    expect(messaging.counts.publishFailed).toBe(told.length);
    expect(logged()).toBe(isReported ? told.length : 0);
  });

  it("because its answer could not be heard is told and counted once for each of many", async () => {
    await admin.acl("SETUSER", "deaf", "reset", "on", ">right", "allkeys", "+@all");
    await using messaging = create("deaf:right@");
    const calling = [1, 2, 3].map(() => CALLS.send(messaging, email).catch((error: unknown) => error));
    const errors = await Promise.all(calling);
    expect(told.map(({ error }) => error)).toEqual(errors);
    const refused = { code: "REDIS_REFUSED", message: expect.stringMatching(/subscribing .*NOPERM/) };
    expect(errors).toEqual([1, 2, 3].map(() => expect.objectContaining(refused)));
    expect([messaging.counts.publishFailed, logged()]).toEqual([3, isReported ? 3 : 0]);
    expect(await admin.exists("commands")).toBe(0);
  });

  it("because its content has no JSON in the end is told and counted once", async () => {
    await using messaging = create();
    const metadata = (failing: number): object => ({
      toJSON: () => (failing-- > 0 ? {} : raise(new Error("no JSON any more"))),
    });
    const input = { ...event(email) };
    const notification = { title: "title", message: "text" };
    const calls = [
      () => messaging.publishAll(userCreated, [{ ...input, metadata: metadata(1) as never }, input]),
      () => messaging.publishAll(successNotification, [{ ...notification, metadata: metadata(2) as never }]),
      () => messaging.publish(successNotification, { ...notification, metadata: metadata(1) as never }),
    ];
    for (const call of calls) await call().catch(() => {});
    expect(told.map(({ error }) => error.code)).toEqual(Array(3).fill("CONTRACT_VIOLATED"));
    expect(messaging.counts.publishFailed).toBe(3);
  });
});

function raise(error: Error): never {
  throw error;
}

function typeOf(call: keyof typeof CALLS): string {
  return call === "send" || call === "tell" ? "create_user" : "user.created";
}
