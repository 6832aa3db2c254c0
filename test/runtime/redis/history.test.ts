import { afterEach, expect, it } from "vitest";
import {
  type HookEvents,
  type Messaging,
  type MessagingOptions,
  onUserCreated,
  publishUserCreated,
} from "../../../generated/index.js";
import { readConfig } from "../../../runtime/config/config.js";
import { HookBus } from "../../../runtime/messaging/hooks.js";
import type { Connection } from "../../../runtime/redis/connection.js";
import { History } from "../../../runtime/redis/history.js";
import { RedisBroker } from "../../../runtime/redis/redis-broker.js";
import { systemClock } from "../../../runtime/time/clock.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService, logBook } from "../../support/service.js";

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

const user = { entity_id: 1, after_data: { email: "ada@example.com" } };

/** A service, and what its hooks tell of losses. */
function told(options: MessagingOptions = {}): {
  readonly messaging: Messaging;
  readonly losses: HookEvents["historyLost"][];
  readonly troubles: string[];
} {
  const losses: HookEvents["historyLost"][] = [];
  const troubles: string[] = [];
  const hooks = {
    historyLost: (loss: HookEvents["historyLost"]) => void losses.push(loss),
    trouble: ({ what }: HookEvents["trouble"]) => void troubles.push(what),
  };
  return { messaging: createService(redis, { ...options, hooks }), losses, troubles };
}

/** Has a stream lose all after an entry, as it does where a replica that has not received it takes the place of its master. */
async function loseAfter(from: string): Promise<void> {
  const entries = await admin.xrange("events", "-", from);
  const groups = (await admin.xinfo("GROUPS", "events").catch(() => [])) as unknown[][];
  await admin.del("events");
  for (const [id, fields] of entries) await admin.xadd("events", id, ...fields);
  for (const group of groups) await admin.xgroup("CREATE", "events", String(group[1]), from, "MKSTREAM");
  await cutAll();
}

/** Every connection but this one. */
async function cutAll(): Promise<void> {
  await admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
}

const lastId = async (): Promise<unknown> => {
  const info = (await admin.xinfo("STREAM", "events")) as unknown[];
  return info[info.indexOf("last-generated-id") + 1];
};

it("ids that one process sees of a stream never run backwards; when history was lost, it is told once a process", async () => {
  const book = logBook();
  const [one, other, bystander] = [told({ logger: book }), told({ service: "reader" }), told({ service: "third" })];
  await using _one = one.messaging;
  await using _other = other.messaging;
  await using _bystander = bystander.messaging;
  const read: string[] = [];
  onUserCreated(other.messaging, (_message, { entryId }) => void read.push(entryId));
  await other.messaging.start();
  await bystander.messaging.health();
  const first = await publishUserCreated(one.messaging, user);
  await publishUserCreated(one.messaging, user);
  await eventually(() => read.length === 2);
  const second = read[1] as string;
  // The clock of the old master was ahead of the new one's.
  const ahead = `${Date.now() + 30_000}-5`;
  await admin.xadd("events", ahead, "x", "1");
  const third = await publishUserCreated(one.messaging, user);
  expect(third.entryId).toBe(`${ahead.slice(0, -1)}6`);
  await loseAfter(first.entryId);
  await eventually(() => one.losses.length === 1 && other.losses.length === 1);
  expect(one.losses).toMatchObject([{ stream: "events", from: first.entryId, to: third.entryId }]);
  expect(other.losses[0]).toMatchObject({ stream: "events", from: first.entryId });
  expect([second, ahead, third.entryId]).toContain(other.losses[0]?.to);
  expect(await lastId()).toBe(third.entryId);
  const next = await publishUserCreated(one.messaging, user);
  expect(next.entryId).toBe(`${ahead.slice(0, -1)}7`);
  // The same loss is told no more.
  await cutAll();
  await eventually(() => publishUserCreated(one.messaging, user));
  await eventually(async () => (await other.messaging.health()).details.redis.connected);
  expect([one.losses.length, other.losses.length, bystander.losses.length]).toEqual([1, 1, 0]);
  expect(book.lines.filter(({ level }) => level === "error")).toMatchObject([
    { text: "a stream has lost its end: publish again what was published since", details: { stream: "events" } },
  ]);
  expect((await one.messaging.health()).details.counts.historyLost).toBe(1);
});

it("a loss is told where ids cannot be raised, with the right that is missing", async () => {
  await admin.call("ACL", "SETUSER", "app", "on", "nopass", "~*", "&*", "+@all", "-xsetid");
  const { messaging, losses, troubles } = told({ redis: { username: "app", password: "any" } });
  await using _messaging = messaging;
  const first = await publishUserCreated(messaging, user);
  const second = await publishUserCreated(messaging, user);
  await loseAfter(first.entryId);
  await eventually(() => losses.length === 1 && troubles.length === 1);
  expect(losses).toEqual([{ stream: "events", from: first.entryId, to: second.entryId }]);
  expect(troubles[0]).toContain("+xsetid");
  expect(await lastId()).toBe(first.entryId);
});

it("a publisher with the fewest rights compares all the same, and nothing is wrong where nothing is lost", async () => {
  await admin.call("ACL", "SETUSER", "few", "on", "nopass", "~*", "&*", "+@all", "-xsetid", "-exists", "-xrevrange");
  const { messaging, losses, troubles } = told({ redis: { username: "few", password: "any" } });
  await using _messaging = messaging;
  const { entryId } = await publishUserCreated(messaging, user);
  const compared = async (): Promise<number> =>
    Number(/cmdstat_xinfo\|stream:calls=(\d+)/.exec(await admin.info("commandstats"))?.[1] ?? 0);
  const before = await compared();
  await cutAll();
  await eventually(() => publishUserCreated(messaging, user));
  await eventually(async () => (await compared()) > before);
  await publishUserCreated(messaging, user);
  expect({ losses, troubles }).toEqual({ losses: [], troubles: [] });
  const end = await lastId();
  await loseAfter(entryId);
  await eventually(() => losses.length === 1);
  expect(losses).toEqual([{ stream: "events", from: entryId, to: end }]);
});

it("a stream that is gone as a whole has lost everything", async () => {
  const { messaging, losses } = told();
  await using _messaging = messaging;
  const { entryId } = await publishUserCreated(messaging, user);
  await admin.del("events");
  await cutAll();
  await eventually(() => losses.length === 1);
  expect(losses).toEqual([{ stream: "events", from: "0-0", to: entryId }]);
});

it("a stream that was begun anew under its name has lost nothing that its publisher knows of", async () => {
  const { messaging, losses } = told();
  await using _messaging = messaging;
  await admin.xadd("events", "99999999999999-0", "x", "1");
  await publishUserCreated(messaging, user);
  await admin.rename("events", "old{events}");
  await publishUserCreated(messaging, user);
  await cutAll();
  await eventually(() => publishUserCreated(messaging, user));
  expect(losses).toEqual([]);
});

it("what was published after a message is missed also where that message was published once more", async () => {
  const { messaging, losses } = told();
  await using _messaging = messaging;
  const once = { id: crypto.randomUUID(), once: true } as const;
  const first = await publishUserCreated(messaging, user, once);
  const second = await publishUserCreated(messaging, user);
  expect((await publishUserCreated(messaging, user, once)).entryId).toBe(first.entryId);
  await loseAfter(first.entryId);
  await eventually(() => losses.length === 1);
  expect(losses).toEqual([{ stream: "events", from: first.entryId, to: second.entryId }]);
});

it("replies of several connections that come in another order than their ids hide no loss", async () => {
  const losses: HookEvents["historyLost"][] = [];
  const history = new History({
    emit: (_: string, loss: HookEvents["historyLost"]) => void losses.push(loss),
  } as never);
  const publisher = createService(redis);
  await using _publisher = publisher;
  const { entryId: first } = await publishUserCreated(publisher, user);
  const { entryId: second } = await publishUserCreated(publisher, user);
  const since = history.changes;
  // The second comes over another connection, before the reply to the first.
  history.given("events", second);
  history.given("events", first, since);
  await admin.xtrim("events", "MAXLEN", 0);
  await admin.xsetid("events", first);
  history.connected({ client: admin, node: "" } as Connection, true, () => true);
  await eventually(() => losses.length === 1);
  expect(losses).toEqual([{ stream: "events", from: first, to: second }]);
});

it("what was transferred from an outbox is missed, too", async () => {
  const losses: HookEvents["historyLost"][] = [];
  const hooks = new HookBus({ historyLost: (loss) => void losses.push(loss) });
  const broker = new RedisBroker(
    readConfig({ service: "relay", redis: { url: redis.url } }, "fields", {}),
    hooks,
    systemClock,
  );
  const entry = { entry: ["n", "1"], announced: undefined, key: undefined };
  const entries = ["one", "two"].map((messageId) => ({ ...entry, messageId }));
  const { entryIds } = await broker.transfer({ stream: "events", entries, onceWindowMs: 60_000 });
  await loseAfter(entryIds[0] as string);
  await eventually(() => losses.length === 1);
  expect(losses).toEqual([{ stream: "events", from: entryIds[0], to: entryIds[1] }]);
  broker.close();
});
