import { afterEach, expect, it } from "vitest";
import { type Messaging, type MessagingOptions, onUserCreated, publishUserCreated } from "../../../generated/index.js";
import { type DeadLetter, examine, Operations } from "../../../runtime/operations/index.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";

const GROUP = "test-service-workers";

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

async function failing(options: MessagingOptions = {}): Promise<Messaging> {
  const messaging = createService(redis, { maxRetries: 0, trimIntervalSeconds: 0.05, ...options });
  onUserCreated(messaging, () => {
    throw new Error("broken");
  });
  await messaging.start();
  return messaging;
}

async function die(messaging: Messaging, count: number): Promise<void> {
  const before = messaging.counts.deadLettered;
  for (let entity_id = 1; entity_id <= count; entity_id++)
    await publishUserCreated(messaging, { entity_id, after_data: { email: "ada@example.com" } });
  await eventually(() => messaging.counts.deadLettered === before + count);
}

async function calls(command: string): Promise<number> {
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(await admin.info("commandstats"))?.[1]);
}

const healthOf = async (messaging: Messaging) => (await messaging.health()).details.streams["events"];
const operator = (): Operations => new Operations({ env: {}, redis: { url: redis.url } });

async function letters(operations: Operations, state: "open" | "any" = "any"): Promise<DeadLetter[]> {
  const all: DeadLetter[] = [];
  for await (const letter of operations.deadLetters.list("events", { state })) all.push(letter);
  return all;
}

async function examined(env: Readonly<Record<string, string>> = {}): Promise<string> {
  for await (const { check, verdict, text, lines = [] } of examine({ env: { REDIS_URL: redis.url, ...env } })) {
    if (check === "stream events") return [verdict, text, ...lines].join("\n");
  }
  return "";
}

it("open dead letters are counted for their own group; what was redriven or discarded counts no longer", async () => {
  await using messaging = await failing();
  await using bystander = createService(redis, { service: "bystander" });
  onUserCreated(bystander, () => {});
  await bystander.start();
  await using operations = operator();
  await die(messaging, 3);
  expect(await healthOf(messaging)).toMatchObject({ dead_letters: 3, advice: [] });
  expect(await healthOf(bystander)).toMatchObject({ dead_letters: 0, oldest_dead_letter_seconds: 0 });
  expect(await examined()).toContain(`3 of them open`);
  expect(await examined()).toContain(`3 dead letters of ${GROUP} on events are open, the oldest for `);

  const [first, second, third] = (await letters(operations)).map(({ id }) => id);
  await operations.deadLetters.discard("events", first ?? "", "a test");
  expect(await healthOf(messaging)).toMatchObject({ dead_letters: 2 });
  await messaging.close();
  await operations.deadLetters.redrive("events", second ?? "");
  await operations.deadLetters.redrive("events", third ?? "");
  expect(await examined()).toMatch(
    /^bad\n.*3 dead letters, 0 of them open; nobody serves what was redriven to test-service-workers on events: 2 entries unread/m,
  );
});

it("dead letters are bounded in number for each group; an alarm comes first, and what was settled goes first", async () => {
  const removed: unknown[] = [];
  const deadLettersRemoved = (info: unknown): void => void removed.push(info);
  await using messaging = await failing({ deadLettersMax: 5, hooks: { deadLettersRemoved } });
  await using operations = operator();
  await using other = await failing({ service: "other", deadLettersMax: 1000, trimIntervalSeconds: 60 });
  await die(messaging, 4);
  await eventually(() => other.counts.deadLettered === 4);
  const alarm = expect.stringMatching(
    /^dead letters of test-service-workers will be removed soon: there are 4 of at most 5/,
  );
  expect(await healthOf(messaging)).toMatchObject({ dead_letters: 4, advice: [alarm] });
  expect(await examined({ DEAD_LETTER_MAX: "5" })).toMatch(/^notable\n.*will be removed soon/);
  expect(removed).toEqual([]);

  const own = (await letters(operations)).filter(({ group }) => group === GROUP);
  await operations.deadLetters.discard("events", own[2]?.id ?? "", "a test");
  await other.close();
  await die(messaging, 2);
  await eventually(async () => (await letters(operations)).every(({ id }) => id !== own[2]?.id));
  expect(await admin.hlen("{events}:dead:settled")).toBe(0);
  expect(removed).toEqual([]);

  await die(messaging, 3);
  await eventually(() => removed.length > 0 && healthOf(messaging).then((health) => health?.dead_letters === 5));
  expect(removed).toContainEqual({ stream: "events", group: GROUP, count: expect.any(Number) });
  const left = (await letters(operations)).filter(({ group }) => group === GROUP);
  expect(left).toHaveLength(5);
  expect(left.map(({ id }) => id)).not.toContain(own[0]?.id);
  // Those of the other group are bounded by themselves.
  expect((await letters(operations)).length).toBe(9);
});

it("dead letters are bounded in age, with an alarm before", async () => {
  const day = 86_400_000;
  const old = (days: number): string => `${Date.now() - days * day}-0`;
  await admin.xadd("{events}:dead", old(31), "group", GROUP);
  await admin.xadd("{events}:dead", old(25), "group", GROUP);
  await using messaging = await failing();
  const health = await eventually(
    () => healthOf(messaging),
    (seen) => seen?.dead_letters === 1,
  );
  expect(health?.oldest_dead_letter_seconds).toBeGreaterThan(24 * 86_400);
  expect(health?.advice).toEqual([expect.stringContaining("the oldest has been there for 25 days of 30 days")]);
  expect(messaging.counts.deadLettersRemoved).toBe(1);
});

it("letters of an older version, or that others delete, are counted as they are within one trim", async () => {
  for (let at = 0; at < 45; at++) await admin.xadd("{events}:dead", "*", "group", at % 3 === 0 ? "other" : GROUP);
  const [[first = ""] = []] = await admin.xrange("{events}:dead", "-", "+", "COUNT", 1);
  await admin.hset("{events}:dead:settled", first, "{}");
  const counted = async (count: number): Promise<unknown> =>
    eventually(
      () => healthOf(messaging),
      (seen) => seen?.dead_letters === count,
    );
  await admin.xgroup("CREATE", "events", "bystander", "0", "MKSTREAM");
  expect(await examined()).toContain(
    "45 dead letters, an unknown number of them open; the dead letters of events (45) do not match their index",
  );
  await using messaging = await failing();
  await counted(30);
  expect(await examined()).toContain("14 dead letters of other on events are open");
  const [[last = ""] = []] = await admin.xrevrange("{events}:dead", "+", "-", "COUNT", 1);
  await admin.xdel("{events}:dead", last);
  await counted(29);
  const [[next = ""] = []] = await admin.xrevrange("{events}:dead", "+", "-", "COUNT", 1);
  await admin.hset("{events}:dead:settled", next, '{"state":"redriven"}', "1-01", "{}");
  await counted(28);
  await admin.hdel("{events}:dead:settled", next);
  await counted(29);
  await admin.zadd("{events}:dead:index", 0, "junk");
  await admin.xdel("{events}:dead", first);
  await counted(29);
  await eventually(
    () => admin.hlen("{events}:dead:settled"),
    (length) => length === 0,
  );
  await admin.del("{events}:dead");
  await counted(0);
  await eventually(async () => (await admin.exists("{events}:dead:index")) === 0);
});

it("a letter whose mark cannot be read is open, and can be discarded", async () => {
  await using messaging = await failing();
  await using operations = operator();
  await die(messaging, 1);
  const [{ id } = { id: "" }] = await letters(operations);
  await admin.hset("{events}:dead:settled", id, "junk");
  expect(await operations.deadLetters.discard("events", id, "a test")).toMatchObject({ state: "discarded" });
  expect(await letters(operations, "open")).toEqual([]);
  expect(await operations.deadLetters.discard("events", id, "again")).toMatchObject({ reason: "a test" });
});

it("a service that may trim and not bound dead letters says so once", async () => {
  await admin.acl("SETUSER", "half", "reset", "on", ">secret", "allkeys", "allchannels", "+@all", "-xdel");
  const refused: string[] = [];
  const hooks = { trouble: ({ error }: { error: unknown }) => void refused.push((error as { code: string }).code) };
  const url = redis.url.replace("redis://", "redis://half:secret@");
  await using messaging = createService({ url }, { trimIntervalSeconds: 0.02, hooks });
  onUserCreated(messaging, () => {});
  await messaging.start();
  await eventually(() => refused.length > 0);
  const before = await calls("evalsha");
  await eventually(async () => (await calls("evalsha")) > before + 20);
  expect(refused).toEqual(["REDIS_REFUSED"]);
});

it("the index is made once, whatever the groups are called", async () => {
  const pipeline = admin.pipeline();
  for (let at = 1; at <= 500; at++) pipeline.xadd("{events}:dead", `${at}-1`, "group", at % 2 ? "g" : "g\np");
  for (let at = 2; at <= 500; at += 2) pipeline.hset("{events}:dead:settled", `${at}-1`, "{}");
  await pipeline.exec();
  await using messaging = createService(redis, {
    trimIntervalSeconds: 0.02,
    deadLettersMax: 100,
    deadLetterTtlSeconds: 3e9,
  });
  onUserCreated(messaging, () => {});
  await messaging.start();
  // A hundred of each: those with a name of two lines count as one group without a name.
  await eventually(async () => (await admin.xlen("{events}:dead")) === 200);
  await eventually(async () => (await admin.zcard("{events}:dead:index")) === 200);
  const [made, scripts] = [await calls("hkeys"), await calls("evalsha")];
  await eventually(async () => (await calls("evalsha")) > scripts + 20);
  expect(await calls("hkeys")).toBe(made);
});
