import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { onUserCreated, publishUserCreated, userCreated } from "../../../generated/index.js";
import { createTestMessaging, type TestMessagingOptions } from "../../../generated/testing.js";
import { ConnectionError } from "../../../runtime/errors.js";
import { VirtualClock } from "../../../runtime/memory/virtual-clock.js";
import { HookBus, type HookEvents, type Hooks } from "../../../runtime/messaging/hooks.js";
import type { Logger } from "../../../runtime/messaging/logger.js";
import { loggingHooks } from "../../../runtime/messaging/logging-hooks.js";
import { systemClock, type Timer } from "../../../runtime/time/clock.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService, type LogBook, logBook } from "../../support/service.js";

const { redis, admin } = await useRedis();
const user = { entity_id: 7, after_data: { email: "ada@example.com" } };
const place = { stream: "events", group: "billing-workers", entryId: "1-0" };
const ids = { messageId: "m1", correlationId: "c1" };
const failed: HookEvents["handlerFailed"] = {
  ...{ ...place, ...ids, type: "user.created", attempt: 1, maxAttempts: 4, delayMs: 2000 },
  error: new Error("no room"),
};
const buried: HookEvents["deadLettered"] = {
  ...{ ...place, ...ids, type: "user.created", attempt: 4, letterId: "2-0", error: new Error("no room") },
};

interface Told {
  readonly service: string;
  readonly repeated?: number;
  readonly count?: number;
  readonly hint?: string;
  readonly err?: Error;
}

/** The hooks of a log, its lines and its time. */
function log(): { readonly hooks: Required<Hooks>; readonly book: LogBook; readonly pass: (ms: number) => void } {
  const clock = new VirtualClock(Date.parse("2026-11-23T08:00:00Z"), Math.random);
  const book = logBook();
  const pass = (ms: number): void => {
    const end = clock.now() + ms;
    for (let next = clock.next; next !== undefined && next <= end; next = clock.next) clock.step();
    clock.passTo(end);
  };
  return { hooks: loggingHooks(book, { service: "billing", prefix: "" }, clock) as Required<Hooks>, book, pass };
}

const told = ({ lines }: LogBook): readonly Told[] => lines.map(({ details }) => details as Told);
const sum = ({ lines }: LogBook): number =>
  lines.reduce((all, { details }) => all + ((details as Told).repeated ?? 1), 0);

describe("the log of a service", () => {
  it("has its start and its stop, and nothing of a thousand messages that are handled", async () => {
    const logger = logBook();
    await admin.flushall();
    const messaging = createService(redis, { logger, announce: true, healthIntervalSeconds: 10 });
    onUserCreated(messaging, () => {});
    await messaging.start();
    await messaging.publishAll(
      userCreated,
      Array.from({ length: 1000 }, () => user),
    );
    await eventually(() => messaging.counts.handled === 1000);
    await messaging.close();
    const streams = ["events"];
    expect(logger.lines).toEqual([
      {
        level: "info",
        text: "started",
        details: expect.objectContaining({ group: "test-service-workers", streams, createdOn: streams }),
      },
      { level: "info", text: "stopped", details: expect.objectContaining({ service: "test-service" }) },
    ]);
  });

  it("has one line of a message that fails, with both ids, the attempt and the time of the next", async () => {
    const logger = logBook();
    await using messaging = kit({ logger, maxRetries: 1, retryDelaySeconds: 60 });
    const began: string[] = [];
    onUserCreated(messaging, () => {
      began.push(messaging.time.now().toISOString());
      throw new Error("no room");
    });
    await messaging.start();
    const published = await publishUserCreated(messaging, user, { correlationId: "request-7" });
    await messaging.settled();
    await messaging.time.advance("1m");
    const common = { type: "user.created", stream: "events", entryId: published.entryId, group: "billing-workers" };
    const [, retry, dead, ...others] = logger.lines;
    expect(retry).toMatchObject({
      level: "warn",
      text: "a handler failed; the message is tried again",
      details: { ...common, messageId: published.id, correlationId: "request-7", attempt: 1, maxAttempts: 2 },
    });
    const { nextAttemptAt = "" } = (retry?.details ?? {}) as { readonly nextAttemptAt?: string };
    const lateMs = Date.parse(began[1] ?? "") - Date.parse(nextAttemptAt);
    // A look for what is due may come a moment later.
    expect(lateMs).toBeGreaterThanOrEqual(0);
    expect(lateMs).toBeLessThan(50);
    const { value: letter } = await messaging.deadLetters.list("events").next();
    expect(dead).toMatchObject({
      level: "error",
      text: "an entry was moved to the dead letters",
      details: {
        ...{ ...common, messageId: published.id, correlationId: "request-7", attempt: 2, letterId: letter?.id },
        hint: `merp dead-letters show ${letter?.id}; merp explain ${published.id}`,
      },
    });
    expect(others).toEqual([]);
  });

  it("counts what repeats by the time of the messaging, and tells the rest when it closes", async () => {
    const logger = logBook();
    const messaging = kit({ logger, maxRetries: 0 });
    onUserCreated(messaging, () => {
      throw new Error("no room");
    });
    await messaging.start();
    const letters = (): readonly unknown[] =>
      told({ ...logger, lines: logger.lines.filter(({ level }) => level === "error") });
    for (const count of [50, 5]) {
      await messaging.publishAll(userCreated, Array(count).fill(user));
      await messaging.settled();
      if (count === 50) await messaging.time.advance("30s");
    }
    expect(letters()).toHaveLength(11);
    expect(letters()[10]).toMatchObject({ repeated: 40 });
    await messaging.close();
    expect(letters()[11]).toMatchObject({ repeated: 5 });
  });

  it("has the ids of a message that breaks its contract, and none of one that cannot be read", async () => {
    await admin.flushall();
    const logger = logBook();
    await using messaging = createService(redis, { logger, maxRetries: 0 });
    onUserCreated(messaging, () => {});
    await messaging.start();
    const broken = JSON.stringify({ id: "m9", correlation_id: "c9", entity_id: "none" });
    await admin.xadd("events", "*", "message_type", "user.created", "json", broken);
    await admin.xadd("events", "*", "message_type", "user.created", "json", '{"id":"m9","correlation_id":');
    await eventually(() => messaging.counts.deadLettered === 2);
    const letters = logger.lines.filter(({ level }) => level === "error").map(({ details }) => details);
    expect(letters[0]).toMatchObject({ messageId: "m9", correlationId: "c9" });
    expect(letters[1]).toMatchObject({ messageId: undefined, correlationId: undefined });
    expect((letters[1] as Told).hint).toMatch(/^merp dead-letters show \d+-\d+$/);
  });
});

describe("an incident that repeats", () => {
  it("is one line, then one in half a minute with the number of those that it stands for, and the rest at the end", () => {
    const { hooks, book, pass } = log();
    for (let at = 0; at < 1000; at++) {
      hooks.handlerFailed({ ...failed, entryId: `${at}-0`, error: new Error(`no room for order ${at}`) });
      pass(100);
    }
    expect(told(book).map(({ repeated }) => repeated)).toEqual([undefined, 299, 300, 300]);
    expect(book.lines[1]?.details).toMatchObject({ entryId: "299-0" });
    hooks.closed({ instance: "1" });
    hooks.closed({ instance: "1" });
    expect(told(book).at(-1)?.repeated).toBe(100);
    expect(sum(book)).toBe(1000);
  });

  it("has a line however late it is tried again", () => {
    const { hooks, book } = log();
    hooks.handlerFailed({ ...failed, delayMs: 1e300 });
    expect(book.lines[0]?.details).toMatchObject({ nextAttemptAt: "+275760-09-13T00:00:00.000Z" });
  });

  it("is written at once again when it was over for half a minute", () => {
    const { hooks, book, pass } = log();
    for (const ms of [0, 29_999, 1]) {
      pass(ms);
      hooks.handlerFailed(failed);
    }
    expect(told(book).map(({ repeated }) => repeated)).toEqual([undefined, 1, undefined].slice(0, book.lines.length));
    pass(60_000);
    hooks.handlerFailed(failed);
    expect(sum(book)).toBe(4);
    expect(told(book).at(-1)?.repeated).toBeUndefined();
  });

  it("is another one for another type, group, error or class", () => {
    const { hooks, book } = log();
    hooks.handlerFailed(failed);
    hooks.handlerFailed({ ...failed, type: "user.updated" });
    hooks.handlerFailed({ ...failed, error: new Error("no disk") });
    hooks.handlerFailed({ ...failed, error: new TypeError("no room") });
    hooks.recovered({ ...place, from: "a", count: 1 });
    hooks.recovered({ ...place, group: "audit-workers", from: "a", count: 1 });
    expect(book.lines).toHaveLength(6);
  });

  it("counts together what each counts", () => {
    const { hooks, book, pass } = log();
    for (const count of [500, 500, 20]) hooks.recovered({ ...place, from: "a", count });
    pass(30_000);
    expect(told(book)).toMatchObject([{ count: 500 }, { count: 520, repeated: 2 }]);
  });

  it("is not told in the context of the request in which it repeated", () => {
    const request = new AsyncLocalStorage<string>();
    const contexts: unknown[] = [];
    const warn = (): void => void contexts.push(request.getStore());
    let expire = (): void => {};
    const timer: Timer = { cancel() {}, unref: () => timer };
    const after = (_ms: number, call: () => void): Timer => {
      expire = AsyncResource.bind(call);
      return timer;
    };
    const hooks = loggingHooks({ ...logBook(), warn }, { service: "billing", prefix: "" }, { ...systemClock, after });
    request.run("request-7", () => {
      hooks.handlerFailed?.(failed);
      hooks.handlerFailed?.(failed);
    });
    expire();
    expect(contexts).toEqual(["request-7", undefined]);
  });

  it("leaves ten dead letters of a cause a line each, and counts the others", () => {
    const { hooks, book, pass } = log();
    for (let at = 0; at < 1000; at++) hooks.deadLettered({ ...buried, letterId: `${at}-0` });
    hooks.deadLettered({ ...buried, error: new Error("another cause") });
    expect(book.lines).toHaveLength(11);
    pass(30_000);
    for (let at = 0; at < 50; at++) hooks.deadLettered(buried);
    hooks.closed({ instance: "1" });
    expect(book.lines.slice(11).map(({ details }) => (details as Told).repeated)).toEqual([990, 50]);
    expect(sum(book)).toBe(1051);
  });

  it("has a bounded number of lines, and loses no count, whatever fails", () => {
    const kinds = fc.constantFrom("handlerFailed", "deadLettered", "trouble", "recovered", "groupUnserved");
    const event = fc.record({
      kind: kinds,
      what: fc.integer({ min: 0, max: 500 }),
      ms: fc.integer({ max: 9000, min: 0 }),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 300 }), (events) => {
        const { hooks, book, pass } = log();
        for (const { kind, what, ms } of events) {
          const word = what.toString(2).replaceAll("0", "a").replaceAll("1", "b");
          const error = new Error(word);
          if (kind === "handlerFailed") hooks.handlerFailed({ ...failed, error });
          else if (kind === "deadLettered") hooks.deadLettered({ ...buried, error });
          else if (kind === "trouble") hooks.trouble({ what: word, error });
          else if (kind === "recovered") hooks.recovered({ ...place, stream: word, from: "a", count: 1 });
          else hooks.groupUnserved({ ...place, stream: word, silentMs: 1, policy: "keep", expired: false });
          pass(ms);
        }
        hooks.closed({ instance: "1" });
        expect(sum(book)).toBe(events.length);
      }),
      { seed: 7, numRuns: 40 },
    );
  });

  it("of a flood of different ones a hundred are told apart", () => {
    const { hooks, book, pass } = log();
    const flood = (): void => {
      for (let at = 0; at < 1000; at++) {
        const word = at.toString(2).replaceAll("0", "a").replaceAll("1", "b");
        hooks.trouble({ what: `reading ${word}`, error: new Error("junk") });
      }
    };
    flood();
    expect(book.lines).toHaveLength(101);
    pass(30_000);
    expect(sum(book)).toBe(1000);
    expect(book.lines).toHaveLength(102);
  });
});

describe("a lost connection", () => {
  it("is one line for all of a service's connections, and one when all are back", () => {
    const { hooks, book, pass } = log();
    for (const role of ["publish", "settle", "read:events"]) hooks.connected({ role, again: false });
    for (const role of ["settle", "publish", "read:events"]) hooks.disconnected({ role, error: undefined });
    hooks.trouble({
      what: "reading events",
      error: Object.assign(new Error("x"), { name: "MaxRetriesPerRequestError" }),
    });
    const gone = Object.assign(new Error("NOGROUP No such key"), { name: "ReplyError" });
    hooks.trouble({ what: "reading events", error: gone });
    const away = new ConnectionError("REDIS_UNAVAILABLE", "Redis cannot be reached");
    for (const what of ["reading events", "retrying on events", "settling"]) hooks.trouble({ what, error: away });
    pass(4000);
    for (const role of ["publish", "settle", "read:events"]) hooks.connected({ role, again: true });
    expect(book.lines.map(({ text }) => text)).toEqual([
      "lost the connection to Redis; reconnecting",
      "reading events failed; trying again",
      "connected to Redis again",
    ]);
    expect(book.lines[2]?.details).toMatchObject({ awayMs: 4000 });
  });

  it("that comes and goes is two lines, then two in half a minute", () => {
    const { hooks, book, pass } = log();
    for (let at = 0; at < 100; at++) {
      hooks.disconnected({ role: "settle", error: undefined });
      pass(100);
      hooks.connected({ role: "settle", again: true });
      pass(100);
    }
    pass(30_000);
    expect(book.lines).toHaveLength(4);
    expect(told(book).slice(2)).toMatchObject([{ repeated: 99 }, { repeated: 99 }]);
  });
});

describe("a hint", () => {
  it.each(["$(reboot)", "`reboot`", "a b", "1;reboot", "--help", "a\n", "", "x".repeat(201), "ü"])(
    "holds no id that a shell would obey: %j",
    (messageId) => {
      const { hooks, book } = log();
      hooks.deadLettered({ ...buried, messageId });
      hooks.groupUnserved({ ...place, group: messageId, silentMs: 1, policy: "keep", expired: false });
      expect(told(book).map(({ hint }) => hint)).toEqual(["merp dead-letters show 2-0", undefined]);
    },
  );
});

describe("a hint about a group", () => {
  it("names the stream as the commands take it, without the environment", () => {
    const book = logBook();
    const hooks = loggingHooks(book, { service: "billing", prefix: "staging:" }, new VirtualClock(0, Math.random));
    const unserved = { group: "audit-workers", silentMs: 1, policy: "keep", expired: false };
    hooks.groupUnserved?.({ ...unserved, stream: "staging:events" });
    expect(told(book)[0]).toMatchObject({ stream: "staging:events", hint: "merp group retire events audit-workers" });
  });
});

describe("a logger", () => {
  it("that has a method log is given the text first, and an error as an object", () => {
    const given: unknown[][] = [];
    const note = (...values: readonly unknown[]): void => void given.push([...values]);
    const winston = { log: note, info: note, warn: note, error: note } as unknown as Logger;
    const hooks = loggingHooks(
      winston,
      { service: "billing", prefix: "" },
      new VirtualClock(0, Math.random),
    ) as Required<Hooks>;
    hooks.handlerFailed({
      ...failed,
      error: Object.assign(new Error("no room", { cause: "disk" }), { code: "EFULL" }),
    });
    const [[text, details] = []] = given;
    expect(text).toBe("a handler failed; the message is tried again");
    const written = JSON.parse(JSON.stringify(details)) as { err: object };
    expect(written.err).toMatchObject({ error: '"Error: no room"', code: "EFULL", cause: '"disk"' });
    expect(JSON.stringify(written)).toContain("logging-hooks.test.ts");
  });

  it("may be the console", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const hooks = loggingHooks(
      console as unknown as Logger,
      { service: "billing", prefix: "" },
      new VirtualClock(0, Math.random),
    ) as Required<Hooks>;
    hooks.handlerFailed(failed);
    expect(warn).toHaveBeenCalledWith("a handler failed; the message is tried again", expect.any(Object));
    warn.mockRestore();
  });

  it("that throws disturbs nothing, also when it is told what repeats", async () => {
    const logger = logBook();
    const warn = (): never => {
      throw new Error("the disk is full");
    };
    await using messaging = kit({ logger: { ...logger, warn, error: warn }, maxRetries: 0 });
    let tries = 0;
    onUserCreated(messaging, () => {
      tries++;
      throw new Error("no room");
    });
    await messaging.start();
    for (let at = 0; at < 12; at++) await publishUserCreated(messaging, user);
    await messaging.settled();
    await messaging.time.advance("1m");
    expect(tries).toBe(12);
    expect(messaging.counts.deadLettered).toBe(12);
  });
});

describe("the page on operations", () => {
  it("lists every line of the log with its level and fields, and no other", async () => {
    const page = await readFile(new URL("../../../docs/operations.md", import.meta.url), "utf8");
    const chapter = page.split(/^## /m).find((text) => text.startsWith("Logs\n")) ?? "";
    const rows = [...chapter.matchAll(/^\| (info|warn|error) \| (.+?) \| (.+?) \| .+ \|$/gm)];
    const listed = rows.map(([, level, text, fields = ""]) => [
      ...[level, text],
      [...fields.matchAll(/`(\w+)`/g)].map(([, name]) => name).sort(),
    ]);
    expect(listed.sort()).toEqual(everyLine().sort());
  });
});

/** Every line of the log: level, text and fields, but for `service` and `repeated`. */
function everyLine(): unknown[][] {
  const { hooks, book } = log();
  const { error: _, maxAttempts: __, delayMs: ___, ...attempt } = failed;
  const infos: { readonly [Name in keyof HookEvents]: readonly HookEvents[Name][] } = {
    groupCreated: [
      { ...group, from: "0", again: false },
      { ...group, from: "0", again: true },
    ],
    started: [{ instance: "1", group: "billing-workers", streams: ["events"] }],
    stopped: [{ instance: "1" }],
    closed: [{ instance: "1" }],
    connected: [{ role: "settle", again: false }],
    disconnected: [{ role: "settle", error: new Error("reset") }],
    failedOver: [{ stream: "events", from: "10.0.0.1:6379", to: "10.0.0.2:6379" }],
    historyLost: [{ stream: "events", from: "1-0", to: "2-0" }],
    published: [{ id: "m1", correlationId: "c1", entryId: "1-0", stream: "events", type: "user.created" }],
    publishFailed: [
      { ...ids, type: "user.created", error: new ConnectionError("REDIS_UNAVAILABLE", "x"), reported: true },
      { ...ids, type: "user.created", error: new ConnectionError("REDIS_UNAVAILABLE", "x"), reported: false },
    ],
    outboxRefused: [
      { ...ids, type: "user.created", stream: "events", place: "7", error: new ConnectionError("REDIS_REFUSED", "x") },
    ],
    received: [{ ...group, consumer: "a", count: 1, startedAt: 1, carried: () => [] }],
    acknowledged: [{ ...group, consumer: "a", count: 1, startedAt: 1 }],
    handled: [{ ...attempt, durationMs: 1 }],
    handlerFailed: [
      { ...failed, originalType: "user.created.v1" },
      { ...failed, delayMs: undefined },
    ],
    retried: [{ ...attempt, delayMs: 1 }],
    dropped: [attempt],
    recovered: [{ ...group, from: "a", count: 1 }],
    overtaken: [{ ...group, count: 1 }],
    skipped: [{ ...place, ...ids, type: "user.created", reason: "filtered" }],
    deadLettered: [buried],
    commandExpired: [{ ...place, ...ids, type: "create_user" }],
    answerUnclaimed: [{ commandId: "m1" }],
    notificationExpired: [{ ...ids, channel: "general", entryId: "1-0" }],
    trimmed: [{ stream: "events", removed: 1, length: 1 }],
    groupUnserved: [
      { ...group, silentMs: 1, policy: "keep", expired: false },
      { ...group, silentMs: 1, policy: "reject-publish", expired: false },
      { ...group, silentMs: 1, policy: "expire-group", expired: true },
    ],
    entriesMissed: [{ ...group, count: 1 }],
    deadLettersRemoved: [{ ...group, count: 1 }],
    evictionPossible: [{ policy: "allkeys-lru" }],
    paused: [
      { ...group, type: undefined, until: "2026-11-24T08:00:00.000Z", by: "ada", why: "the database moves" },
      { ...group, type: "user.created", until: "2026-11-24T08:00:00.000Z", by: "ada", why: "the database moves" },
    ],
    resumed: [
      { ...group, type: undefined },
      { ...group, type: "user.created" },
    ],
    trouble: [{ ...ids, what: "…", error: new Error("x") }],
  };
  // A new event fails to compile here, and an old one that is left out below.
  expect(Object.keys(infos).sort()).toEqual(Object.keys(new HookBus().counts).sort());
  for (const [name, list] of Object.entries(infos)) {
    for (const info of list) (hooks[name as keyof HookEvents] as ((info: unknown) => void) | undefined)?.(info);
  }
  hooks.connected({ role: "settle", again: true });
  const seen = new Map<string, { readonly line: LogBook["lines"][number]; readonly fields: Set<string> }>();
  for (const line of book.lines) {
    const known = seen.get(line.text) ?? { line, fields: new Set() };
    seen.set(line.text, known);
    for (const [name, value] of Object.entries(line.details)) if (value !== undefined) known.fields.add(name);
  }
  return [...seen.values()].map(({ line: { level, text }, fields }) => [
    ...[level, text],
    [...fields].filter((name) => name !== "service").sort(),
  ]);
}

const group = { stream: "events", group: "billing-workers" };

function kit(options: Partial<TestMessagingOptions>): ReturnType<typeof createTestMessaging> {
  return createTestMessaging({ service: "billing", ...options });
}
