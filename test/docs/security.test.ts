import { readFileSync } from "node:fs";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import {
  handleCreateUser,
  type Messaging,
  type MessagingOptions,
  notifySuccess,
  onUserCreated,
  publishUserCreated,
  sendCreateUser,
  subscribeNotifications,
  userCreated,
} from "../../generated/index.js";
import { fieldOf } from "../../runtime/contract/codec.js";
import { AuditTrail } from "../../runtime/operations/audit/audit-trail.js";
import { recordedChanges } from "../../runtime/operations/audit/recorded-changes.js";
import { examine, HealthCollector, Operations, readStatus } from "../../runtime/operations/index.js";
import { Operator } from "../../runtime/operations/operator.js";
import { streamEntries } from "../../runtime/operations/stream-entries.js";
import { type RedisServer, startRedis } from "../../runtime/testing/redis/index.js";
import { eventually } from "../support/eventually.js";
import { createService } from "../support/service.js";

const page = readFileSync(new URL("../../docs/security.md", import.meta.url), "utf8");
const users = new Map(
  [...page.matchAll(/```acl\nuser (\S+) on (.+)\n```/g)].map(([, name = "", rules = ""]) => [name, rules]),
);

let redis: RedisServer;
let admin: Redis;
beforeAll(async () => {
  redis = await startRedis();
  admin = new Redis(redis.url);
  for (const [name, rules] of users) await admin.call("ACL", "SETUSER", name, "reset", "on", ...words(rules));
});
afterAll(async () => {
  admin.disconnect();
  await redis.stop();
});

/** The rules of a line; those in parentheses are one. */
function words(rules: string): string[] {
  return rules.match(/\([^)]*\)|\S+/g) ?? [];
}

const urlOf = (user: string): string => redis.url.replace("//", `//${user}:change-me@`);
/** A service that connects as a user of the page. */
const as = (user: string, options: MessagingOptions = {}): Messaging => {
  const hooks = {
    trouble: ({ error }: { error: unknown }) => /NOPERM|can't run/.test(String(error)) && denied.push(error),
  };
  return createService({ url: urlOf(user) }, { service: user, hooks: hooks as never, ...options });
};
/** What Redis has refused in the background. */
let denied: unknown[] = [];
beforeEach(() => {
  denied = [];
});
const account = { entity_id: 1, after_data: { email: "ada@example.com" } };
const notice = { title: "t", message: "m", target_user_id: 1 };

/** Commands that a user of the page sends by hand, which Redis must refuse. */
async function refused(user: string, ...commands: readonly string[]): Promise<void> {
  const client = new Redis(urlOf(user));
  const replies = await Promise.all(
    commands.map((line) => {
      const [command = "", ...args] = line.split(" ");
      return client.call(command, ...args).then(
        () => "done",
        ({ message }: Error) => message.split(" ")[0],
      );
    }),
  );
  client.disconnect();
  expect(commands.map((line, at) => [line, replies[at]])).toEqual(commands.map((line) => [line, "NOPERM"]));
}

const ADMINISTRATION = [
  "CONFIG GET *",
  "FLUSHALL",
  "KEYS *",
  "SHUTDOWN NOW",
  "ACL LIST",
  "CLIENT LIST",
  "SET any 1",
  "DEL any",
];

describe("the rights in the page on security", () => {
  it("are lines that Redis takes, one for each kind of service", () => {
    const kinds = [
      "publisher",
      "notifier",
      "consumer",
      "responder",
      "asker",
      "listener",
      "operator",
      "foreman",
      "viewer",
    ];
    expect([...users.keys()]).toEqual(kinds);
  });

  it.each([...page.matchAll(/^user (\S+)/gm)].map(([, name]) => name as string))(
    "refuse administration and other keys to the %s",
    (name) => refused(name, ...ADMINISTRATION),
  );

  it("let a publisher publish events in every way, and do nothing else", async () => {
    await using messaging = as("publisher", { trimIntervalSeconds: 0.05 });
    await publishUserCreated(messaging, account);
    const once = { id: crypto.randomUUID(), once: true };
    const first = await publishUserCreated(messaging, account, once);
    expect((await publishUserCreated(messaging, account, once)).entryId).toBe(first.entryId);
    expect(await messaging.publishAll(userCreated, [account, account, account])).toHaveLength(3);
    expect((await messaging.health()).details.redis.connected).toBe(true);
    // It may not trim, and says so once.
    await eventually(() => denied.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(denied).toEqual([expect.objectContaining({ code: "REDIS_REFUSED" })]);
    await expect(notifySuccess(messaging, notice)).rejects.toMatchObject({ code: "PUBLISH_FAILED" });
    const others = [
      "XREAD STREAMS notifications 0",
      "XADD commands * a b",
      "PUBLISH notifications:user:1 x",
      "SUBSCRIBE a",
    ];
    await refused("publisher", ...others, "XDEL events 1-0", "XTRIM events MAXLEN 0", "XGROUP DESTROY events a");
    await refused(
      "publisher",
      "XREADGROUP GROUP a b STREAMS events >",
      "XACK events a 1-0",
      "DEL events",
      "HGET {events}:errors:a 1",
    );
  });

  it("need scripts for once and notifications alone: without that right all else is published", async () => {
    const kinds = ["publisher", "notifier"];
    for (const kind of kinds) {
      const rules = [...words(users.get(kind) ?? ""), "-eval", "-evalsha"];
      await admin.call("ACL", "SETUSER", `${kind}-without`, "reset", "on", ...rules);
    }
    await using publisher = as("publisher-without");
    await publishUserCreated(publisher, account);
    expect(await publisher.publishAll(userCreated, [account, account, account, account])).toHaveLength(4);
    const refusal = { code: "PUBLISH_FAILED", message: expect.stringMatching(/eval.*ACL GETUSER/) };
    const once = publishUserCreated(publisher, account, { id: crypto.randomUUID(), once: true });
    await expect(once).rejects.toMatchObject(refusal);
    await using notifier = as("notifier-without");
    await expect(notifySuccess(notifier, notice)).rejects.toMatchObject(refusal);
  });

  it("let a consumer handle, retry, bury, trim and give back, also redriven messages, and nothing in other streams", async () => {
    await using publisher = as("publisher");
    const retries = { maxRetries: 1, retryDelaySeconds: 0, leaseSeconds: 0.6, trimIntervalSeconds: 0.05 };
    let failing = true;
    let handled = 0;
    const consumer = (): Messaging => {
      const messaging = as("consumer", retries);
      onUserCreated(messaging, () => {
        if (failing) throw new Error("not yet");
        handled++;
      });
      return messaging;
    };
    await using one = consumer();
    await using two = consumer();
    await Promise.all([one.start(), two.start()]);
    await publishUserCreated(publisher, account);
    await eventually(() => one.counts.deadLettered + two.counts.deadLettered >= 1);
    failing = false;
    await using operations = new Operations({ env: {}, service: "operator", redis: { url: urlOf("operator") } });
    expect(await operations.deadLetters.redriveAll("events")).toBeGreaterThan(0);
    await eventually(() => handled > 0);
    // One that is too large stays in the stream, is trimmed around and redriven.
    await admin.xadd("events", "*", "event_type", "user.created", "text", "x".repeat(2_000_000));
    const tooLarge = { reason: "MESSAGE_TOO_LARGE" } as const;
    await eventually(async () => (await all(operations.deadLetters.list("events", tooLarge))).length === 1);
    const redis = { url: urlOf("operator") };
    await using generous = new Operations({ env: {}, service: "operator", redis, maxMessageBytes: 3_000_000 });
    expect(await generous.deadLetters.redriveAll("events", tooLarge)).toBe(1);
    await eventually(() => admin.exists("{events}:redrive:consumer-workers:oversized"));
    await one.close();
    expect((await two.health()).status).toBe("healthy");
    // Long enough for looks at the dead, sweeps and trims.
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(denied).toEqual([]);
    await refused(
      "consumer",
      "XRANGE commands - +",
      "XADD notifications * a b",
      "GET {commands}:answer:1",
      "XSETID events 9-0",
    );
    await refused("consumer", "PUBLISH notifications:user:1 x", "SUBSCRIBE notifications:user:1");
  });

  it("let an asker ask and a responder answer, and neither of them more", async () => {
    await using responder = as("responder", { service: "user-auth-service" });
    handleCreateUser(responder, () => ({ user_id: 7 }));
    await responder.start();
    await using asker = as("asker", { service: "api-gateway" });
    expect(await sendCreateUser(asker, { email: "ada@example.com" })).toEqual({ user_id: 7 });
    // What comes again is answered as before.
    const [[, sent] = []] = await admin.xrange("commands", "-", "+", "COUNT", 1);
    await admin.xadd("commands", "*", ...(sent ?? []));
    await eventually(() => responder.counts.handled === 2);
    // The stored answer is looked for after a reconnect.
    const waiting = sendCreateUser(asker, { email: "ada@example.com" }, { targetService: "nobody" });
    const [[, asked] = []] = await eventually(
      () => admin.xrevrange("commands", "+", "-", "COUNT", 1),
      ([last]) => fieldOf(last?.[1] ?? [], "target_service") === "nobody",
    );
    const id = fieldOf(asked ?? [], "id");
    const stored = { command_id: id, success: true, result: { user_id: 8 } };
    await admin.set(`{commands}:answer:${id}`, JSON.stringify(stored));
    await admin.call("CLIENT", "KILL", "USER", "asker");
    expect(await waiting).toEqual({ user_id: 8 });
    expect(await eventually(() => sendCreateUser(asker, { email: "ada@example.com" }))).toEqual({ user_id: 7 });
    expect(denied).toEqual([]);
    await refused(
      "asker",
      "XRANGE events - +",
      "XREADGROUP GROUP a b STREAMS commands >",
      "SET {commands}:answer:1 forged",
    );
    await refused(
      "asker",
      "PUBLISH api-gateway-responses:1 forged",
      "SUBSCRIBE other-responses:1",
      "XACK commands a 1-0",
    );
    await refused(
      "responder",
      "XADD events * a b",
      "PUBLISH notifications:user:1 x",
      "SUBSCRIBE api-gateway-responses:1",
    );
  });

  it("let a notifier notify and a listener listen, also to what it missed, and neither of them more", async () => {
    await using notifier = as("notifier");
    const { entryId } = await notifySuccess(notifier, { ...notice, title: "seen" });
    await notifySuccess(notifier, { ...notice, title: "missed" }, { id: crypto.randomUUID(), once: true });
    await using listener = as("listener");
    const heard: string[] = [];
    const hear = ({ title }: { title: string }): void => void heard.push(title);
    await subscribeNotifications(listener, { userId: 1 }, hear, { since: entryId });
    await notifySuccess(notifier, { ...notice, title: "live" });
    await eventually(() => heard.length === 2);
    expect(heard).toEqual(["missed", "live"]);
    expect(denied).toEqual([]);
    await refused(
      "listener",
      "XADD notifications * a b",
      "PUBLISH notifications:user:1 x",
      "SUBSCRIBE api-gateway-responses:1",
    );
    await refused("listener", "XRANGE events - +", "XTRIM notifications MAXLEN 0");
    await refused(
      "notifier",
      "SUBSCRIBE notifications:user:1",
      "PUBLISH api-gateway-responses:1 x",
      "XADD events * a b",
    );
  });

  it("let an operator see, redrive and discard, and pass every check of the doctor", async () => {
    await using operations = new Operations({ env: {}, service: "operator", redis: { url: urlOf("operator") } });
    await bury();
    const [letter] = await all(operations.deadLetters.list("events"));
    const { id = "" } = letter ?? {};
    expect(await operations.deadLetters.discard("events", id, "a test")).toMatchObject({ state: "discarded" });
    await bury();
    expect(await operations.deadLetters.redriveAll("events")).toBeGreaterThan(0);
    const options = { env: {}, service: "operator", redis: { url: urlOf("operator") } };
    const { causes } = await operations.deadLetters.causes("events", { state: "any" });
    expect(causes.length).toBeGreaterThan(0);
    expect((await operations.deadLetters.history("events", id)).letters).toMatchObject([{ id }]);
    expect(await all(operations.deadLetters.purge("events", { settled: true }))).not.toEqual([]);
    const { config, routes } = new Operator(options, { name: "operator" });
    const change = { action: "dead-letters purge", target: "events", who: "ada" };
    await new AuditTrail(config, routes).recorded(change, async () => ({ removed: 1 }));
    expect(await all(recordedChanges(config, routes))).toMatchObject([{ ...change, state: "done" }]);
    routes.close();
    const found = await all(examine(options));
    // The group of what is buried has nobody, and the doctor says so.
    const abandoned = "nobody serves";
    expect(found.filter(({ text, verdict }) => verdict === "bad" && !text.includes(abandoned))).toEqual([]);
    expect(found.length).toBeGreaterThan(14);
    expect(await admin.keys("*doctor-*")).toEqual([]);
    await refused(
      "operator",
      "XADD events * a b",
      "XDEL events 1-0",
      "XTRIM events MAXLEN 0",
      "XACK events a 1-0",
      "DEL events",
    );
    await refused(
      "operator",
      "PUBLISH notifications:user:1 x",
      "XGROUP DESTROY events a",
      "XADD {events}:dead * a b",
      "EVAL return 1 events",
    );
  });

  it("let a foreman pause, resume and retire groups, have them retry at once, and bury what they hold", async () => {
    await using operations = new Operations({ env: {}, service: "foreman", redis: { url: urlOf("foreman") } });
    const billing = ["events", "billing-workers"] as const;
    await bury();
    await admin.zadd("{events}:groups", 1, "billing-workers");
    await operations.groups.pause(...billing, { forSeconds: 60 });
    await operations.groups.pause(...billing, { type: "user.created" });
    expect(await operations.groups.paused("events")).toHaveLength(1);
    expect(await operations.groups.retryNow(...billing)).toBe(0);
    expect((await operations.groups.resume(...billing)).resumed).toHaveLength(2);
    const id = (await admin.xadd("events", "*", "event_type", "user.created")) as string;
    await admin.xgroup("CREATE", ...billing, "0").catch(() => {});
    await admin.xclaim(...billing, "gone", 0, id, "FORCE");
    await using other = new Operations({ env: {}, service: "ada", redis: { url: urlOf("operator") } });
    await expect(other.groups.bury(...billing, id)).rejects.toMatchObject({ code: "REDIS_REFUSED" });
    // Who may do a part of it does nothing of it.
    await admin.acl("SETUSER", "half", "on", ">change-me", "~*", "+@all", "-xack");
    await using half = new Operations({ env: {}, service: "ada", redis: { url: urlOf("half") } });
    const letters = await admin.xlen("{events}:dead");
    await expect(half.groups.bury(...billing, id)).rejects.toMatchObject({ message: expect.stringMatching(/xack/i) });
    expect(await admin.xlen("{events}:dead")).toBe(letters);
    expect(await operations.groups.bury(...billing, id)).toMatchObject({ consumer: "gone" });
    await admin.xgroup("DELCONSUMER", ...billing, "gone");
    await operations.groups.retirePlan(...billing);
    await operations.groups.retire(...billing, { force: true, deadLetters: "discard" });
    expect(await admin.keys("{events}:*:billing-workers")).toEqual([]);
    await refused(
      "foreman",
      "XTRIM events MAXLEN 0",
      "XREADGROUP GROUP a b STREAMS events >",
      "XGROUP CREATE events a 0",
      "GET events",
    );
  });

  it("let each of them do its work in partitions, with the keys that the page adds", async () => {
    const [, added = "", read = ""] = /has `(~events:[^`]+)`.* or a viewer\s+`(%R[^`]+)`/s.exec(page) ?? [];
    const both = `${added} ${read}`;
    for (const name of ["publisher", "consumer", "foreman", "operator", "viewer"]) {
      const keys = name === "operator" || name === "viewer" ? read : added;
      await admin.call("ACL", "SETUSER", `${name}-of-parts`, "reset", "on", ...words(`${users.get(name)} ${keys}`));
    }
    expect(both).toContain("events:");
    await using admins = new Operations({ env: {}, redis: { url: redis.url } });
    await admins.partitions.set("events", 4, { force: true });
    const handled: number[] = [];
    await using consumer = as("consumer-of-parts", { order: "entity" });
    onUserCreated(consumer, async ({ entity_id }) => void handled.push(Number(entity_id)));
    await consumer.start();
    await using publisher = as("publisher-of-parts");
    const ids = Array.from({ length: 40 }, (_, at) => at + 1);
    const published = await Promise.all(ids.map((id) => publishUserCreated(publisher, { ...account, entity_id: id })));
    expect(new Set(published.map((one) => one?.stream)).size).toBe(4);
    await eventually(
      () => handled.length,
      (length) => length >= 40,
    );
    await using foreman = new Operations({ env: {}, redis: { url: urlOf("foreman-of-parts") } });
    const group = ["events", "consumer-of-parts-workers"] as const;
    await foreman.groups.pause(...group, { forSeconds: 60 });
    await foreman.groups.retryNow(...group);
    await foreman.groups.resume(...group);
    for (const name of ["operator-of-parts", "viewer-of-parts"]) {
      const status = await readStatus({ env: {}, redis: { url: urlOf(name) } });
      expect([name, status.refused]).toEqual([name, []]);
      expect(status.streams.filter(({ name: stream }) => /^events(:|$)/.test(stream))).toHaveLength(4);
    }
    expect(denied).toEqual([]);
    await admin.flushall();
  });

  it("let a viewer see dead letters and health, and change nothing", async () => {
    const options = { env: {}, service: "viewer", redis: { url: urlOf("viewer") } };
    await using operations = new Operations(options);
    await bury();
    const [letter] = await all(operations.deadLetters.list("events"));
    const { id = "" } = letter ?? {};
    expect(id).not.toBe("");
    const refusal = { code: expect.stringMatching(/REDIS_REFUSED|PUBLISH_FAILED/) };
    await expect(operations.deadLetters.redrive("events", id)).rejects.toMatchObject(refusal);
    await expect(operations.deadLetters.discard("events", id, "r")).rejects.toMatchObject(refusal);
    await expect(all(operations.deadLetters.purge("events", { keep: 0 }))).rejects.toMatchObject(refusal);
    expect((await operations.deadLetters.causes("events")).letters).toBeGreaterThan(0);
    expect((await operations.deadLetters.history("events", id)).letters).toMatchObject([{ id }]);
    const { config, routes } = new Operator(options, { name: "viewer" });
    const change = { action: "dead-letters purge", target: "events", who: "ada" };
    const make = vi.fn(async () => ({}));
    await expect(new AuditTrail(config, routes).recorded(change, make)).rejects.toMatchObject({
      code: "REDIS_REFUSED",
      message: expect.stringMatching(/recording the change in merp:audit.*'xadd'.*ACL GETUSER/),
    });
    expect(make).not.toHaveBeenCalled();
    expect(await all(recordedChanges(config, routes))).toEqual(expect.any(Array));
    routes.close();
    await using collector = new HealthCollector({
      ...options,
      hooks: { trouble: (_, error) => expect(error).toBeNull() },
    });
    const report = ["service_name", "billing", "status", "healthy", "timestamp", "2026-01-01T00:00:00Z"];
    await admin.xadd("health", "*", ...report);
    await collector.start();
    await eventually(() => collector.services().some(({ service }) => service === "billing"));
    for (const user of ["viewer", "operator"]) {
      const status = await readStatus({ env: {}, redis: { url: urlOf(user) } });
      const [events] = status.streams;
      expect([user, status.refused, events?.bytes]).toEqual([user, [], expect.any(Number)]);
      expect(events?.groups.some(({ lag, letters: { sampled } }) => lag !== null && sampled > 0)).toBe(true);
    }
    await refused(
      "viewer",
      "XADD events * a b",
      "HSET {events}:dead:settled a b",
      "XADD {events}:redrive:a * a b",
      "EVAL return 0",
    );
  });

  it("read what is too large whole where a viewer may not run scripts, and take no more of it in", async () => {
    const rules = [...words(users.get("viewer") ?? ""), "-eval_ro", "-evalsha_ro"];
    await admin.call("ACL", "SETUSER", "viewer-without", "reset", "on", ...rules);
    const options = { env: {}, service: "viewer", redis: { url: urlOf("viewer-without") } };
    await admin.del("events", "health", "{events}:dead");
    const large = "x".repeat(10_000_000);
    await admin.xadd("{events}:dead", "1-0", "group", "g", "original", large);
    await admin.xadd("health", "1-0", "service_name", large);
    await admin.xadd("events", "1-0", "event_type", "user.created", "text", large);
    await using operations = new Operations(options);
    expect(await all(operations.deadLetters.list("events"))).toMatchObject([
      { group: "g", problem: expect.stringMatching(/^it has 10000014 bytes: raise MESSAGE_MAX_BYTES/) },
    ]);
    expect(await all(streamEntries("events", options))).toEqual([
      { id: "1-0", fields: ["event_type", "user.created"], oversizedBytes: 10_000_026 },
    ]);
    const troubles: string[] = [];
    const hooks = { trouble: (_: string, error: unknown) => void troubles.push(String(error)) };
    await using collector = new HealthCollector({ ...options, hooks });
    await collector.start();
    expect(troubles).toEqual([expect.stringContaining("it is longer than 65536 characters")]);
  });

  it.each(["xreadgroup", "xack", "xclaim", "xpending", "xgroup", "zadd", "hset", "evalsha", "eval", "time", "xinfo"])(
    "are all needed by a consumer: without +%s start() rejects, and names it",
    async (command) => {
      const user = `without-${command}`;
      await admin.call("ACL", "SETUSER", user, "reset", "on", ...words(users.get("consumer") ?? ""), `-${command}`);
      await using messaging = as(user, { environment: "development" });
      onUserCreated(messaging, () => {});
      const refusal = { code: "REDIS_REFUSED", message: expect.stringMatching(new RegExp(command, "i")) };
      if (command === "time") refusal.message = expect.stringContaining("ACL GETUSER");
      await expect(messaging.start()).rejects.toMatchObject(refusal);
    },
  );
});

/** Adds a dead letter. */
async function bury(): Promise<void> {
  await using messaging = createService(redis, { service: "buried", maxRetries: 0 });
  onUserCreated(messaging, () => {
    throw new Error("dead");
  });
  await messaging.start();
  await publishUserCreated(messaging, account);
  await eventually(() => messaging.counts.deadLettered > 0);
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}
