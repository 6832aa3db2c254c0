import { Redis } from "ioredis";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import {
  type Encoding,
  onUserCreated,
  publishUserCreated,
  type UserCreated,
  userCreated,
} from "../../../generated/index.js";
import { exampleUserCreated } from "../../../generated/testing.js";
import { contractOf } from "../../../runtime/contract/contract.js";
import { readSome } from "../../../runtime/redis/lua/read.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";
import { fillEvents, pendingEvents } from "../../support/stream.js";

const group = "test-service-workers";

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

const fill = (count: number, encoding?: Encoding): Promise<void> => fillEvents(admin, count, encoding);
const pending = (): Promise<number> => pendingEvents(admin, group);

/** How many reads Redis was sent. */
async function reads(): Promise<number> {
  return Number(/cmdstat_xreadgroup:calls=(\d+)/.exec(await admin.info("commandstats"))?.[1] ?? 0);
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

describe("a consumer", () => {
  it("takes what was published before and after it started, in order, once, and acknowledges it", async () => {
    await fill(3);
    await using messaging = createService(redis, { concurrency: 1 });
    const seen: number[] = [];
    onUserCreated(messaging, (event) => void seen.push(event.entity_id));
    await messaging.start();
    await publishUserCreated(messaging, { entity_id: 4, after_data: { email: "ada@example.com" } });
    await eventually(() => seen.length === 4);
    await eventually(pending, (count) => count === 0);
    expect(seen).toEqual([1, 2, 3, 4]);
    expect(messaging.counts.handled).toBe(4);
  });

  it("that begins with what is new leaves alone what was there when its group was made", async () => {
    await fill(3);
    const created: string[] = [];
    const hooks = { groupCreated: ({ stream }: { stream: string }) => void created.push(stream) };
    await using messaging = createService(redis, { startFrom: "new", hooks });
    const seen: number[] = [];
    onUserCreated(messaging, (event) => void seen.push(event.entity_id));
    await messaging.start();
    await eventually(() => created.includes("events"));
    await publishUserCreated(messaging, { entity_id: 4, after_data: { email: "ada@example.com" } });
    await eventually(() => seen.length > 0);
    expect(seen).toEqual([4]);
  });

  it("that began with what is new misses nothing after Redis has lost everything, its group among it", async () => {
    await using messaging = createService(redis, { startFrom: "new" });
    const seen: number[] = [];
    onUserCreated(messaging, (event) => void seen.push(event.entity_id));
    await messaging.start();
    const lost = contractOf(userCreated).write({ ...exampleUserCreated({ entity_id: 5 }) }, "fields");
    // It is there before any consumer can have noticed.
    await admin
      .multi()
      .flushall()
      .xadd("events", "*", ...lost)
      .exec();
    await eventually(() => seen.length === 1);
    expect(seen).toEqual([5]);
  });

  it.each(["fields", "json"] as const)("reads %s, whichever it writes itself", async (encoding) => {
    await fill(1, encoding);
    await using messaging = createService(redis, { encoding: encoding === "json" ? "fields" : "json" });
    const seen: UserCreated[] = [];
    onUserCreated(messaging, (event) => void seen.push(event));
    await messaging.start();
    await eventually(() => seen.length === 1);
    expect(seen).toEqual([exampleUserCreated({ entity_id: 1 })]);
  });

  it("tells its handler where the message stands", async () => {
    await using messaging = createService(redis);
    const seen: unknown[] = [];
    onUserCreated(messaging, (_event, context) => {
      const { messageId, type, kind, stream, entryId, group, consumer, attempt, correlationId, signal } = context;
      const place = { stream, entryId, group, consumer };
      seen.push({ messageId, type, kind, ...place, attempt, correlationId, aborted: signal.aborted });
    });
    await messaging.start();
    const { id, entryId } = await publishUserCreated(
      messaging,
      { entity_id: 4, after_data: { email: "ada@example.com" } },
      { correlationId: "one-request" },
    );
    await eventually(() => seen.length === 1);
    expect(seen).toEqual([
      {
        messageId: id,
        type: "user.created",
        kind: "event",
        stream: "events",
        entryId,
        group,
        consumer: expect.stringMatching(/^test-service-\d+-[0-9a-f]+$/),
        attempt: 1,
        correlationId: "one-request",
        aborted: false,
      },
    ]);
  });

  it("shares its group's messages with others of its service, and gives each service its own", async () => {
    await fill(40);
    await using one = createService(redis, { concurrency: 5, batchSize: 5 });
    await using two = createService(redis, { concurrency: 5, batchSize: 5 });
    await using audit = createService(redis, { service: "audit" });
    const seen: Record<string, number[]> = { one: [], two: [], audit: [] };
    for (const [name, messaging] of Object.entries({ one, two, audit })) {
      onUserCreated(messaging, async (event) => {
        seen[name]?.push(event.entity_id);
        await new Promise((resolve) => setTimeout(resolve, 2));
      });
    }
    await Promise.all([one.start(), two.start(), audit.start()]);
    await eventually(() => Object.values(seen).flat().length === 80);
    const all = Array.from({ length: 40 }, (_, at) => at + 1);
    const inOrder = (ids: readonly number[] = []): number[] => ids.toSorted((a, b) => a - b);
    expect(inOrder([...(seen["one"] ?? []), ...(seen["two"] ?? [])])).toEqual(all);
    expect(inOrder(seen["audit"])).toEqual(all);
    expect(Math.min(seen["one"]?.length ?? 0, seen["two"]?.length ?? 0)).toBeGreaterThan(0);
  });
});

describe("what a consumer holds", () => {
  it.each([
    { concurrency: 3, batchSize: 10, most: 6 },
    { concurrency: 10, batchSize: 4, most: 14 },
    { concurrency: 1, batchSize: 1, most: 2 },
  ])("is bounded: concurrency $concurrency and batches of $batchSize hold $most at most", async (setting) => {
    const { concurrency, batchSize, most } = setting;
    await fill(100);
    await using messaging = createService(redis, { concurrency, batchSize });
    const { started, handler, open } = gate();
    onUserCreated(messaging, handler);
    await messaging.start();
    await eventually(() => started.length === concurrency);
    // Had it room, it would have read more by now: it looks for redriven entries after every block.
    const before = await reads();
    await eventually(reads, (count) => count > before + 3);
    expect(started).toHaveLength(concurrency);
    expect(await pending()).toBeLessThanOrEqual(most);
    expect(await pending()).toBeGreaterThanOrEqual(concurrency);
    open();
    await eventually(() => started.length === 100);
    await eventually(pending, (count) => count === 0);
  });

  it("is worked off side by side, never more than the concurrency, and not one by one", async () => {
    await fill(200);
    await using messaging = createService(redis, { concurrency: 7 });
    let running = 0;
    let most = 0;
    onUserCreated(messaging, async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 2));
      running -= 1;
    });
    await messaging.start();
    await eventually(() => messaging.counts.handled === 200);
    expect(most).toBe(7);
  });
});

describe("a read", () => {
  /** How many had been sent when the first handler began. */
  async function readsBeforeFirst(entries: number): Promise<number> {
    await fill(entries);
    const reads = vi.spyOn(Redis.prototype, "xreadgroup");
    onTestFinished(() => reads.mockRestore());
    const isRead = ([, , , , , ...rest]: unknown[]): boolean => rest.includes("BLOCK");
    await using messaging = createService(redis, { blockTimeMs: 1000 });
    let sent: number | undefined;
    onUserCreated(messaging, () => {
      sent ??= reads.mock.calls.filter(isRead).length;
    });
    await messaging.start();
    await eventually(() => messaging.counts.handled === entries);
    return sent as number;
  }

  it("is sent before a large batch begins, so that Redis makes the next ready meanwhile", async () => {
    expect(await readsBeforeFirst(300)).toBe(2);
  });

  it("waits for a few entries to have begun, so that what is sent for them goes first", async () => {
    expect(await readsBeforeFirst(3)).toBe(1);
  });

  it("of redriven entries comes no more often than one that waits for new entries: once a block", async () => {
    const reads = vi.spyOn(Redis.prototype, "xreadgroup");
    const polls = vi.spyOn(readSome, "run");
    onTestFinished(() => {
      reads.mockRestore();
      polls.mockRestore();
    });
    const sent = (isWaiting: boolean): number => (isWaiting ? reads : polls).mock.calls.length;
    await using messaging = createService(redis, { blockTimeMs: 200 });
    onUserCreated(messaging, () => {});
    await messaging.start();
    await eventually(() => sent(true) >= 6);
    expect(sent(false)).toBeGreaterThan(0);
    expect(sent(false)).toBeLessThanOrEqual(sent(true) + 2);
  });
});
