import { createHook } from "node:async_hooks";
import { Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type Encoding,
  handleValidateToken,
  type Messaging,
  onUserCreated,
  onUserDeleted,
  publishUserCreated,
  sendValidateToken,
  type UserCreatedInput,
  userCreated,
} from "../../generated/index.js";
import { type RedisServer, startRedis } from "../../runtime/testing/redis/index.js";
import { eventually } from "../support/eventually.js";
import { createService } from "../support/service.js";
import { swiftly } from "../support/swiftly.js";
import { commandsDuring } from "./command-counts.js";
import { recordRequests } from "./request-recorder.js";

/** How often each check ran; the contracts get theirs from here. */
const checks = vi.hoisted(() => ({ writer: 0, reader: 0 }));
vi.mock("../../runtime/contract/validation.js", async (original) => {
  const validation = await original<typeof import("../../runtime/contract/validation.js")>();
  const counted =
    (compile: typeof validation.compileWriter, side: keyof typeof checks): typeof validation.compileWriter =>
    (schema) => {
      const check = compile(schema);
      return (value) => {
        checks[side]++;
        return check(value);
      };
    };
  return {
    ...validation,
    compileWriter: counted(validation.compileWriter, "writer"),
    compileReader: counted(validation.compileReader, "reader"),
  };
});

/** How many chains of interceptors were made. */
const chains = vi.hoisted(() => ({ made: 0 }));
vi.mock("../../runtime/messaging/interceptor.js", async (original) => {
  const { InterceptorChain, ...others } = await original<typeof import("../../runtime/messaging/interceptor.js")>();
  class CountedChain extends InterceptorChain {
    constructor(...given: ConstructorParameters<typeof InterceptorChain>) {
      super(...given);
      chains.made++;
    }
  }
  return { ...others, InterceptorChain: CountedChain };
});

/** The looks that are due at intervals are counted, too: where the machine is busy, more of them fall into one run. */
const UNHURRIED = { retry: 2 } as const;

/** Work is counted, never timed: what costs more tomorrow fails here on every machine alike. */
describe.each<Encoding>(["json", "fields"])("a thousand messages as %s", (encoding) => {
  let server: RedisServer;
  let redis: Redis;
  let messaging: Messaging;

  beforeAll(async () => {
    server = await startRedis();
    redis = new Redis(server.url);
  });
  beforeEach(async () => {
    await redis.flushall();
    messaging = createService(server, { encoding });
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await messaging.close();
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  it("are published in a few requests, each added once", async () => {
    await publishUserCreated(messaging, user(0));

    const commands = await commandsDuring(redis, () => publishThousand());

    expect(commands.get("xadd")).toBe(1000);
    // A few scripts that add them, and one look at what may be trimmed.
    expect(total(commands) - 1000).toBeLessThanOrEqual(60);
  });

  it("are read, and acknowledged, by the batch", UNHURRIED, async () => {
    await publishThousand();

    const commands = await commandsDuring(redis, consumeThousand);

    expect(commands.get("xreadgroup")).toBeLessThanOrEqual(50);
    expect(commands.get("xack")).toBeLessThanOrEqual(50);
    expect(total(commands)).toBeLessThanOrEqual(250);
  });

  it("are acknowledged by the batch when nobody handles their type", UNHURRIED, async () => {
    await publishThousand();
    onUserDeleted(messaging, async () => {});

    const commands = await commandsDuring(redis, async () => {
      await messaging.start();
      await eventually(
        () => messaging.counts.skipped,
        (skipped) => skipped === 1000,
      );
    });

    expect(commands.get("xack")).toBeLessThanOrEqual(50);
    expect(commands.get("xpending") ?? 0).toBeLessThanOrEqual(10);
    expect(total(commands)).toBeLessThanOrEqual(250);
  });

  it("cost no look at what is paused, which is learned once a second, however many reads they take", async () => {
    await publishThousand();
    await using few = createService(server, { encoding, concurrency: 5 });
    onUserCreated(few, () => {});

    const commands = await commandsDuring(redis, async () => {
      await few.start();
      await eventually(
        () => few.counts.handled,
        (handled) => handled === 1000,
      );
    });

    expect(commands.get("xreadgroup")).toBeGreaterThan(50);
    // In the script that looks for retries; the others are those of the types that each consumer handles.
    expect(commands.get("hgetall")).toBeLessThanOrEqual(15);
  });

  it("are checked once when written and once when read", async () => {
    Object.assign(checks, { writer: 0, reader: 0 });

    await publishThousand();
    expect(checks).toEqual({ writer: 1000, reader: 0 });

    await consumeThousand();
    expect(checks).toEqual({ writer: 1000, reader: 1000 });
  });

  it("are not parsed, and not checked, when nobody handles their type", async () => {
    await publishThousand();
    const parse = vi.spyOn(JSON, "parse");
    checks.reader = 0;
    onUserDeleted(messaging, async () => {});

    await messaging.start();
    await eventually(
      () => messaging.counts.skipped,
      (skipped) => skipped === 1000,
    );

    expect(parse.mock.calls.filter(isPayload)).toHaveLength(0);
    expect(checks.reader).toBe(0);
  });

  it("are parsed no more often than they hold JSON", async () => {
    await publishThousand();
    const parse = vi.spyOn(JSON, "parse");

    await consumeThousand();

    expect(parse.mock.calls.filter(isPayload)).toHaveLength(1000);
  });

  it("are stringified no more often than they hold JSON", async () => {
    const stringify = vi.spyOn(JSON, "stringify");

    await publishThousand();

    expect(stringify.mock.results.filter(({ value }) => String(value).includes("@example.com"))).toHaveLength(1000);
  });

  it("travel in no more strings than they have values of their own", async () => {
    await using recorder = await recordRequests(server.port);
    await using publisher = createService(recorder, { encoding });
    await publishUserCreated(publisher, user(0));
    const before = recorder.strings;

    await Promise.all(thousand(user).map((each) => publishUserCreated(publisher, each)));

    // In one field for all of it, or: id, timestamp, entity_id, after_data. What all of a batch share, names and the
    // command itself included, travels once.
    expect((recorder.strings - before) / 1000).toBeLessThanOrEqual({ json: 1.5, fields: 4.5 }[encoding]);
  });

  it("are read into no more texts than they have values of their own", async () => {
    await publishThousand();
    const texts = vi.spyOn(Buffer.prototype, "toString");

    await consumeThousand();

    // The entry's id, and what differs from the entry before.
    expect(texts.mock.calls.length / 1000).toBeLessThanOrEqual({ json: 2.5, fields: 5.5 }[encoding]);
  });

  it("are added without a script when they come one at a time", async () => {
    await publishUserCreated(messaging, user(0));

    const commands = await commandsDuring(redis, () => publishUserCreated(messaging, user(1)));

    expect(commands.get("xadd")).toBe(1);
    expect(commands.get("evalsha") ?? commands.get("eval") ?? 0).toBe(0);
  });

  it("are commands for each of which Redis is told two things: to add it, and how it was answered", async () => {
    handleValidateToken(messaging, () => ({ valid: true }));
    await messaging.start();
    const ask = async (): Promise<unknown> =>
      sendValidateToken(messaging, { token: "t" }, { targetService: messaging.service });
    await ask();

    const askHundredTimes = async (): Promise<void> => {
      for (let n = 0; n < 100; n++) await ask();
    };
    const commands = await swiftly(() => commandsDuring(redis, askHundredTimes));

    expect(commands.get("xadd")).toBe(100);
    expect(commands.get("publish")).toBe(100);
    expect(commands.get("get") ?? 0).toBe(0);
    // The answers' scripts, and what goes on besides.
    expect(commands.get("evalsha")).toBeLessThanOrEqual(110);
  });

  it("leave before the call returns when none is under way, and set no timer", async () => {
    await publishUserCreated(messaging, user(0));
    const writes = vi.spyOn(Socket.prototype, "write");
    const setTimer = vi.spyOn(globalThis, "setTimeout");

    for (let n = 0; n < 100; n++) {
      await turn();
      const publishing = publishUserCreated(messaging, user(n));
      expect(writes).toHaveBeenCalledTimes(n + 1);
      await publishing;
    }

    // What looks after the stream sets one now and then.
    expect(setTimer.mock.calls.length).toBeLessThanOrEqual(10);
  });

  it("leave in parts as a bulk, the first before the last is encoded", async () => {
    await publishUserCreated(messaging, user(0));
    const writes = vi.spyOn(Socket.prototype, "write");
    const stringify = vi.spyOn(JSON, "stringify");

    await messaging.publishAll(userCreated, thousand(user));

    expect(stringify.mock.results.filter(({ value }) => String(value).includes("@example.com"))).toHaveLength(1000);
    expect(writes.mock.calls.length).toBeGreaterThanOrEqual(20);
    expect(writes.mock.calls.length).toBeLessThanOrEqual(40);
    expect(writes.mock.invocationCallOrder[0]).toBeLessThan(stringify.mock.invocationCallOrder.at(-1) ?? 0);
  });

  it("have one field list, whatever they leave out, so that Redis stores the names once", async () => {
    const sparse = (n: number): UserCreatedInput => ({ entity_id: n + 1, after_data: user(n).after_data });
    await Promise.all(
      thousand((n) => (n % 2 === 0 ? user(n) : sparse(n))).map((each) => publishUserCreated(messaging, each)),
    );

    const entries = (await redis.xrange("events", "-", "+")) as [string, string[]][];

    const lists = entries.map(([, entry]) => entry.filter((_, at) => at % 2 === 0).join());
    expect(new Set(lists).size).toBe(1);
  });

  it("take a bounded number of promises and timers", async () => {
    const setTimer = vi.spyOn(globalThis, "setTimeout");

    const published = await promisesDuring(() => publishThousand());
    const consumed = await promisesDuring(consumeThousand);

    expect(published).toBeLessThanOrEqual(4_000);
    expect(consumed).toBeLessThanOrEqual(5_000);
    expect(setTimer.mock.calls.length).toBeLessThanOrEqual(300);
  });

  it("pass no interceptors, and take no promises for them, unless there are some", async () => {
    chains.made = 0;
    await using empty = createService(server, { encoding, interceptors: [] });
    await publishUserCreated(empty, user(0));
    const promises = await promisesDuring(() => publishThousand(empty));
    expect(chains.made).toBe(0);

    await using wrapped = createService(server, { encoding, interceptors: [(_call, next) => next()] });
    const more = await promisesDuring(() => publishThousand(wrapped));
    expect(chains.made).toBe(1);
    expect(promises).toBeLessThanOrEqual(4_000);
    expect(more).toBeGreaterThan(promises + 1000);
  });

  function publishThousand(by = messaging): Promise<unknown> {
    return Promise.all(thousand(user).map((each) => publishUserCreated(by, each)));
  }

  async function consumeThousand(): Promise<void> {
    const all = deferred();
    let handled = 0;
    onUserCreated(messaging, async () => {
      if (++handled === 1000) all.resolve();
    });
    await messaging.start();
    await all.promise;
    await eventually(
      async () => ((await redis.xpending("events", "test-service-workers")) as [number])[0],
      (pending) => pending === 0,
    );
  }
});

function user(n: number): UserCreatedInput {
  return {
    entity_id: n + 1,
    company_id: 1,
    user_id: 456,
    correlation_id: "985329c1-9789-4731-b311-205992b09849",
    metadata: { source: "registration" },
    after_data: { email: `user${n}@example.com`, first_name: "Ada", last_name: "Lovelace" },
  };
}

function thousand(make: (n: number) => UserCreatedInput): UserCreatedInput[] {
  return Array.from({ length: 1000 }, (_, n) => make(n));
}

function isPayload([text]: readonly unknown[]): boolean {
  return String(text).includes("@example.com");
}

function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** How many promises were made while something went on. */
async function promisesDuring(action: () => Promise<unknown>): Promise<number> {
  let promises = 0;
  const hook = createHook({
    init(_id, type) {
      if (type === "PROMISE") promises++;
    },
  }).enable();
  await action();
  hook.disable();
  return promises;
}
