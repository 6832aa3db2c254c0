import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import {
  type MessageContext,
  type Messaging,
  type MessagingOptions,
  onUserCreated,
  type UserCreated,
  userCreated,
} from "../../../generated/index.js";
import { exampleUserCreated } from "../../../generated/testing.js";
import { contractOf } from "../../../runtime/contract/contract.js";
import { RetryAfter } from "../../../runtime/index.js";
import { streamKeys } from "../../../runtime/redis/keys.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";
import { pendingEvents } from "../../support/stream.js";

const group = "test-service-workers";
const keys = streamKeys("events", group);
const DEAD = "test-service-dead";
const LEASE = { leaseSeconds: 0.5 };

const { redis, admin } = await useRedis();
beforeEach(() => admin.flushall());

const pending = (): Promise<number> => pendingEvents(admin, group);

let serial = 0;
beforeEach(() => {
  serial = 0;
});

/** Adds messages that are numbered on, of so many entities in turn. As texts, their ids are in another order. */
async function fill(count: number, entities = count): Promise<void> {
  const adding = admin.pipeline();
  for (let n = 0; n < count; n++) {
    serial++;
    const message = { ...exampleUserCreated({ entity_id: 1 + (serial % entities), user_id: serial }) };
    adding.xadd("events", `1000-${serial}`, ...contractOf(userCreated).write(message, "fields"));
  }
  await adding.exec();
}

/** Has a consumer read so many of the messages and die: its heartbeat stands still. */
async function die(count: number, name = DEAD): Promise<string[]> {
  await admin.xgroup("CREATE", "events", group, "0").catch(() => {});
  const reply = await admin.xreadgroup("GROUP", group, name, "COUNT", count, "STREAMS", "events", ">");
  await admin.zadd(keys.alive, 1, name);
  return ((reply as [string, [string, string[]][]][])[0]?.[1] ?? []).map(([id]) => id);
}

/** Counts deliveries of entries, as if they had begun in so many processes that died. */
async function begun(ids: readonly string[], count: number): Promise<void> {
  await admin.xclaim("events", group, DEAD, 0, ...ids, "RETRYCOUNT", count, "JUSTID");
}

/** What handlers saw, and a place to hold them. */
class Watch {
  readonly begun: { readonly serial: number; readonly entity: number; readonly attempt: number }[] = [];
  /** Of an entity that another of its messages ran meanwhile. */
  overlaps = 0;
  running = 0;
  mostRunning = 0;
  readonly #entities = new Set<number>();

  async handle(
    { user_id = 0, entity_id }: UserCreated,
    { attempt }: MessageContext,
    work: () => unknown,
  ): Promise<void> {
    this.begun.push({ serial: user_id as number, entity: entity_id, attempt });
    if (this.#entities.has(entity_id)) this.overlaps++;
    this.#entities.add(entity_id);
    this.mostRunning = Math.max(this.mostRunning, ++this.running);
    try {
      await work();
    } finally {
      this.running--;
      this.#entities.delete(entity_id);
    }
  }

  /** How often a message began after a later one of its entity. */
  get inversions(): number {
    const last = new Map<number, number>();
    let count = 0;
    for (const { serial, entity } of this.begun) {
      if (serial < (last.get(entity) ?? 0)) count++;
      last.set(entity, Math.max(serial, last.get(entity) ?? 0));
    }
    return count;
  }

  get serials(): number[] {
    return [...new Set(this.begun.map(({ serial }) => serial))].toSorted((a, b) => a - b);
  }
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at + 1);
}

async function start(
  watch: Watch,
  options: MessagingOptions,
  work: (event: UserCreated, context: MessageContext) => unknown,
): Promise<Messaging> {
  const messaging = createService(redis, { drainTimeoutSeconds: 0, ...options });
  onTestFinished(() => messaging.close());
  onUserCreated(messaging, (event, context) => watch.handle(event, context, () => work(event, context)));
  await messaging.start();
  return messaging;
}

describe("the concurrency is never exceeded", () => {
  it.each([1, 3])(
    "by %d: neither by retries in a lane, nor by what is taken over, returned or new",
    async (concurrency) => {
      await fill(12, 4);
      await die(8);
      const watch = new Watch();
      const options = { ...LEASE, order: "entity", concurrency, retryDelaySeconds: 0.01 } as const;

      await start(watch, options, async (_event, { attempt }) => {
        await sleep(3);
        if (attempt < 3) throw new Error("not yet");
      });
      // As a member leaves them that stops.
      await fill(4, 4);
      const returned = await die(4, "test-service-left");
      await admin.xclaim("events", group, "parked", 0, ...returned, "JUSTID");
      for (const id of returned) await admin.zadd(keys.retry, 1, id);

      await eventually(() => watch.serials.length >= 12);
      await eventually(pending, (count) => count === 0);
      expect(watch.serials).toEqual(expect.arrayContaining(upTo(12)));
      expect(watch.mostRunning).toBe(concurrency);
      expect(watch.overlaps).toBe(0);
    },
  );
});

describe("an entity whose messages fail", () => {
  it("keeps no other waiting, however many they are, and keeps its order", { timeout: 60_000 }, async () => {
    await fill(10_300, 1);
    await fill(1, 20_000);
    const watch = new Watch();
    let away = true;
    const options = { order: "entity", maxRetries: 1000, retryDelaySeconds: 0.05 } as const;
    await start(watch, options, ({ entity_id }) => {
      if (away && entity_id === 1) throw new RetryAfter(0.05);
    });

    await eventually(() => watch.serials.includes(10_301));
    expect(watch.serials).toEqual([1, 10_301]);

    away = false;
    await eventually(() => watch.serials.length > 3000, Boolean, { withinMs: 40_000 });
    expect(watch.inversions).toBe(0);
    expect(watch.overlaps).toBe(0);
  });

  it("goes on at once when the message that failed is deleted from the stream: nothing is left to retry", async () => {
    await fill(2, 1);
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const watch = new Watch();
    await start(watch, { order: "entity", retryDelaySeconds: 3600 }, async ({ user_id }) => {
      if (user_id === 2) return;
      await opened;
      throw new Error("not yet");
    });
    await eventually(() => watch.running === 1);
    await admin.xdel("events", "1000-1");
    open();

    await eventually(() => watch.serials.length === 2);
  });
});

describe("a message that fails", () => {
  it("uses up its attempts, whatever its error looks like in the records", async () => {
    await fill(1);
    const watch = new Watch();

    const messaging = await start(watch, { maxRetries: 1, retryDelaySeconds: 0.01 }, () => {
      // It is cut within the last character.
      throw new Error(`"},{${"\\".repeat(995)}🙂`);
    });

    await eventually(() => messaging.counts.deadLettered === 1);
    expect(watch.begun.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });
});

describe("the order of an entity holds in one process", () => {
  it("after it was closed and started again", async () => {
    await fill(200, 10);
    const watch = new Watch();
    const options = { order: "entity", concurrency: 10 } as const;
    const first = await start(watch, options, () => (watch.begun.length < 40 ? sleep(1) : new Promise(() => {})));
    await eventually(pending, (count) => count > 100);
    await eventually(() => watch.begun.length >= 40 && watch.running === 10);
    await first.close();
    const returned = await admin.zcard(keys.retry);
    await fill(100, 10);

    await start(watch, options, () => sleep(1));

    await eventually(() => watch.serials.length === 300);
    expect(returned).toBeGreaterThan(20);
    expect(watch.inversions).toBe(0);
    // What ran when it was closed had not ended, and comes again.
    expect(watch.begun.length).toBeLessThanOrEqual(310);
  });

  it("after others returned more than one page of messages: all of them come before what is new", async () => {
    await fill(1500);
    const returned = await die(1500, "test-service-left");
    await admin.xclaim("events", group, "parked", 0, ...returned, "JUSTID");
    await admin.zadd(keys.retry, ...returned.flatMap((id, at) => [1 + at, id]));
    await fill(1500);
    const watch = new Watch();

    await start(watch, { order: "entity", concurrency: 1000, batchSize: 1000 }, () => {});

    await eventually(() => watch.serials.length === 3000);
    expect(watch.inversions).toBe(0);
  });

  it("while a consumer in another language holds others, which tells nobody that it lives", async () => {
    await fill(2);
    await admin.xgroup("CREATE", "events", group, "0");
    await admin.xreadgroup("GROUP", group, "python-worker-1", "COUNT", 1, "STREAMS", "events", ">");
    const watch = new Watch();

    await start(watch, { ...LEASE, order: "entity" }, () => {});

    await eventually(() => watch.serials.length === 1);
    expect(watch.serials).toEqual([2]);
  });

  it("after the one before it was killed just now, where Redis' replies come late", async () => {
    await fill(20, 10);
    await die(10);
    const { xinfo } = Redis.prototype;
    const late = vi.spyOn(Redis.prototype, "xinfo").mockImplementation(async function (this: Redis, ...given) {
      const reply = (await Reflect.apply(xinfo, this, given)) as unknown;
      await sleep(300);
      return reply;
    } as typeof xinfo);
    onTestFinished(() => late.mockRestore());
    const watch = new Watch();

    await start(watch, { ...LEASE, order: "entity" }, () => {});

    await eventually(() => watch.serials.length === 20);
    expect(watch.inversions).toBe(0);
  });

  it("after the one before it was killed: what that held comes before what is new", async () => {
    await fill(150, 10);
    await die(120);
    const watch = new Watch();

    const messaging = await start(watch, { ...LEASE, order: "entity", concurrency: 20 }, () => sleep(1));
    await fill(50, 10);

    await eventually(() => watch.serials.length === 200);
    expect(watch.inversions).toBe(0);
    expect(watch.overlaps).toBe(0);
    expect(watch.begun).toHaveLength(200);
    const taken = watch.begun.filter(({ attempt }) => attempt === 2);
    expect(taken.map((each) => each.serial).toSorted((a, b) => a - b)).toEqual(upTo(120));
    expect(messaging.counts.recovered).toBeGreaterThan(0);
  });

  it("while another member lives and holds others, which it does not wait for longer than for a heartbeat", async () => {
    await fill(10, 10);
    const watch = new Watch();
    const hanging = new Watch();
    const options = { order: "entity", concurrency: 5, batchSize: 1, ...LEASE } as const;
    await start(hanging, options, () => new Promise(() => {}));
    await eventually(() => hanging.begun.length === 5);

    await start(watch, options, () => {});

    await eventually(() => watch.begun.length === 4);
    expect(watch.inversions).toBe(0);
  });

  it("after Redis was away for longer than the lease", async () => {
    await fill(400, 8);
    const watch = new Watch();
    const socket = { connectionTimeoutSeconds: 1, socketTimeoutSeconds: 1 };
    const options = { ...LEASE, order: "entity", concurrency: 20, redis: socket } as const;
    const messaging = await start(watch, options, () => sleep(10));
    await eventually(() => watch.begun.length > 20);
    for (let round = 0; round < 2; round++) {
      redis.pause();
      await sleep(1200);
      redis.resume();
      await eventually(() => messaging.counts.handled > 40 * (round + 1));
    }
    await fill(100, 8);

    await eventually(() => watch.serials.length === 500);
    expect(watch.inversions).toBe(0);
    expect(watch.overlaps).toBe(0);
    await eventually(pending, (count) => count === 0);
    expect(messaging.counts.overtaken).toBe(0);
  });
});

describe("what a dead member held", () => {
  it("runs side by side, up to the concurrency, and not one by one", async () => {
    await fill(60);
    await die(60);
    const watch = new Watch();
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });

    const messaging = await start(watch, { ...LEASE, concurrency: 25 }, () => opened);

    await eventually(() => watch.running === 25);
    open();
    await eventually(() => watch.serials.length === 60);
    await eventually(pending, (count) => count === 0);
    expect(watch.mostRunning).toBe(25);
    expect(messaging.counts.deadLettered).toBe(0);
    expect(await admin.zscore(keys.alive, DEAD)).toBeNull();
  });

  it("and had begun in two processes that died runs one at a time, beside everything else", async () => {
    await fill(20);
    const ids = await die(20);
    const suspects = ids.slice(4, 9);
    await begun(suspects, 2);
    const watch = new Watch();
    const leftAt: number[] = [];
    let running = 0;
    let most = 0;

    await start(watch, { ...LEASE, concurrency: 30 }, async ({ user_id }) => {
      if ((user_id as number) < 5 || (user_id as number) > 9) return;
      most = Math.max(most, ++running);
      const left = (await admin.xpending("events", group, "-", "+", 30)) as [string][];
      leftAt.push(left.filter(([id]) => suspects.includes(id)).length);
      await sleep(2);
      running--;
    });

    await eventually(() => watch.serials.length === 20);
    await eventually(pending, (count) => count === 0);
    expect(most).toBe(1);
    // Each was acknowledged before the next one began.
    expect(leftAt).toEqual([5, 4, 3, 2, 1]);
  });

  it.each(["none", "entity"] as const)("does not use up the attempts of its messages: order %s", async (order) => {
    await fill(4);
    const ids = await die(4);
    await begun(ids.slice(0, 2), 2);
    const watch = new Watch();
    const failed = new Set<number>();

    const options = { ...LEASE, order, maxRetries: 1, retryDelaySeconds: 0.01 };
    const messaging = await start(watch, options, ({ user_id }) => {
      if (failed.has(user_id as number)) return;
      failed.add(user_id as number);
      throw new Error("not yet");
    });

    await eventually(() => messaging.counts.handled === 4);
    expect(messaging.counts.deadLettered).toBe(0);
    expect(watch.begun.map(({ attempt }) => attempt).toSorted()).toEqual([2, 2, 2, 2, 2, 2, 3, 3]);
    await eventually(pending, (count) => count === 0);
    expect(await admin.exists(keys.errors)).toBe(0);
  });

  it("and whose handler had not ended when members closed is not blamed for that", async () => {
    await fill(1);
    const watch = new Watch();
    for (let closed = 1; closed <= 3; closed++) {
      const member = await start(watch, {}, () => new Promise(() => {}));
      await eventually(() => watch.begun.length === closed);
      await member.close();
    }
    expect((await admin.hget(keys.errors, "1000-1"))?.match(/"CLOSED"/g)).toHaveLength(3);
    // Another one took it, and died.
    await admin.zrem(keys.retry, "1000-1");
    await begun(["1000-1"], 4);
    await admin.zadd(keys.alive, 1, DEAD);

    const messaging = await start(watch, { ...LEASE, maxRetries: 3 }, () => {});

    await eventually(() => messaging.counts.handled === 1);
    expect(watch.begun.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 5]);
    expect(messaging.counts.deadLettered).toBe(0);
    await eventually(pending, (count) => count === 0);
    expect(await admin.exists(keys.errors)).toBe(0);
  });

  /** A member whose only place is taken, and that has taken over what waits for it, until that is let go. */
  async function crowded(watch: Watch, count: number): Promise<{ heir: Messaging; ids: string[]; open: () => void }> {
    await fill(count + 1, 1);
    const ids = await die(count);
    await begun(ids, 2);
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const options = { ...LEASE, concurrency: 1, batchSize: 1 };
    const heir = await start(watch, options, ({ user_id }) => (user_id === count + 1 ? opened : undefined));
    await eventually(() => watch.running === 1 && heir.counts.recovered === 1);
    return { heir, ids, open: () => open() };
  }

  it("and is acknowledged by hand before it begins holds up nothing else that had begun in two processes", async () => {
    const watch = new Watch();
    const { ids, open } = await crowded(watch, 3);
    await admin.xack("events", group, ids[0] as string);
    open();

    await eventually(() => watch.begun.length === 3);
    expect(watch.serials).toEqual([2, 3, 4]);
  });

  it("and is taken over once more before it begins counts the deliveries of both that died", async () => {
    const watch = new Watch();
    const { heir, ids, open } = await crowded(watch, 1);
    await begun(ids, 3);
    await admin.zadd(keys.alive, 1, DEAD);
    await eventually(() => heir.counts.recovered === 2);
    open();

    await eventually(() => watch.begun.length === 2);
    expect(watch.begun[1]).toMatchObject({ serial: 1, attempt: 4 });
  });

  it("and is acknowledged by hand before it begins does not come back when its heir closes", async () => {
    const watch = new Watch();
    const { heir, ids } = await crowded(watch, 2);
    await admin.xack("events", group, ...ids);
    await heir.close();

    const left = (await admin.xpending("events", group, "-", "+", 10)) as [string][];
    expect(left.map(([id]) => id)).toEqual(["1000-3"]);
  });

  it("and is given back again is suspected no longer: its heir did not die", async () => {
    const watch = new Watch();
    const { heir } = await crowded(watch, 2);
    await heir.close();

    const left = (await admin.xpending("events", group, "-", "+", 10)) as [string, string, number, number][];
    expect(left.map(([id, , , count]) => [id, count])).toEqual([
      ["1000-1", 1],
      ["1000-2", 1],
      ["1000-3", 1],
    ]);
  });

  it("and is given back again without having begun keeps all its attempts, and is known to come again", async () => {
    await fill(5);
    await die(5);
    const hanging = new Watch();
    const options = { ...LEASE, maxRetries: 0 };
    const heir = await start(hanging, { ...options, concurrency: 1, batchSize: 1 }, () => new Promise(() => {}));
    await eventually(() => heir.counts.recovered > 0 && hanging.begun.length === 1);
    await heir.close();
    const watch = new Watch();
    const redelivered: boolean[] = [];

    const messaging = await start(watch, options, (_, context) => void redelivered.push(context.redelivered));

    // The handler that was cut off had no other attempt.
    await eventually(() => messaging.counts.handled === 4 && messaging.counts.deadLettered === 1);
    await eventually(pending, (count) => count === 0);
    expect(redelivered).toEqual([true, true, true, true]);
    expect(watch.serials).toEqual(upTo(5).filter((serial) => serial !== hanging.begun[0]?.serial));
  });

  it.each([0, 2])(
    "and killed its process alone, too, becomes a dead letter (maxRetries: %d), and nothing else",
    async (maxRetries) => {
      await fill(5);
      const ids = await die(5);
      await begun(ids.slice(1, 4), 2);
      await begun(ids.slice(2, 3), 3);
      const watch = new Watch();

      const messaging = await start(watch, { ...LEASE, maxRetries }, () => {});

      await eventually(() => messaging.counts.handled === 4);
      await eventually(pending, (count) => count === 0);
      const letters = await admin.xrange(keys.dead, "-", "+");
      expect(letters.map(([, fields]) => fields[fields.indexOf("entry_id") + 1])).toEqual([ids[2]]);
      expect(letters[0]?.[1]).toContain("POISONOUS");
      expect(watch.serials).toEqual([1, 2, 4, 5]);
    },
  );
});
