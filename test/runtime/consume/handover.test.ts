import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import {
  CommandTimeoutError,
  createUser,
  handleCreateUser,
  handleValidateToken,
  healthReport,
  type Messaging,
  type MessagingOptions,
  onCompanyCreated,
  onUserCreated,
  onUserDeleted,
  publishCompanyCreated,
  publishUserCreated,
  sendCreateUser,
} from "../../../generated/index.js";
import { exampleHealthReport } from "../../../generated/testing.js";
import { Operations } from "../../../runtime/operations/index.js";
import { Handover } from "../../../runtime/redis/handover.js";
import { HANDOVER, PARKED, streamKeys } from "../../../runtime/redis/keys.js";
import { enrol, handoverMember, settleUnhandled, takeHandedOver } from "../../../runtime/redis/lua/handover.js";
import { release, sweepHandover } from "../../../runtime/redis/lua/retry.js";
import { reap } from "../../../runtime/redis/lua/takeover.js";
import { type RedisServer, startRedis } from "../../../runtime/testing/redis/index.js";
import { eventually } from "../../support/eventually.js";
import { createService } from "../../support/service.js";
import { pendingEvents } from "../../support/stream.js";

const service = "user-auth-service";
const group = `${service}-workers`;
const keys = streamKeys("events", group);

let redis: RedisServer;
let admin: Redis;
beforeAll(async () => {
  redis = await startRedis();
  admin = new Redis(redis.url);
});
// The members of the last test have left by then.
beforeEach(() => admin.flushall());
afterAll(async () => {
  admin.disconnect();
  await redis.stop();
});

const pending = (): Promise<number> => pendingEvents(admin, group);

/** A member that has started. */
async function member(register: (messaging: Messaging) => void, options: MessagingOptions = {}): Promise<Messaging> {
  const messaging = createService(redis, { service, ...options });
  onTestFinished(() => messaging.close());
  register(messaging);
  await messaging.start();
  return messaging;
}

function pairs(reply: readonly string[]): Record<string, string> {
  return Object.fromEntries(reply.flatMap((name, at) => (at % 2 === 0 ? [[name, reply[at + 1] ?? ""]] : [])));
}

/** Notes what it handles, by the entity's id. */
function handler(seen: number[], options: MessagingOptions = {}): Promise<Messaging> {
  return member((messaging) => onCompanyCreated(messaging, ({ entity_id }) => void seen.push(entity_id)), options);
}

/** Of the same group, and without a handler of `company.created`. */
function bystander(options: MessagingOptions = {}): Promise<Messaging> {
  return member((messaging) => onUserDeleted(messaging, () => {}), options);
}

function publisher(): Messaging {
  const messaging = createService(redis, { service: "publisher" });
  onTestFinished(() => messaging.close());
  return messaging;
}

async function publish(count: number, from: Messaging = publisher()): Promise<number[]> {
  const ids = Array.from({ length: count }, (_, at) => at + 1);
  await Promise.all(
    ids.map((entity_id) => publishCompanyCreated(from, { entity_id, after_data: { name: "Ada Ltd" } })),
  );
  return ids;
}

const inOrder = (ids: readonly number[]): number[] => ids.toSorted((a, b) => a - b);

describe("a group in which one member handles a type and another does not", () => {
  it.each([
    ["the handler first", [handler, bystander]],
    ["the handler last", [bystander, handler]],
  ] as const)("has every event handled, each once and none skipped: %s", async (_, starts) => {
    const seen: number[] = [];
    const members: Messaging[] = [];
    for (const start of starts) members.push(start === handler ? await handler(seen) : await bystander());

    const ids = await publish(200);

    await eventually(() => seen.length >= 200);
    await eventually(pending, (count) => count === 0);
    expect(inOrder(seen)).toEqual(ids);
    expect(members.map(({ counts }) => counts.skipped)).toEqual([0, 0]);
    expect(await admin.zcard(keys.handover)).toBe(0);
  });

  it.each([
    ["the handler first", 0],
    ["the handler last", 1],
  ])("has every command run and answered, whether somebody waits or not: %s", async (_, place) => {
    const told: string[] = [];
    const validator = (): Promise<Messaging> =>
      member((messaging) => handleValidateToken(messaging, () => ({ valid: true })));
    const creator = (): Promise<Messaging> =>
      member((messaging) =>
        handleCreateUser(messaging, ({ payload }) => {
          told.push(payload.email);
          return { user_id: 1 };
        }),
      );
    const asker = publisher();
    const members: Messaging[] = [];
    for (const start of place === 0 ? [creator, validator] : [validator, creator]) members.push(await start());

    for (let n = 0; n < 60; n++) await asker.tell(createUser, { email: `told${n}@example.com` });
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, n) => sendCreateUser(asker, { email: `sent${n}@example.com` })),
    );

    expect(answers).toEqual(Array(60).fill({ user_id: 1 }));
    await eventually(() => told.length === 120);
    expect(new Set(told).size).toBe(120);
    expect(members.map(({ counts }) => counts.skipped)).toEqual([0, 0]);
  });

  it("does not say that a command is unknown by knowledge that is out of date", async () => {
    await member((messaging) => handleValidateToken(messaging, () => ({ valid: true })));
    const commands = streamKeys("commands", group);
    await admin.hset(commands.types, "test-another", '\n"create_user"\n', "version", "another");

    const sending = sendCreateUser(publisher(), { email: "a@b.cd" }, { timeoutSeconds: 1 });

    await expect(sending).rejects.toThrow(CommandTimeoutError);
    expect(await admin.zcard(commands.handover)).toBe(1);
  });

  it("says to the sender of a command that no member handles that it is unknown", async () => {
    await member((messaging) => handleValidateToken(messaging, () => ({ valid: true })));
    await member((messaging) => handleValidateToken(messaging, () => ({ valid: true })));
    await expect(sendCreateUser(publisher(), { email: "a@b.cd" })).rejects.toMatchObject({
      errorCode: "COMMAND_UNKNOWN",
    });
  });

  it("counts the attempts of a message on, whichever member finds it when it is due", async () => {
    const options = { retryDelaySeconds: 0.02, maxRetries: 5 };
    const attempts = new Map<number, number[]>();
    await member((messaging) => {
      onCompanyCreated(messaging, ({ entity_id }, { attempt }) => {
        attempts.set(entity_id, [...(attempts.get(entity_id) ?? []), attempt]);
        if (attempt < 4) throw new Error("not yet");
      });
    }, options);
    await bystander(options);

    const ids = await publish(30);

    await eventually(() => attempts.size === 30 && [...attempts.values()].every((list) => list.length >= 4));
    await eventually(pending, (count) => count === 0);
    expect(ids.map((id) => attempts.get(id))).toEqual(ids.map(() => [1, 2, 3, 4]));
    expect(await admin.exists(keys.errors)).toBe(0);
  });

  it("keeps the errors of each attempt for the dead letter, and has the handler handle what is redriven", async () => {
    const options = { retryDelaySeconds: 0.02, maxRetries: 2 };
    let failing = true;
    const seen: number[] = [];
    await member((messaging) => {
      onCompanyCreated(messaging, ({ entity_id }, { attempt }) => {
        if (failing) throw new Error(`attempt ${attempt}`);
        seen.push(entity_id);
      });
    }, options);
    const others = await Promise.all([bystander(options), bystander(options)]);
    const ids = await publish(10);
    await eventually(
      () => admin.xlen(keys.dead),
      (count) => count === 10,
    );
    const letters = await admin.xrange(keys.dead, "-", "+");
    for (const [, fields] of letters) {
      const errors = JSON.parse(fields[fields.indexOf("errors") + 1] as string) as { message: string }[];
      expect(errors.map(({ message }) => message)).toEqual(["attempt 1", "attempt 2", "attempt 3"]);
    }

    failing = false;
    await using operations = new Operations({ redis: { url: redis.url }, env: {}, service });
    expect(await operations.deadLetters.redriveAll("events")).toBe(10);

    await eventually(() => seen.length >= 10);
    expect(inOrder(seen)).toEqual(ids);
    expect(others.map(({ counts }) => counts.skipped)).toEqual([0, 0]);
  });

  it("handles the messages of an entity one at a time with order entity, and all of them", async () => {
    const running = new Set<number>();
    const handled: number[] = [];
    let overlaps = 0;
    await member(
      (messaging) => {
        onCompanyCreated(messaging, async ({ entity_id, user_id = 0 }) => {
          if (running.has(entity_id)) overlaps++;
          running.add(entity_id);
          await new Promise((resolve) => setImmediate(resolve));
          running.delete(entity_id);
          handled.push(user_id);
        });
      },
      { order: "entity" },
    );
    await bystander({ order: "entity" });
    const from = publisher();

    for (let n = 1; n <= 100; n++) {
      await publishCompanyCreated(from, { entity_id: 1 + (n % 5), user_id: n, after_data: { name: "Ada Ltd" } });
    }

    await eventually(() => handled.length >= 100);
    expect(inOrder(handled)).toEqual(Array.from({ length: 100 }, (_, at) => at + 1));
    expect(overlaps).toBe(0);
  });

  it("has each of two handlers handle the type that the other lacks", async () => {
    const companies: number[] = [];
    const users: number[] = [];
    await handler(companies);
    await member((messaging) => onUserCreated(messaging, ({ entity_id }) => void users.push(entity_id)));
    const from = publisher();

    const ids = await publish(50, from);
    const after_data = { email: "ada@example.com" };
    await Promise.all(ids.map((entity_id) => publishUserCreated(from, { entity_id, after_data })));

    await eventually(() => companies.length >= 50 && users.length >= 50);
    expect([inOrder(companies), inOrder(users)]).toEqual([ids, ids]);
  });

  it("has entries without a type handled by the member that takes health reports", async () => {
    const report = { ...healthReport, stream: "events" };
    const statuses: string[] = [];
    await member((messaging) => messaging.on(report, ({ status }) => void statuses.push(status)));
    await handler([]);
    const from = publisher();

    for (let n = 0; n < 40; n++) await from.publish(report, exampleHealthReport());

    await eventually(() => statuses.length >= 40);
    expect(statuses).toHaveLength(40);
    expect(await admin.exists(keys.dead)).toBe(0);
  });
});

describe("a type", () => {
  it("counts as handled from the moment that its first handler has started", { timeout: 60_000 }, async () => {
    const from = publisher();
    const idle = await bystander();
    for (let round = 1; round <= 30; round++) {
      const before = idle.counts.skipped;
      // Nobody handles it now, and the bystander knows that.
      await publish(3, from);
      await eventually(() => idle.counts.skipped === before + 3);

      const seen: number[] = [];
      const messaging = createService(redis, { service });
      onCompanyCreated(messaging, ({ entity_id }) => void seen.push(entity_id));
      await messaging.start();
      await publish(10, from);

      await eventually(() => seen.length >= 10);
      expect(inOrder(seen)).toEqual(Array.from({ length: 10 }, (_, at) => at + 1));
      expect(idle.counts.skipped).toBe(before + 3);
      await messaging.close();
      for (const name of await namesThatLeft()) await forget(name);
    }
  });

  it("is acknowledged by a member whose knowledge is out of date only after it has looked again", async () => {
    const idle = await bystander();
    const [name = ""] = await known();
    // Another member has come, and nobody told this one.
    await admin.hset(keys.types, "test-another", '\n"company.created"\n', "version", "another");

    await publish(5);

    await eventually(
      () => admin.zcard(keys.handover),
      (count) => count === 5,
    );
    expect(idle.counts.skipped).toBe(0);
    expect(await owners()).toEqual([HANDOVER]);
    expect(await known()).toEqual([name, "test-another"].toSorted());
  });

  it("whose handler leaves for good is acknowledged and counted a lease later, and not before", async () => {
    const idle = await bystander({ leaseSeconds: 0.5 });
    const gone = await handler([], { leaseSeconds: 0.5 });
    await gone.close();

    await publish(20);

    await eventually(
      () => admin.zcard(keys.handover),
      (count) => count > 0,
    );
    expect(idle.counts.skipped).toBe(0);
    await eventually(() => idle.counts.skipped === 20);
    expect(await pending()).toBe(0);
    expect(await admin.exists(keys.handover)).toBe(0);
    expect(await known()).toHaveLength(1);
  });

  it("whose handler leaves and has a successor is handled by that", async () => {
    const idle = await bystander();
    const gone = await handler([]);
    await gone.close();
    const ids = await publish(20);
    await eventually(
      () => admin.zcard(keys.handover),
      (count) => count === 20,
    );

    const seen: number[] = [];
    await handler(seen);

    await eventually(() => seen.length >= 20);
    // In the order in which they were published, as the stream has them.
    expect(inOrder(seen)).toEqual(ids);
    expect(idle.counts.skipped).toBe(0);
  });

  it.each([
    ["", () => Promise.resolve()],
    ["even if the stream is gone", () => admin.del("events")],
  ])("leaves no trace once the last member has left %s", async (_, lose) => {
    const [one, other] = await Promise.all([handler([]), bystander()]);
    await one.close();
    await lose();
    await other.close();
    expect(await admin.exists(keys.types, keys.handover, keys.alive)).toBe(0);
  });

  it("waits for a lease while a member is there of which nothing is known, such as one of an older version", async () => {
    await admin.zadd(keys.alive, 1, "test-older");
    const idle = await bystander({ leaseSeconds: 0.5 });
    await publish(5);
    await eventually(
      () => admin.zcard(keys.handover),
      (count) => count === 5,
    );
    expect(idle.counts.skipped).toBe(0);
    await eventually(() => idle.counts.skipped === 5);
    expect(await admin.exists(keys.handover)).toBe(0);
  });
});

describe("what the members handle is known again", () => {
  const lost: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["the key of the handled types is deleted", () => admin.del(keys.types)],
    ["it and the heartbeats are deleted", () => admin.del(keys.types, keys.alive)],
    ["its version is deleted", () => admin.hdel(keys.types, "version")],
    ["everything is deleted", () => admin.flushall()],
  ];
  it.each(lost)("when %s, and nothing is acknowledged unhandled meanwhile", { timeout: 60_000 }, async (_, lose) => {
    const seen: number[] = [];
    const idle = await bystander();
    await handler(seen);
    const from = publisher();
    for (let round = 1; round <= 5; round++) {
      // In the first round the bystander does not know yet that the handler has come.
      await lose();
      await publish(20, from);
      await eventually(() => seen.length >= 20 * round);
    }
    await eventually(pending, (count) => count === 0);
    expect(seen).toHaveLength(100);
    expect(idle.counts.skipped).toBe(0);
    await eventually(async () => (await known()).filter((name) => name !== "?").length === 2);
  });

  it("soon after the key is deleted, however long the lease is", async () => {
    await handler([], { leaseSeconds: 600 });
    await admin.del(keys.types);
    await eventually(known, ({ length }) => length > 0);
  });

  it("when the key is deleted while every place of a member is taken", async () => {
    const messaging = await member((each) => onCompanyCreated(each, () => new Promise(() => {})), {
      concurrency: 1,
      leaseSeconds: 0.5,
      drainTimeoutSeconds: 0,
    });
    const [name = ""] = await known();
    await bystander({ leaseSeconds: 0.5 });
    await publish(20);
    // What it holds beyond its places was handed over to it.
    const held = async (): Promise<number> => (await details()).filter(([, owner]) => owner === name).length;
    await eventually(held, (count) => count >= 3);

    await admin.del(keys.types);

    await eventually(
      () => admin.hget(keys.types, name),
      (text) => text === record("company.created"),
    );
    await messaging.close();
  });

  it("when the key is deleted just before a member starts: for a lease it takes the others to handle everything", async () => {
    const seen: number[] = [];
    await handler(seen, { leaseSeconds: 1 });
    await admin.del(keys.types);
    const idle = await bystander({ leaseSeconds: 1 });

    const ids = await publish(50);

    await eventually(() => seen.length >= 50);
    expect(inOrder(seen)).toEqual(ids);
    expect(idle.counts.skipped).toBe(0);
  });

  it("when the group is destroyed", async () => {
    const seen: number[] = [];
    const idle = await bystander();
    await handler(seen);
    await publish(20);
    await eventually(() => seen.length >= 20);
    await admin.xgroup("DESTROY", "events", group);

    await publish(20);

    await eventually(() => new Set(seen).size === 20 && seen.length >= 40);
    expect(idle.counts.skipped).toBe(0);
  });
});

describe("entries that are handed over", () => {
  it("are found again when the set in which they wait is deleted", async () => {
    await bystander();
    await admin.hset(keys.types, "test-another", '\n"company.created"\n', "version", "another");
    const ids = await publish(20);
    await eventually(
      () => admin.zcard(keys.handover),
      (count) => count === 20,
    );
    await admin.del(keys.handover);

    const seen: number[] = [];
    // Looks for them when it joins.
    await handler(seen);

    await eventually(() => seen.length >= 20);
    expect(inOrder(seen)).toEqual(ids);
  });

  it("that are deleted from the stream, or acknowledged by others, do not stay in the set", async () => {
    await bystander();
    await admin.hset(keys.types, "test-another", '\n"company.created"\n', "version", "another");
    await publish(3);
    await eventually(
      () => admin.zcard(keys.handover),
      (count) => count === 3,
    );
    const [[deleted = ""] = [], [acknowledged = ""] = []] = await admin.xrange("events", "-", "+");
    await admin.xdel("events", deleted);
    await admin.xack("events", group, acknowledged);

    const seen: number[] = [];
    await handler(seen);

    await eventually(() => seen.length >= 1);
    await eventually(pending, (count) => count === 0);
    expect(seen).toEqual([3]);
    expect(await admin.exists(keys.handover)).toBe(0);
  });

  it("do not go to a member of an older version, and do not wait for it", async () => {
    const seen: number[] = [];
    await handler(seen);
    await bystander();
    const older = new Redis(redis.url);
    onTestFinished(() => older.disconnect());
    let going = true;
    const taken: string[] = [];
    // It reads what is new, and acknowledges what it does not know.
    const reading = (async () => {
      while (going) {
        const reply = (await older.xreadgroup(
          "GROUP",
          group,
          "older-one",
          "COUNT",
          5,
          "BLOCK",
          20,
          "STREAMS",
          "events",
          ">",
        )) as [string, [string, string[]][]][] | null;
        for (const [id] of reply?.[0]?.[1] ?? []) {
          taken.push(id);
          await older.xack("events", group, id);
        }
      }
    })();

    await publish(200);

    await eventually(() => seen.length + taken.length >= 200);
    await eventually(pending, (count) => count === 0);
    going = false;
    await reading;
    expect(seen.length + taken.length).toBe(200);
    expect(new Set(seen).size).toBe(seen.length);
    expect(await admin.zcard(keys.handover)).toBe(0);
  });
});

describe("the script that", () => {
  const [me, other] = ["test-me", "test-other"];
  const scriptKeys = [keys.stream, keys.errors, keys.types, keys.handover];

  /** Entries that one consumer has read. */
  async function read(count: number, by = me): Promise<string[]> {
    for (let n = 0; n < count; n++) await admin.xadd("events", "*", "event_type", "company.created");
    await admin.xgroup("CREATE", "events", group, "0").catch(() => {});
    const reply = await admin.xreadgroup("GROUP", group, by, "COUNT", count, "STREAMS", "events", ">");
    return ((reply as [string, [string, string[]][]][])[0]?.[1] ?? []).map(([id]) => id);
  }
  const memberOf = (id: string, isSuspect = false): string =>
    handoverMember({ id, type: "company.created", isSuspect });
  const handOver = (id: string, by = me): Promise<string[] | null> =>
    settleUnhandled.run(admin, scriptKeys, [group, by, "v1", 0, 0, id, memberOf(id)]);

  it("settles unhandled entries acknowledges what was handled, and nothing else, when the types have changed", async () => {
    const [one = "", two = "", three = ""] = await read(3);
    await admin.hset(keys.types, "version", "v2", other, record("company.created"));

    const args = [group, me, "v1", 1, 1, one, two, three, memberOf(three)];
    const reply = await settleUnhandled.run(admin, scriptKeys, args);

    expect(reply).toEqual(["version", "v2", other, record("company.created")]);
    expect((await details()).map(([id, owner]) => [id, owner])).toEqual([
      [two, me],
      [three, me],
    ]);
    expect(await admin.exists(keys.handover)).toBe(0);
  });

  it("settles unhandled entries settles none while nothing is known", async () => {
    const [one = ""] = await read(1);
    expect(await settleUnhandled.run(admin, scriptKeys, [group, me, "", 0, 1, one])).toEqual([]);
    expect(await details()).toHaveLength(1);
  });

  it("settles unhandled entries leaves alone what is not the caller's any more", async () => {
    const [one = ""] = await read(1, other);
    await admin.hset(keys.types, "version", "v1");
    expect(await handOver(one)).toBeNull();
    expect(await owners()).toEqual([other]);
    expect(await admin.exists(keys.handover)).toBe(0);
  });

  it("settles unhandled entries forgets one that is deleted from the stream, and its errors", async () => {
    const [one = ""] = await read(1);
    await admin.hset(keys.types, "version", "v1");
    await admin.hset(keys.errors, one, "{}");
    await admin.xdel("events", one);
    expect(await handOver(one)).toBeNull();
    expect(await details()).toEqual([]);
    expect(await admin.exists(keys.handover, keys.errors)).toBe(0);
  });

  it("settles unhandled entries changes nothing when it is repeated", async () => {
    const [one = ""] = await read(1);
    await admin.hset(keys.types, "version", "v1");
    await handOver(one);
    await handOver(one);
    expect(await details()).toEqual([[one, HANDOVER, expect.any(Number), 0]]);
    expect(await admin.zrange(keys.handover, "0", "-1")).toEqual([memberOf(one)]);
  });

  it("settles unhandled entries is refused as a whole when the group is missing", async () => {
    await admin.xadd("events", "*", "event_type", "company.created");
    await admin.hset(keys.types, "version", "v1");
    await expect(handOver("1-1")).rejects.toThrow("NOGROUP");
    expect(await admin.exists(keys.handover)).toBe(0);
  });

  const take = (most: number, suspects: number, by = me): ReturnType<typeof takeHandedOver.run> =>
    takeHandedOver.run(admin, scriptKeys, [group, by, most, suspects, 1e6, 1e6]);

  it("takes what was handed over takes it in the order of the stream, up to the room, and counts the delivery", async () => {
    const ids = await read(12, other);
    await admin.hset(keys.types, "version", "v1", me, record("company.created"), other, record("a"));
    for (const id of ids.toReversed()) await handOver(id, other);

    const [first, suspects, more] = await take(10, 10);
    expect(first.map(([id, , attempt]) => [id, attempt])).toEqual(ids.slice(0, 10).map((id) => [id, 1]));
    expect([suspects, more]).toEqual([[], 1]);
    const [rest, , none] = await take(10, 10);
    expect(rest.map(([id]) => id)).toEqual(ids.slice(10));
    expect(none).toBe(0);
    expect(await admin.exists(keys.handover)).toBe(0);
  });

  it("takes what was handed over counts no delivery of a suspect", async () => {
    const [one = "", two = ""] = await read(2, other);
    await admin.hset(keys.types, "version", "v1", me, record("company.created"));
    const members = [one, memberOf(one, true), two, memberOf(two)];
    await settleUnhandled.run(admin, scriptKeys, [group, other, "v1", 0, 0, ...members]);
    expect(await take(0, 0)).toEqual([[], [], 0]);
    const [taken, suspects] = await take(5, 5);
    expect(taken.map(([id]) => id)).toEqual([two]);
    expect(suspects.map(([id]) => id)).toEqual([one]);
    expect(await details()).toEqual([
      [one, me, expect.any(Number), 0],
      [two, me, expect.any(Number), 1],
    ]);
  });

  it("takes what was handed over leaves what another member handles, and takes what none does", async () => {
    const [one = ""] = await read(1, other);
    await admin.hset(keys.types, "version", "v1", me, record("a"), other, record("company.created"));
    await handOver(one, other);
    expect(await take(5, 5)).toEqual([[], [], 0]);
    await admin.hset(keys.types, other, "?99999999999999");
    expect(await take(5, 5)).toEqual([[], [], 0]);
    await admin.hdel(keys.types, other);
    expect((await take(5, 5))[0].map(([id]) => id)).toEqual([one]);
  });

  it("takes what was handed over takes nothing for a caller whose record is lost", async () => {
    const [one = ""] = await read(1, other);
    await admin.hset(keys.types, "version", "v1");
    await handOver(one, other);
    expect(await take(5, 5)).toEqual([[], [], 0]);
    expect(await admin.zcard(keys.handover)).toBe(1);
  });

  it("takes what was handed over removes what is no entry, and what waits no more", async () => {
    const [one = "", two = ""] = await read(2, other);
    await admin.hset(keys.types, "version", "v1", me, record("company.created"));
    await handOver(one, other);
    await handOver(two, other);
    await admin.xdel("events", one);
    await admin.xack("events", group, two);
    await admin.zadd(keys.handover, 0, "", 0, "anything", 0, "\n", 0, `${"x".repeat(60)}\n0123`, 0, memberOf("9-9"));
    expect(await take(5, 5)).toEqual([[], [], 0]);
    expect(await admin.exists(keys.handover)).toBe(0);
    expect(await details()).toEqual([]);
  });

  it("takes what was handed over is refused when the group is missing", async () => {
    await admin.hset(keys.types, "version", "v1", me, record("company.created"));
    await admin.zadd(keys.handover, 0, memberOf("9-9"));
    await expect(take(5, 5)).rejects.toThrow("NOGROUP");
  });

  it("repairs the set moves what waits without it to the retries, and leaves a right one as it is", async () => {
    const [one = "", two = ""] = await read(2);
    await admin.hset(keys.types, "version", "v1");
    await handOver(one);
    await handOver(two);
    const sweep = (): Promise<number> => sweepHandover.run(admin, [keys.stream, keys.retry, keys.handover], [group, 1]);
    expect(await sweep()).toBe(0);
    await admin.zrem(keys.handover, memberOf(one));
    expect([await sweep(), await sweep(), await sweep()]).toEqual([1, 1, 0]);
    expect(await owners()).toEqual([PARKED]);
    expect(await admin.zrange(keys.retry, "0", "-1")).toEqual([one, two]);
    expect(await admin.exists(keys.handover)).toBe(0);
  });

  const enter = (leaseMs: number, again = ""): Promise<Record<string, string>> =>
    enrol.run(admin, [keys.types, keys.alive], [me, record("a"), crypto.randomUUID(), leaseMs, again]).then(fieldsOf);

  function handoverOfMe(): Handover {
    const place = { stream: "events", group, consumer: me, redriven: false, handles: ["a"], answers: false };
    return new Handover(place, { keys, leaseMs: 60_000, replyBytes: 1e6, maxEntryBytes: 1e6 });
  }

  it("settles unhandled entries knows the caller again first when its record is lost", async () => {
    const [one = ""] = await read(1);
    const handover = handoverOfMe();
    await handover.enrol(admin);
    await admin.hset(keys.types, "version", "v9");
    await admin.hdel(keys.types, me);
    const unhandled = { id: one, type: "company.created", isSuspect: false };
    expect(await handover.acknowledge(admin, [unhandled], [])).toEqual([unhandled]);
    expect(await known()).toEqual([me]);
  });

  it("makes the types known gives a version only to a change, and a heartbeat to whoever lacks one", async () => {
    const first = await enter(60_000);
    expect(first).toEqual({ [me]: record("a"), version: expect.any(String) });
    expect(await enter(60_000)).toEqual(first);
    await admin.hset(keys.types, other, record("b"));
    await admin.hdel(keys.types, me);
    const again = await enter(60_000, "again");
    expect(again).toEqual({ [me]: record("a"), [other]: record("b"), version: expect.any(String) });
    expect(again["version"]).not.toBe(first["version"]);
    expect(await admin.zrange(keys.alive, "0", "-1", "WITHSCORES")).toEqual([other, "0"]);
  });

  it("makes the types known removes and reads none that is larger than any of ours, nor a version", async () => {
    const large = "x".repeat(1024 * 1024);
    await admin.hset(keys.types, "version", large, "me", '\n"mine"\n', "other", '\n"theirs"\n', "junk", large);
    await admin.hset(keys.types, large, "junk");
    const known = await enrol.run(admin, [keys.types, keys.alive], ["me", '\n"mine"\n', "v2", 15_000, ""]);
    const ours = { version: "v2", me: '\n"mine"\n', other: '\n"theirs"\n' };
    // Nobody knows which types a member handles that may have written them.
    const left = { ...ours, "?": expect.stringMatching(/^\?\d{13}$/) };
    expect(pairs(known)).toEqual(left);
    expect(await admin.hgetall(keys.types)).toEqual(left);
  });

  it("makes the types known removes what others wrote in masses, and none of its own", async () => {
    await admin.hset(keys.types, "version", "v1", "me", '\n"mine"\n');
    const mass = "x".repeat(1024 * 1000);
    for (let at = 0; at < 20; at++) await admin.hset(keys.types, `junk${at}`, mass);
    const known = pairs(await enrol.run(admin, [keys.types, keys.alive], ["me", '\n"mine"\n', "v2", 15_000, ""]));
    expect(known).toMatchObject({ me: '\n"mine"\n' });
    expect(Object.keys(known).length).toBeLessThan(20);
    expect(await admin.hlen(keys.types)).toBeLessThan(20);
  });

  /** Records of others which are as large as one of ours may be, and too many. */
  async function writeMasses(): Promise<void> {
    await admin.hset(keys.types, "version", "v1");
    for (let at = 0; at < 20; at++) {
      await admin.hset(keys.types, `junk${at}`, "x".repeat(1024 * 1024 - 100));
      await admin.zadd(keys.alive, at, `junk${at}`);
    }
  }

  it("makes the types known reads a member's among masses of others, and counts none of its types as unhandled", async () => {
    const [one = ""] = await read(1);
    const handover = handoverOfMe();
    await writeMasses();
    await admin.hset(keys.types, other, record("company.created"));
    await handover.enrol(admin);
    const known = pairs(await enrol.run(admin, [keys.types, keys.alive], [me, record("a"), "v3", 15_000, ""]));
    expect(known).toMatchObject({ [other]: record("company.created"), "?": "?" });
    const unhandled = { id: one, type: "company.created", isSuspect: false };
    expect(await handover.acknowledge(admin, [unhandled], [])).toEqual([]);
    expect((await details()).map(([id, owner]) => [id, owner])).toEqual([[one, HANDOVER]]);
  });

  it.each([
    ["keeps a living member's that it cannot read for their masses", true],
    ["removes for their masses only those of members without a heartbeat", false],
  ])("makes the types known %s, and takes every type to be handled", async (_, isAlive) => {
    const [one = ""] = await read(1);
    const handover = handoverOfMe();
    await writeMasses();
    const large = `${record("company.created")}${"x".repeat(1024 * 1024 - 50)}`;
    await admin.hset(keys.types, other, large);
    if (isAlive) await admin.zadd(keys.alive, "1", other);
    await handover.enrol(admin);
    expect(await admin.hexists(keys.types, other)).toBe(Number(isAlive));
    const unhandled = { id: one, type: "company.created", isSuspect: false };
    expect(await handover.acknowledge(admin, [unhandled], [])).toEqual([]);
    expect((await details()).map(([id, owner]) => [id, owner])).toEqual([[one, HANDOVER]]);
  });

  it("settles unhandled entries tells of a record larger than any of ours only that there is one", async () => {
    await admin.xgroup("CREATE", "events", group, "0", "MKSTREAM");
    await admin.hset(keys.types, "version", "v2", "me", '\n"mine"\n', "junk", "x".repeat(1024 * 1024));
    const settling = [keys.stream, keys.errors, keys.types, keys.handover];
    const known = await settleUnhandled.run(admin, settling, [group, "me", "v1", 0, 0]);
    expect(pairs(known ?? [])).toEqual({ version: "v2", me: '\n"mine"\n', "?": "?" });
  });

  it("takes what is due reads no version larger than any of ours, which is put right", async () => {
    await admin.xgroup("CREATE", "events", group, "0", "MKSTREAM");
    const { stream, retry, errors, types, handover: handedOver, held, paused } = keys;
    const releasing = [stream, retry, errors, types, handedOver, held, paused];
    const version = async (): Promise<string | null> =>
      (await release.run(admin, releasing, [group, me, 10, 1e6, 1000, 0]))[3];
    expect(await version()).toBeNull();
    const handover = handoverOfMe();
    await handover.enrol(admin);
    expect(await version()).toBe(handover.types.version);
    await admin.hset(types, "version", "v".repeat(65));
    expect(await version()).toBe("");
    await handover.confirm(admin);
    expect(await version()).toMatch(/^[0-9a-f-]{36}$/);
    expect(await version()).toBe(handover.types.version);
  });

  it("makes the types known takes every type to be handled for a lease when they were lost", async () => {
    const first = await enter(60_000, "again");
    expect(first["?"]).toMatch(/^\?\d{13}$/);
    expect(await enter(60_000, "again")).toEqual(first);
    expect(await enter(10)).not.toHaveProperty("?");
    expect(await admin.exists(keys.alive)).toBe(0);
    await admin.hdel(keys.types, "version");
    expect(await enter(60_000, "again")).toMatchObject({ [me]: record("a"), version: expect.any(String) });
  });

  it("makes the types known takes members of which nothing is known to handle everything, for one lease", async () => {
    await admin.zadd(keys.alive, 5, other);
    expect((await enter(60_000))[other]).toMatch(/^\?\d{13}$/);
    expect((await enter(60_000))[other]).toMatch(/^\?\d{13}$/);
    // Further away than the lease is long: Redis' clock was set back.
    expect(await enter(10)).not.toHaveProperty(other);
  });
});

/** What a consumer that handles these types makes known. */
function record(...types: string[]): string {
  return `\n${types.map((type) => JSON.stringify(type)).join("\n")}\n`;
}

async function details(): Promise<[id: string, owner: string, idle: number, count: number][]> {
  return (await admin.xpending("events", group, "-", "+", 1000)) as [string, string, number, number][];
}

async function owners(): Promise<string[]> {
  return [...new Set((await details()).map(([, owner]) => owner))];
}

/** The consumers whose types are known. */
async function known(): Promise<string[]> {
  return (await admin.hkeys(keys.types)).filter((name) => name !== "version").toSorted();
}

/** What those do that have watched a heartbeat for a lease. */
async function forget(name: string): Promise<void> {
  const beat = (await admin.zscore(keys.alive, name)) ?? "";
  const args = [group, "test-reaper", name, beat, 100, crypto.randomUUID()];
  expect(await reap.run(admin, [keys.stream, keys.alive, keys.types, keys.errors], args)).toEqual([]);
}

async function namesThatLeft(): Promise<string[]> {
  return Object.entries(await admin.hgetall(keys.types))
    .filter(([, text]) => text.startsWith("left"))
    .map(([name]) => name);
}

function fieldsOf(flat: readonly string[]): Record<string, string> {
  return Object.fromEntries(flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1] ?? ""] as const] : [])));
}
