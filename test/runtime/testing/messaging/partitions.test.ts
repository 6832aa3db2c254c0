import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import {
  handleValidateToken,
  onUserCreated,
  onUserDeleted,
  publishUserCreated,
  publishUserDeleted,
  publishUserUpdated,
  sendValidateToken,
  userCreated,
  userDeleted,
} from "../../../../generated/index.js";
import {
  createTestBroker,
  createTestMessaging,
  type TestBroker,
  type TestMessaging,
  type TestMessagingOptions,
} from "../../../../generated/testing.js";
import type { Store } from "../../../../runtime/memory/store.js";
import { logBook } from "../../../support/service.js";

const NAMES = ["events", "events:2", "events:3", "events:4"];

function user(id: number): { entity_id: number; after_data: { email: string } } {
  return { entity_id: id, after_data: { email: "ada@example.com" } };
}

function service(broker: TestBroker, options: Partial<TestMessagingOptions> = {}): TestMessaging {
  return createTestMessaging({ service: "billing", logger: logBook(), order: "entity", ...options, broker });
}

/** Who owns each partition. */
async function owners({ partitions }: TestMessaging): Promise<readonly (string | undefined)[]> {
  return (await partitions.list("events")).map(({ groups }) => groups[0]?.owner);
}

describe("a broker of tests with partitions", () => {
  it("has them from the beginning, in each environment, and the first member owns all of them at once", async () => {
    await using broker = createTestBroker({ partitions: { events: 4 } });
    const handled: unknown[] = [];
    for (const environment of ["development", "staging"]) {
      const billing = service(broker, { environment });
      onUserCreated(billing, ({ entity_id }, { stream, partition }) => {
        handled.push([entity_id, stream, partition]);
      });
      await billing.start();
      for (const id of [1, 2, 3, 4]) await publishUserCreated(billing, user(id));
    }
    await broker.settled();
    const [development, staging] = [handled.slice(0, 4), handled.slice(4)].map((list) => list.sort());
    expect(development).toEqual([
      [1, "events:4", 3],
      [2, "events:3", 2],
      [3, "events:2", 1],
      [4, "events", 0],
    ]);
    expect(staging?.map((each) => (each as unknown[])[2])).toEqual([3, 2, 1, 0]);
    expect(staging?.every((each) => String((each as unknown[])[1]).startsWith("staging:events"))).toBe(true);
  });

  it("hands a share on about a second after another member has started, and takes over a lease or two after a crash", async () => {
    await using broker = createTestBroker({ partitions: { events: 4 } });
    const [first, second] = [1, 2].map(() => service(broker, { leaseSeconds: 15 })) as [TestMessaging, TestMessaging];
    for (const each of [first, second]) {
      onUserCreated(each, () => {});
      await each.start();
    }
    await broker.settled();
    const [one] = await owners(first);
    expect(await owners(first)).toEqual([one, one, one, one]);
    await broker.time.advance("3s");
    const shared = await owners(first);
    expect(shared.filter((owner) => owner === one)).toHaveLength(2);
    first.crash();
    await broker.time.advance("10s");
    expect(await owners(second)).toEqual(shared);
    await broker.time.advance("30s");
    const other = shared.find((owner) => owner !== one);
    expect(await owners(second)).toEqual([other, other, other, other]);
  });

  it("costs nothing on a quiet day: nobody looks for what cannot have changed", async () => {
    await using broker = createTestBroker({ partitions: { events: 4 } });
    const members = [1, 2].map(() => service(broker));
    for (const member of members) {
      onUserCreated(member, () => {});
      await member.start();
    }
    await broker.time.advance("1h");
    const { store } = broker as unknown as { readonly store: Store };
    const before = store.calls;
    await broker.time.advance("1d");
    // Trims: of each partition, of what was redriven to it, and of the stream as a whole, once an hour.
    expect(store.calls - before).toBeLessThan(24 * 2 * 30);
  });

  it("leaves a stream without partitions as it is", async () => {
    await using broker = createTestBroker({ partitions: { commands: 2 } });
    const billing = service(broker);
    onUserCreated(billing, () => {});
    await billing.start();
    expect(await publishUserCreated(billing, user(1))).toMatchObject({ stream: "events" });
    expect((await billing.partitions.list("events")).map(({ stream }) => stream)).toEqual(["events"]);
  });

  it("refuses numbers and names of which there can be none", () => {
    const wrong = { events: 0, notifications: 2, "events:1": 4, commands: 1.5 };
    const attempt = (): unknown => createTestBroker({ partitions: wrong });
    expect(attempt).toThrow("1 to 1024 partitions, not 0");
    expect(attempt).toThrow("notifications cannot be partitioned");
    expect(attempt).toThrow('"events:1" is none');
    expect(attempt).toThrow("not 1.5");
  });
});

describe("what is observed of a stream with partitions", () => {
  it("is what is observed without them: published, handled, dead letters, recordings and causes", async () => {
    const seen: unknown[] = [];
    for (const count of [1, 4]) {
      await using broker = createTestBroker({ partitions: { events: count, commands: count }, startsAt: 0 });
      const billing = service(broker, { maxRetries: 0 });
      const mails = service(broker, { service: "mails" });
      onUserCreated(billing, async ({ entity_id }) => {
        if (entity_id === 3) throw new Error("never");
        await publishUserUpdated(billing, { entity_id, after_data: {}, changes: {} });
      });
      handleValidateToken(mails, () => ({ valid: true }));
      await billing.start();
      await mails.start();
      for (const id of [1, 2, 3, 4]) await publishUserCreated(mails, user(id));
      await sendValidateToken(billing, { token: "x" }, { targetService: "mails" });
      await broker.settled();
      seen.push({
        published: mails.published(userCreated).map(({ entity_id }) => entity_id),
        handled: billing.handled(userCreated).map(({ entity_id }) => entity_id),
        dead: billing.deadLettered(userCreated).map(({ entity_id }) => entity_id),
        recorded: mails.record().messages.map(({ type }) => type),
        history: broker.history(),
      });
    }
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[0]).toMatchObject({ handled: [1, 2, 4], dead: [3] });
  });

  it("tells of a message that was handed on what became of it there", async () => {
    await using broker = createTestBroker({ partitions: { events: 4 } });
    const [first, other] = [service(broker), service(broker)];
    onUserCreated(first, () => {});
    onUserDeleted(other, () => {});
    await first.start();
    await other.start();
    await broker.time.advance("3s");
    for (const id of [1, 2, 3, 4]) await publishUserDeleted(first, { entity_id: id });
    await broker.settled();
    await broker.time.advance("1s");
    expect(other.handled(userDeleted).map(({ entity_id }) => entity_id)).toEqual([1, 2, 3, 4]);
    expect(broker.history()).not.toContain("redriven");
    expect(broker.history()).not.toContain("nobody");
  });

  it("is replayed into the partitions of its entities", async () => {
    await using source = createTestBroker();
    const publisher = service(source);
    for (const id of [1, 2, 3, 4]) await publishUserCreated(publisher, user(id));
    await using broker = createTestBroker({ partitions: { events: 4 } });
    const billing = service(broker);
    const places = new Map<number, string>();
    onUserCreated(billing, ({ entity_id }, { stream }) => void places.set(entity_id, stream));
    await billing.start();
    await billing.replay(publisher.record());
    await broker.settled();
    expect([4, 3, 2, 1].map((id) => places.get(id))).toEqual(NAMES);
  });

  it("tells of what a member holds that crashed when its service is closed", async () => {
    await using broker = createTestBroker({ partitions: { events: 2 } });
    const logger = logBook();
    const billing = service(broker, { logger, drainTimeoutSeconds: 0 });
    onUserCreated(billing, async () => {
      await setImmediate();
      billing.crash();
    });
    await billing.start();
    await publishUserCreated(billing, user(1));
    await broker.settled();
    await service(broker, { logger }).close();
    expect(logger.text).toContain("waits for the lease of an instance that has crashed");
  });
});
