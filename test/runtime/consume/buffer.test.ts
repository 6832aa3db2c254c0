import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { type Messaging, type MessagingOptions, onUserCreated, userCreated } from "../../../generated/index.js";
import { exampleUserCreated } from "../../../generated/testing.js";
import { textLength } from "../../../runtime/contract/codec.js";
import { contractOf } from "../../../runtime/contract/contract.js";
import { streamKeys } from "../../../runtime/redis/keys.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";
import { pendingEvents } from "../../support/stream.js";

const group = "test-service-workers";
const keys = streamKeys("events", group);

const { redis, admin } = await useRedis();
beforeEach(() => admin.flushall());

const pending = (): Promise<number> => pendingEvents(admin, group);
const write = (serial: number, entities: number): readonly string[] =>
  contractOf(userCreated).write(
    { ...exampleUserCreated({ entity_id: 1 + (serial % entities) }), metadata: { serial, text: "x".repeat(500) } },
    "fields",
  );
/** How long each message is in its stream. */
const LENGTH = textLength(write(100, 7));

async function fill(count: number, entities = 7): Promise<void> {
  const adding = admin.pipeline();
  for (let serial = 1; serial <= count; serial++) adding.xadd("events", "*", ...write(serial, entities));
  await adding.exec();
}

/** Has a consumer read so many and die, in so many processes before it too. */
async function die(count: number, deliveries: number): Promise<void> {
  await admin.xgroup("CREATE", "events", group, "0");
  const reply = await admin.xreadgroup("GROUP", group, "dead", "COUNT", count, "STREAMS", "events", ">");
  const ids = ((reply as [string, [string, string[]][]][])[0]?.[1] ?? []).map(([id]) => id);
  await admin.xclaim("events", group, "dead", 0, ...ids, "RETRYCOUNT", deliveries, "JUSTID");
  await admin.zadd(keys.alive, 1, "dead");
}

interface Seen {
  readonly messaging: Messaging;
  readonly serials: number[];
  mostRunning: number;
}

async function start(options: MessagingOptions, work: (serial: number, attempt: number) => unknown): Promise<Seen> {
  const messaging = createService(redis, { retryDelaySeconds: 0.01, leaseSeconds: 0.5, ...options });
  onTestFinished(() => messaging.close());
  const seen: Seen = { messaging, serials: [], mostRunning: 0 };
  let running = 0;
  onUserCreated(messaging, async ({ metadata }, { attempt }) => {
    seen.mostRunning = Math.max(seen.mostRunning, ++running);
    try {
      const serial = metadata?.["serial"] as number;
      await work(serial, attempt);
      seen.serials.push(serial);
    } finally {
      running--;
    }
  });
  await messaging.start();
  return seen;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);
const sorted = ({ serials }: Seen): number[] => serials.toSorted((one, other) => one - other);
/** How many messages come after a later one of their entity. */
function inversions({ serials }: Seen, entities = 7): number {
  const last = new Map<number, number>();
  return serials.filter((serial) => {
    const before = last.get(serial % entities) ?? 0;
    last.set(serial % entities, Math.max(before, serial));
    return serial < before;
  }).length;
}

/** One entry at a time; some of them; and as many as there are, but not those that wait, too. */
const budgets = [1, 10 * LENGTH, 60 * LENGTH];

describe.each(["none", "entity"] as const)("with a small buffer and order: %s", (order) => {
  it.each(budgets)("every message is handled once, of which some fail at first (%d bytes)", async (bufferBytes) => {
    await fill(150);
    const seen = await start({ order, bufferBytes, concurrency: 50 }, async (serial, attempt) => {
      await sleep(1);
      if (serial % 10 === 0 && attempt === 1) throw new Error("not yet");
    });
    await eventually(() => seen.serials.length === 150);
    await eventually(pending, (count) => count === 0);
    expect(sorted(seen)).toEqual(upTo(150));
    if (order === "entity") expect(inversions(seen)).toBe(0);
    // And one entry more, of which is known only when it has come how long it is.
    expect(seen.mostRunning).toBeLessThanOrEqual(Math.max(1, bufferBytes / LENGTH) + 1);
    expect(seen.messaging.counts.retried).toBe(15);
  });

  it.each(budgets)("what a dead member held is handled once, beside what is new (%d bytes)", async (bufferBytes) => {
    await fill(100);
    await die(40, 1);
    const seen = await start({ order, bufferBytes, concurrency: 50 }, () => sleep(1));
    await eventually(() => seen.serials.length === 100);
    await eventually(pending, (count) => count === 0);
    expect(sorted(seen)).toEqual(upTo(100));
    if (order === "entity") expect(inversions(seen)).toBe(0);
    expect(seen.messaging.counts.recovered).toBeGreaterThan(0);
  });

  it.each(budgets)(
    "what may have killed two processes runs one at a time, and all of it does (%d bytes)",
    async (bufferBytes) => {
      await fill(60);
      await die(20, 2);
      const seen = await start({ order, bufferBytes, concurrency: 50 }, () => sleep(1));
      await eventually(() => seen.serials.length === 60);
      await eventually(pending, (count) => count === 0);
      expect(sorted(seen)).toEqual(upTo(60));
    },
  );

  it("a place that waits for room is given back when the service closes, without having used up an attempt", async () => {
    await fill(20);
    const first = await start({ order, bufferBytes: 1, concurrency: 20, drainTimeoutSeconds: 0 }, () => sleep(60_000));
    await eventually(() => first.mostRunning === 1);
    await sleep(100);
    await first.messaging.close();
    const attempts = new Map<number, number>();
    const seen = await start({ order }, (serial, attempt) => void attempts.set(serial, attempt));
    await eventually(() => seen.serials.length === 20);
    expect([...attempts.values()].filter((attempt) => attempt > 1).length).toBeLessThanOrEqual(1);
  });

  it("what was delivered and never arrived is taken in portions", async () => {
    const seen = await start({ order, bufferBytes: 4 * LENGTH, blockTimeMs: 2000 }, () => {});
    await fill(1);
    await eventually(pending, (count) => count === 0 && seen.serials.length === 1);
    const [[, consumer]] = (await admin.xinfo("CONSUMERS", "events", group)) as [[string, string]];
    await fill(100);
    // Most are read by itself; the others are delivered to it by somebody else.
    await admin.xreadgroup("GROUP", group, consumer, "COUNT", 50, "STREAMS", "events", ">");
    // A cut that comes between two reads is not noticed.
    const cut = async (): Promise<void> => {
      const list = String(await admin.client("LIST"));
      const id = /id=(\d+) .*name=test-service:read:events/.exec(list)?.[1];
      if (id !== undefined) await admin.call("CLIENT", "KILL", "ID", id);
    };
    const isComplete = (): boolean => seen.serials.length === 101;
    await eventually(() => cut().then(isComplete), Boolean, { everyMs: 500 });
    await eventually(pending, (count) => count === 0);
  });
});

describe("a lane that waits for a retry", () => {
  it("keeps no other entity from being read, however much text waits in it", async () => {
    await fill(100, 1);
    const options = { order: "entity", bufferBytes: 10 * LENGTH, retryDelaySeconds: 60 } as const;
    let hasFailed = false;
    const seen = await start(options, () => {
      if (hasFailed) return;
      hasFailed = true;
      throw new Error("not yet");
    });
    await eventually(() => seen.messaging.counts.retried === 1);
    // One in seven is of that entity, too.
    await fill(700, 7);
    await eventually(() => seen.serials.length >= 600);
    expect(seen.serials.every((serial) => serial % 7 !== 0)).toBe(true);
  });
});
