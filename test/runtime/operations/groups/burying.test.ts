import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type MessageContext,
  type Messaging,
  type MessagingOptions,
  onUserCreated,
  publishUserCreated,
} from "../../../../generated/index.js";
import { Operations } from "../../../../runtime/operations/index.js";
import { streamKeys } from "../../../../runtime/redis/keys.js";
import { all } from "../../../conformance/cast.js";
import { eventually } from "../../../support/eventually.js";
import { useRedis } from "../../../support/redis.js";
import { createService } from "../../../support/service.js";

const { redis, admin } = await useRedis();
const BILLING = ["events", "billing-workers"] as const;
const KEYS = streamKeys(...BILLING);
const user = { entity_id: 7, after_data: { email: "ada@example.com" } };
const REASON = { by: "ada", why: "it hangs" };
let operations: Operations;

beforeEach(async () => {
  await admin.flushall();
  operations = new Operations({ redis: { url: redis.url }, env: {}, service: "ada" });
});
afterEach(() => operations.close());

/** A service whose handler of the first message does as it is told, and its entry. */
async function holding(settings: MessagingOptions, end: Promise<unknown>): Promise<Held> {
  const quick = { retryDelaySeconds: 0.05, drainTimeoutSeconds: 0.1 };
  const messaging = createService(redis, { service: "billing", concurrency: 1, ...quick, ...settings });
  const began: MessageContext[] = [];
  onUserCreated(messaging, async (_, context) => {
    if (began.push(context) === 1) await end;
  });
  await messaging.start();
  const { entryId } = (await publishUserCreated(messaging, user)) as { readonly entryId: string };
  await eventually(() => began.length === 1);
  return { messaging, began, entryId, [Symbol.asyncDispose]: () => messaging.close() };
}

interface Held extends AsyncDisposable {
  readonly messaging: Messaging;
  readonly began: readonly MessageContext[];
  readonly entryId: string;
}

const open = async (): Promise<number> => (await all(operations.deadLetters.list("events", { state: "open" }))).length;
const pending = async (): Promise<number> => ((await admin.xpending(...BILLING)) as [number])[0];

it("makes a dead letter of what a member has in its hands, which gives up its handler and goes on with others", async () => {
  await using held = await holding({ leaseSeconds: 0.4 }, new Promise(() => {}));
  const { messaging, began, entryId } = held;
  await publishUserCreated(messaging, user);
  const { letterId, consumer, attempts } = await operations.groups.bury(...BILLING, entryId, REASON);
  expect({ consumer, attempts }).toEqual({ consumer: began[0]?.consumer, attempts: 1 });
  await eventually(() => messaging.counts.handled === 1);
  expect(began.map(({ signal: { aborted, reason } }) => [aborted, reason?.code])).toEqual([
    [true, "BURIED"],
    [false, undefined],
  ]);
  await eventually(async () => (await pending()) === 0);
  const letter = await operations.deadLetters.get("events", letterId);
  const { reason, type, attempts: counted, errors, entryId: of } = letter;
  expect({ reason, type, attempts: counted, of }).toEqual({
    reason: "BURIED",
    type: "user.created",
    attempts: 1,
    of: entryId,
  });
  expect(errors).toMatchObject([{ code: "BURIED", message: "ada moved it to the dead letters: it hangs" }]);
  expect(messaging.counts).toMatchObject({ retried: 0, deadLettered: 0, dropped: 1 });
  await operations.deadLetters.redrive("events", letterId);
  await eventually(() => messaging.counts.handled === 2);
});

describe("a member that does not know of it yet", () => {
  const slowly = { leaseSeconds: 30 };

  it.each([
    { what: "neither retries it when its handler fails", settings: slowly, counted: { dropped: 1, retried: 0 } },
    {
      what: "nor makes it a dead letter again",
      settings: { ...slowly, maxRetries: 0 },
      counted: { dropped: 1, deadLettered: 0 },
    },
    {
      what: "nor tries it again in its lane",
      settings: { ...slowly, order: "entity" as const },
      counted: { dropped: 1, retried: 0 },
    },
  ])("$what", async ({ settings, counted }) => {
    let fail = (_: Error): void => {};
    const end = new Promise((_, reject) => {
      fail = reject;
    });
    await using held = await holding(settings, end);
    await operations.groups.bury(...BILLING, held.entryId);
    fail(new Error("late"));
    await eventually(() => held.messaging.counts.dropped === 1);
    await publishUserCreated(held.messaging, user);
    await eventually(() => held.messaging.counts.handled === 1);
    expect(held.messaging.counts).toMatchObject(counted);
    expect(await open()).toBe(1);
    await eventually(async () => (await pending()) === 0);
    expect(await admin.zcard(KEYS.retry)).toBe(0);
  });

  it("leaves it a dead letter when its handler completes the message", async () => {
    let complete = (): void => {};
    const end = new Promise<void>((resolve) => {
      complete = resolve;
    });
    await using held = await holding(slowly, end);
    await operations.groups.bury(...BILLING, held.entryId);
    complete();
    await eventually(() => held.messaging.counts.handled === 1);
    expect([await open(), await pending()]).toEqual([1, 0]);
  });

  it("does not give it back when it stops", async () => {
    const held = await holding(slowly, new Promise(() => {}));
    await operations.groups.bury(...BILLING, held.entryId);
    await held.messaging.close();
    expect([await open(), await pending(), await admin.zcard(KEYS.retry)]).toEqual([1, 0, 0]);
  });
});

it("takes what waits for its retry, and what was redriven", async () => {
  await using messaging = createService(redis, { service: "billing", retryDelaySeconds: 600 });
  onUserCreated(messaging, () => {
    throw new RangeError("no room");
  });
  await messaging.start();
  const { entryId } = (await publishUserCreated(messaging, user)) as { readonly entryId: string };
  await eventually(() => messaging.counts.retried === 1);
  const first = await operations.groups.bury(...BILLING, entryId);
  expect(first).toMatchObject({ consumer: "parked", attempts: 1 });
  const { errors } = await operations.deadLetters.get("events", first.letterId);
  expect(errors.map(({ name, code }) => code ?? name)).toEqual(["RangeError", "BURIED"]);
  expect(await admin.zcard(KEYS.retry)).toBe(0);
  await operations.deadLetters.redrive("events", first.letterId);
  await eventually(() => messaging.counts.retried === 2);
  const [[again = ""] = []] = await admin.xrange(KEYS.redrive, "-", "+");
  const second = await operations.groups.bury(...BILLING, again);
  expect(await operations.deadLetters.history("events", second.letterId)).toMatchObject({
    letters: [{ id: first.letterId }, { id: second.letterId }],
  });
  expect(await admin.zcard(`${KEYS.redrive}:retry`)).toBe(0);
});

it("refuses what is settled, deleted or unknown, and says why", async () => {
  await using held = await holding({}, Promise.resolve());
  const { entryId, messaging } = held;
  await eventually(async () => messaging.counts.handled === 1 && (await pending()) === 0);
  const code = "ENTRY_SETTLED";
  const bury = (...place: Parameters<Operations["groups"]["bury"]>): unknown => operations.groups.bury(...place);
  await expect(bury(...BILLING, entryId)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(/is not pending in billing-workers: it was settled, .*merp explain/),
  });
  await expect(bury("events", "biling-workers", entryId)).rejects.toThrow(/did you mean billing-workers/);
  await expect(bury(...BILLING, "7")).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  await expect(bury(...BILLING, entryId, { by: "" })).rejects.toThrow(/by must be a text of 1 to 500/);
  await admin.xclaim(...BILLING, "gone", 0, entryId, "FORCE");
  await admin.xdel("events", entryId);
  await expect(bury(...BILLING, entryId)).rejects.toMatchObject({
    code,
    message: expect.stringContaining("is deleted"),
  });
  expect(await open()).toBe(0);
});

it("is forgotten a week later", async () => {
  await using held = await holding({}, new Promise(() => {}));
  await operations.groups.bury(...BILLING, held.entryId);
  const field = `buried:${held.entryId}`;
  const swept = async (): Promise<unknown> => {
    await using other = createService(redis, { service: "billing" });
    onUserCreated(other, () => {});
    await admin.hset(KEYS.errors, "1-1", "{}");
    await other.start();
    await eventually(async () => (await admin.hexists(KEYS.errors, "1-1")) === 0);
    return admin.hexists(KEYS.errors, field);
  };
  expect(await swept()).toBe(1);
  await admin.hincrby(KEYS.errors, field, -8 * 86_400_000);
  expect(await swept()).toBe(0);
});
