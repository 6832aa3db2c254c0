import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import {
  type Messaging,
  type MessagingOptions,
  onCompanyCreated,
  onUserCreated,
  publishCompanyCreated,
} from "../../../generated/index.js";
import { Operations } from "../../../runtime/operations/index.js";
import { HANDOVER, PARKED, streamKeys } from "../../../runtime/redis/keys.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";
import { fillEvents, pendingEvents } from "../../support/stream.js";

const group = "test-service-workers";
const keys = streamKeys("events", group);

const { redis, admin } = await useRedis();
beforeEach(() => admin.flushall());

const pending = (): Promise<number> => pendingEvents(admin, group);
const parked = (): Promise<number> => admin.zcard(keys.retry);

/** A member that has started. Its handler gets each message's entity id and attempt. */
async function member(
  handle: (id: number, attempt: number) => unknown,
  options: MessagingOptions = {},
): Promise<Messaging> {
  const messaging = createService(redis, { retryDelaySeconds: 0.05, ...options });
  onTestFinished(() => messaging.close());
  onUserCreated(messaging, ({ entity_id }, { attempt }) => handle(entity_id, attempt));
  await messaging.start();
  return messaging;
}

function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Deletes the consumers of the members, as an operator does who takes them for dead. */
async function removeMembers(): Promise<void> {
  for (const info of (await admin.xinfo("CONSUMERS", "events", group)) as string[][]) {
    const name = info[1] as string;
    if (name !== PARKED && name !== HANDOVER) await admin.xgroup("DELCONSUMER", "events", group, name);
  }
}

describe("a living consumer whose name an operator deletes", () => {
  /** Lets so many handlers begin, deletes their consumer, and lets them go on. */
  async function removeWhileHandling(count: number, begun: readonly unknown[], open: () => void): Promise<void> {
    await eventually(() => begun.length === count);
    await removeMembers();
    expect(await pending()).toBe(0);
    open();
  }

  it.each(["none", "entity"] as const)("has what it holds and then fails retried: order %s", async (order) => {
    await fillEvents(admin, 10);
    const { opened, open } = gate();
    const begun: number[] = [];
    const attempts: number[] = [];
    const messaging = await member(
      async (id, attempt) => {
        if (attempt === 1) {
          begun.push(id);
          await opened;
          throw new Error("at first");
        }
        attempts.push(attempt);
      },
      { order },
    );

    await removeWhileHandling(10, begun, open);

    await eventually(() => attempts.length === 10);
    await eventually(pending, (count) => count === 0);
    expect(attempts).toEqual(Array.from({ length: 10 }, () => 2));
    expect(messaging.counts).toMatchObject({ handled: 10, retried: 10, dropped: 0, deadLettered: 0 });
  });

  it.each([
    ["is still in the stream", false],
    ["has been deleted from it", true],
  ])("has what it holds and then gives up as a dead letter, whole, and redriven: what %s", async (_, isDeleted) => {
    await fillEvents(admin, 5);
    const { opened, open } = gate();
    const begun: number[] = [];
    let isFailing = true;
    const messaging = await member(
      async (id) => {
        begun.push(id);
        await opened;
        if (isFailing) throw new Error("for good");
      },
      { maxRetries: 0 },
    );

    await eventually(() => begun.length === 5);
    if (isDeleted) await admin.xtrim("events", "MAXLEN", 0);
    await removeWhileHandling(5, begun, open);

    await eventually(() => messaging.counts.deadLettered === 5);
    isFailing = false;
    await using operations = new Operations({ redis: { url: redis.url }, env: {} });
    await eventually(
      () => operations.deadLetters.redriveAll("events"),
      (count) => count === 5,
    );
    await eventually(() => messaging.counts.handled === 5);
    expect(begun.slice(5).toSorted()).toEqual([1, 2, 3, 4, 5]);
  });

  it("gives back what it has not finished when it closes", async () => {
    await fillEvents(admin, 6);
    const { opened } = gate();
    const begun: number[] = [];
    const first = await member((id) => opened.then(() => begun.push(id)), {
      concurrency: 2,
      batchSize: 2,
      drainTimeoutSeconds: 0.05,
    });
    await eventually(pending, (count) => count >= 4);
    await removeMembers();
    await first.close();

    const handled: number[] = [];
    await member((id) => void handled.push(id));
    await eventually(() => handled.length === 6);
    expect(handled.toSorted()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it.for([
    { errors: "there", isSwept: false },
    { errors: "swept up by another", isSwept: true },
  ])(
    "gives back with order entity what waits for its retry, and what waits behind it, each with its attempts, its errors $errors",
    async ({ isSwept }) => {
      await fillEvents(admin, 2);
      await fillEvents(admin, 1);
      const fail = (): never => {
        throw new Error("at first");
      };
      const first = await member(fail, { order: "entity", retryDelaySeconds: 60 });
      await eventually(() => first.counts.retried === 2);
      await eventually(pending, (count) => count === 3);
      await removeMembers();
      if (isSwept) await admin.del(keys.errors);
      await first.close();

      const handled: [id: number, attempt: number][] = [];
      await member((id, attempt) => void handled.push([id, attempt]), { order: "entity" });
      await eventually(() => handled.length === 3);
      expect(handled.filter(([id]) => id === 1)).toEqual([
        [1, 2],
        [1, 1],
      ]);
      expect(handled.filter(([id]) => id === 2)).toEqual([[2, 2]]);
    },
  );

  it("goes on counting with order entity, also where another member has swept up the errors of what was no longer pending", async () => {
    await fillEvents(admin, 1);
    const attempts: number[] = [];
    const fail = (_: number, attempt: number): never => {
      attempts.push(attempt);
      throw new Error("each time");
    };
    const messaging = await member(fail, { order: "entity", retryDelaySeconds: 1, maxRetries: 3 });
    await eventually(() => messaging.counts.retried === 1);
    await removeMembers();
    await admin.del(keys.errors);

    await eventually(() => messaging.counts.deadLettered === 1, Boolean, { withinMs: 30_000 });
    expect(attempts).toEqual([1, 2, 3, 4]);
  });

  it("handles with order entity also what waits by its id only", async () => {
    const count = 1010;
    await Promise.all(Array.from({ length: count }, () => fillEvents(admin, 1)));
    const { opened, open } = gate();
    const begun: number[] = [];
    const messaging = await member((id) => begun.push(id) === 1 && opened, { order: "entity" });
    await eventually(pending, (held) => held === count);
    await removeMembers();
    open();

    await eventually(() => messaging.counts.handled === count);
    await eventually(pending, (held) => held === 0);
    expect(messaging.counts.dropped).toBe(0);
  });
});

describe("the consumer that owns the parked entries", () => {
  it("may be deleted: each entry is retried, also when another is parked before that is noticed", async () => {
    await fillEvents(admin, 5);
    const attempts: number[] = [];
    const messaging = await member(
      (_, attempt) => {
        if (attempt === 1) throw new Error("at first");
        attempts.push(attempt);
      },
      { retryDelaySeconds: 2 },
    );
    await eventually(parked, (count) => count === 5);

    await admin.xgroup("DELCONSUMER", "events", group, PARKED);
    await fillEvents(admin, 1);

    await eventually(() => attempts.length === 6);
    await eventually(pending, (count) => count === 0);
    expect(attempts).toEqual([2, 2, 2, 2, 2, 2]);
    expect(messaging.counts.retried).toBe(6);
  });

  it("does not bring back what was acknowledged by hand", async () => {
    await fillEvents(admin, 2);
    const retried: number[] = [];
    await member(
      (id, attempt) => {
        if (attempt === 1) throw new Error("at first");
        retried.push(id);
      },
      { retryDelaySeconds: 0.5 },
    );
    await eventually(parked, (count) => count === 2);
    const [[first] = []] = await admin.xrange("events", "-", "+", "COUNT", 1);
    await admin.xack("events", group, first as string);

    await eventually(() => retried.length > 0);
    await eventually(parked, (count) => count === 0);
    expect(retried).toEqual([2]);
  });
});

it("the consumer that owns what is handed over may be deleted: each entry reaches a member that handles its type", async () => {
  const { opened, open } = gate();
  const seen: number[] = [];
  const handler = createService(redis, { concurrency: 1, batchSize: 1 });
  onTestFinished(() => handler.close());
  onCompanyCreated(handler, async ({ entity_id }) => {
    seen.push(entity_id);
    await opened;
  });
  await handler.start();
  await publishCompanyCreated(handler, { entity_id: 1, after_data: { name: "Ada Ltd" } });
  await eventually(() => seen.length === 1);
  await member(() => {});
  for (const entity_id of [2, 3, 4, 5, 6, 7]) {
    await publishCompanyCreated(handler, { entity_id, after_data: { name: "Ada Ltd" } });
  }
  await eventually(async () => (await admin.zcard(keys.handover)) >= 3);

  await admin.xgroup("DELCONSUMER", "events", group, HANDOVER);
  open();

  await eventually(() => seen.length === 7);
  await eventually(pending, (count) => count === 0);
  expect(seen.toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

describe("a group that an operator sets", () => {
  it("back delivers again what follows, what waits for a retry once", async () => {
    await fillEvents(admin, 3);
    const seen: number[] = [];
    let isFailing = true;
    await member(
      (id) => {
        if (id === 2 && isFailing) throw new Error("not yet");
        seen.push(id);
      },
      { retryDelaySeconds: 1 },
    );
    await eventually(async () => seen.length === 2 && (await parked()) === 1);
    isFailing = false;

    await admin.xgroup("SETID", "events", group, "0");

    await eventually(() => seen.length >= 5);
    await eventually(parked, (count) => count === 0);
    expect(seen.toSorted()).toEqual([1, 1, 2, 3, 3]);
    expect(await pending()).toBe(0);
  });

  it("forth skips what lies between, keeps what is pending, and its health does not guess", async () => {
    const { opened, open } = gate();
    const seen: number[] = [];
    const messaging = await member((id) => opened.then(() => seen.push(id)), { concurrency: 1, batchSize: 1 });
    await fillEvents(admin, 10);
    await eventually(async () => (await messaging.health()).details.streams["events"]?.loop === "busy");
    const entries = await admin.xrange("events", "-", "+");

    await admin.xgroup("SETID", "events", group, entries[7]?.[0] as string);
    // Redis itself would go on counting from a number that does not fit.
    expect([null, 2]).toContain((await messaging.health()).details.streams["events"]?.lag);
    open();

    await eventually(async () => seen.includes(10) && (await pending()) === 0);
    expect(seen.filter((id) => id > 2)).toEqual([9, 10]);
    expect(seen.slice(0, 1)).toEqual([1]);
  });
});

it("a stream that is renamed takes along what is pending in it, and what fails meanwhile is said to be dropped", async () => {
  await fillEvents(admin, 3);
  const { opened, open } = gate();
  const begun: number[] = [];
  const messaging = await member(async (id) => {
    begun.push(id);
    await opened;
    if (id === 3) throw new Error("too late");
  });
  await eventually(() => begun.length === 3);

  await admin.rename("events", "old{events}");
  open();

  await eventually(() => messaging.counts.dropped === 1);
  expect(messaging.counts).toMatchObject({ handled: 2, retried: 0, deadLettered: 0 });
  expect(((await admin.xpending("old{events}", group)) as [number])[0]).toBe(3);
  await fillEvents(admin, 1);
  await eventually(() => messaging.counts.handled === 3);
});
