import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { type Encoding, onUserCreated, publishUserCreated, type UserCreated } from "../../../generated/index.js";
import { streamKeys } from "../../../runtime/redis/keys.js";
import { park } from "../../../runtime/redis/lua/retry.js";
import { startChild } from "../../support/child.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";
import { fillEvents, pendingEvents } from "../../support/stream.js";
import { startTcpProxy } from "../../support/tcp-proxy.js";

const group = "test-service-workers";

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

const fill = (count: number, encoding?: Encoding): Promise<void> => fillEvents(admin, count, encoding);
const pending = (): Promise<number> => pendingEvents(admin, group);

/** How often a command was run, by Redis' own count. */
async function calls(command: string): Promise<number> {
  const stats = await admin.info("commandstats");
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
}

/** A handler that waits until it is let go. */
function gate(): {
  readonly started: UserCreated[];
  readonly handler: (event: UserCreated) => Promise<void>;
  open(): void;
} {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const started: UserCreated[] = [];
  return {
    started,
    open: () => open(),
    handler: async (event) => {
      started.push(event);
      await opened;
    },
  };
}

describe("an acknowledgement", () => {
  it("comes only after the handler has finished", async () => {
    await fill(2);
    await using messaging = createService(redis);
    const { started, handler, open } = gate();
    onUserCreated(messaging, (event) => (event.entity_id === 1 ? handler(event) : undefined));
    await messaging.start();
    await eventually(() => started.length === 1);
    // Whatever is acknowledged without its handler's end is so by the time that later ones are.
    for (let entity_id = 2; entity_id <= 4; entity_id++) {
      await eventually(pending, (count) => count === 1);
      await publishUserCreated(messaging, { entity_id, after_data: { email: "ada@example.com" } });
      await eventually(() => messaging.counts.handled === entity_id);
    }
    await eventually(pending, (count) => count === 1);
    const [[id] = []] = (await admin.xpending("events", group, "-", "+", 1)) as [string][];
    expect(id).toBe((await admin.xrange("events", "-", "+", "COUNT", 1))[0]?.[0]);
    open();
    await eventually(pending, (count) => count === 0);
  });

  it("does not come when the process is killed in its handler: the message is pending", async () => {
    await fill(3);
    const script = new URL("./consumer-child.ts", import.meta.url);
    await using child = await startChild<{ entity_id: number }>(script, { environment: { CHILD_REDIS: redis.url } });
    for (const entity_id of [1, 2, 3]) await child.next((message) => message.entity_id === entity_id);
    child.kill();
    await child.exited;
    expect(await pending()).toBe(3);
  });

  it("is sent for many at once", async () => {
    await admin.config("RESETSTAT");
    await fill(1000);
    await using messaging = createService(redis);
    onUserCreated(messaging, () => {});
    await messaging.start();
    await eventually(() => messaging.counts.handled === 1000);
    await eventually(pending, (count) => count === 0);
    expect(await calls("xack")).toBeLessThanOrEqual(100);
    expect(await calls("xreadgroup")).toBeLessThanOrEqual(100);
  });
});

describe("a handler that throws", () => {
  it("gets its message again, holds up nobody, and after its retries the message is a dead letter", async () => {
    await fill(5);
    await using messaging = createService(redis, { maxRetries: 2, retryDelaySeconds: 0.02, concurrency: 1 });
    const attempts: number[] = [];
    const others: number[] = [];
    onUserCreated(messaging, ({ entity_id }, { attempt }) => {
      if (entity_id !== 1) return void others.push(entity_id);
      attempts.push(attempt);
      throw Object.assign(new Error("the mail server is away"), { code: "E_MAIL" });
    });
    await messaging.start();
    await eventually(() => messaging.counts.deadLettered === 1);
    await eventually(pending, (count) => count === 0);
    expect(attempts).toEqual([1, 2, 3]);
    expect(others).toEqual([2, 3, 4, 5]);
    const [letter] = await admin.xrange("{events}:dead", "-", "+");
    const record = Object.fromEntries(pairs(letter?.[1] ?? []));
    expect(record).toMatchObject({ stream: "events", group, attempts: "3", reason: "E_MAIL", type: "user.created" });
    const errors = JSON.parse(record["errors"] ?? "") as { message: string }[];
    expect(errors.map(({ message }) => message)).toEqual(Array(3).fill("the mail server is away"));
    expect(await admin.exists(`{events}:errors:${group}`, `{events}:retry:${group}`)).toBe(0);
  });

  it.each<[string, unknown]>([
    ["undefined", undefined],
    ["null", null],
    ["text", "text"],
    ["an object without a prototype", Object.create(null)],
    ["an error whose message is no text", Object.assign(new Error(), { message: { why: 1 } })],
    ["an error whose message is missing", Object.assign(new Error(), { message: undefined })],
    ["an object that holds itself", Object.assign(Object.create(null), { self: globalThis })],
    ["an object that cannot be looked at", new Proxy({}, { get: () => expect.unreachable() })],
  ])("may throw anything, and the consumer goes on: %s", async (_, thrown) => {
    await fill(2);
    await using messaging = createService(redis, { maxRetries: 0 });
    const seen: number[] = [];
    onUserCreated(messaging, ({ entity_id }) => {
      seen.push(entity_id);
      if (entity_id === 1) throw thrown;
    });
    await messaging.start();
    await eventually(
      () => admin.xlen("{events}:dead"),
      (length) => length === 1,
    );
    await eventually(() => seen.length === 2);
    await eventually(pending, (count) => count === 0);
  });
});

describe("a failure that is recorded, and of which the reply is lost", () => {
  it("does not bring back what others have retried and handled meanwhile", async () => {
    await fill(1);
    const { retry } = streamKeys("events", group);
    await using proxy = await startTcpProxy(redis);
    const { started, handler, open } = gate();
    await using messaging = createService(proxy, { retryDelaySeconds: 3600 });
    onUserCreated(messaging, async (event) => {
      await handler(event);
      throw new Error("not yet");
    });
    await messaging.start();
    await eventually(() => started.length === 1);
    proxy.mode = "mute";
    open();
    const [id = ""] = await eventually(
      () => admin.zrange(retry, "0", "-1"),
      ({ length }) => length === 1,
    );
    await admin.multi().zrem(retry, id).xack("events", group, id).exec();
    proxy.mode = "pass";
    proxy.reset();

    await eventually(() => messaging.counts.dropped + messaging.counts.retried === 1);
    expect(messaging.counts.dropped).toBe(1);
    expect(await pending()).toBe(0);
  });

  it.each([
    ["parked", 60_000],
    ["kept", ""],
  ])("is repeated without another record, and tells that it is done: what is %s", async (_, delayMs) => {
    await fill(1);
    await admin.xgroup("CREATE", "events", group, "0");
    await admin.xreadgroup("GROUP", group, "me", "STREAMS", "events", ">");
    const [[id = ""] = []] = await admin.xrange("events", "-", "+");
    const { stream, retry, errors } = streamKeys("events", group);
    const args = [group, "me", id, delayMs, '{"message":"away"}', 1, "kept"];
    const recorded = (): Promise<number> => park.run(admin, [stream, retry, errors], args);
    expect([await recorded(), await recorded()]).toEqual([1, 1]);
    expect(await admin.hget(errors, id)).toBe('{"message":"away"}');
  });
});

describe("acknowledgements", () => {
  it("leave as soon as nothing else is in hand", async () => {
    const real = globalThis.setTimeout;
    // Whatever waits five milliseconds for more to come waits for good.
    const timers = vi
      .spyOn(globalThis, "setTimeout")
      .mockImplementation(((run: () => void, ms?: number) => real(run, ms === 5 ? 1e6 : ms)) as typeof setTimeout);
    onTestFinished(() => timers.mockRestore());
    await fill(3);
    await using messaging = createService(redis);
    const seen: number[] = [];
    onUserCreated(messaging, async ({ entity_id }) => seen.push(entity_id));
    await messaging.start();

    await eventually(() => seen.length === 3);
    await eventually(pending, (count) => count === 0);
  });

  it("wait for two hundred while more is about to come", async () => {
    const real = globalThis.setTimeout;
    const timers = vi
      .spyOn(globalThis, "setTimeout")
      .mockImplementation(((run: () => void, ms?: number) => real(run, ms === 5 ? 1e6 : ms)) as typeof setTimeout);
    onTestFinished(() => timers.mockRestore());
    await admin.config("RESETSTAT");
    await fill(4000);
    await using messaging = createService(redis);
    onUserCreated(messaging, () => {});
    await messaging.start();

    await eventually(() => messaging.counts.handled === 4000);
    await eventually(pending, (count) => count === 0);
    // A read brings a hundred.
    expect(await calls("xack")).toBeLessThanOrEqual(30);
  });

  it("forget what failed before in the same step, so that a crash leaves no error behind", async () => {
    await fill(2);
    const monitor = await admin.monitor();
    onTestFinished(() => monitor.disconnect());
    const commands: [name: string, source: string][] = [];
    monitor.on("monitor", (_time: string, [name = ""]: string[], source: string) => {
      commands.push([name.toLowerCase(), source]);
    });
    await using messaging = createService(redis, { retryDelaySeconds: 0.01 });
    onUserCreated(messaging, (_event, { attempt }) => {
      if (attempt === 1) throw new Error("not yet");
    });
    await messaging.start();

    await eventually(() => messaging.counts.handled === 2);
    await eventually(pending, (count) => count === 0);
    await eventually(() => commands.some(([name]) => name === "hdel"));
    expect(commands.filter(([name]) => name === "hdel").map(([, source]) => source)).not.toContainEqual(
      expect.not.stringContaining("lua"),
    );
    expect(await admin.exists("{events}:errors:test-service-workers")).toBe(0);
  });
});

function pairs(flat: readonly string[]): [string, string][] {
  return flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1] ?? ""] as [string, string]] : []));
}
