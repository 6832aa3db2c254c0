import { expect, it } from "vitest";
import { onUserCreated, publishUserCreated } from "../../generated/index.js";
import { examine, Operations } from "../../runtime/operations/index.js";
import { eventually } from "../support/eventually.js";
import { useRedis } from "../support/redis.js";
import { createService } from "../support/service.js";
import { pendingEvents } from "../support/stream.js";
import { RECORDS } from "./junk.js";

const GROUP = "test-service-workers";
const MESSAGE = { after_data: { email: "ada@example.com" } };

const { redis, admin } = await useRedis();

/** Writes each of the records into all that is kept beside a stream, in place of what is there and as a further one. */
async function spoilAll(): Promise<void> {
  const own = await admin.keys("{events}:*");
  for (const [at, record] of RECORDS.entries()) {
    for (const key of own) {
      const type = await admin.type(key);
      if (type === "zset") await admin.zadd(key, at % 4 === 0 ? "inf" : at, record);
      if (type !== "hash" || key.includes(":errors:")) continue;
      await admin.hset(key, record, record);
      const names = await admin.hkeys(key);
      const name = names[at % names.length] as string;
      // Who handles what is restored by its owner; until then a wrong record may have a message skipped.
      if (!key.includes(":types:")) await admin.hset(key, name, record);
    }
    await admin.xadd("{events}:dead", "*", record, record, "group", record, "errors", record, "original", record);
    await admin.hset("{events}:dead:settled", `1-${at}`, record);
    await admin.publish("test-service-responses", record);
  }
}

it("a service whose every record beside a stream is spoilt handles, retries and trims on, and shows its dead letters", async () => {
  const settings = {
    retryDelaySeconds: 0.05,
    maxRetries: 1,
    trimIntervalSeconds: 0.05,
    streamMaxLength: 5,
    leaseSeconds: 1,
  };
  const handled = new Set<number>();
  await using messaging = createService(redis, settings);
  await using other = createService(redis, settings);
  for (const each of [messaging, other]) {
    onUserCreated(each, ({ entity_id }, { attempt }) => {
      if (entity_id === 7) throw new Error("hopeless");
      if (attempt === 1 && entity_id % 2 === 0) throw new Error("not yet");
      handled.add(entity_id);
    });
  }
  await Promise.all([messaging.start(), other.start()]);
  const publish = (entity_id: number): Promise<unknown> => publishUserCreated(messaging, { ...MESSAGE, entity_id });
  for (let at = 1; at <= 20; at++) await publish(at);
  await eventually(() => handled.size === 19);
  await spoilAll();
  for (let at = 21; at <= 40; at++) await publish(at);
  await eventually(() => handled.size === 39, Boolean, { withinMs: 25_000 });
  await eventually(async () => (await pendingEvents(admin, GROUP)) === 0);
  await eventually(
    () => admin.xlen("events"),
    (length) => length === 5,
  );

  await using third = createService(redis, settings);
  onUserCreated(third, () => {});
  await third.start();
  expect((await third.health()).details.streams["events"]).toMatchObject({ pending: 0, dead_letters: 1 });
  await using operations = new Operations({ env: {}, redis: { url: redis.url } });
  let read = 0;
  let bad = 0;
  for await (const { problem } of operations.deadLetters.list("events", { state: "any" })) {
    if (problem === undefined) read++;
    else bad++;
  }
  expect(read).toBeGreaterThanOrEqual(1);
  expect(bad).toBeGreaterThan(20);
  await third.close();
  expect(await operations.deadLetters.redriveAll("events", { group: GROUP })).toBe(1);
  for await (const { check, text } of examine({ env: { REDIS_URL: redis.url }, timeoutSeconds: 5 })) {
    if (check === "stream events") expect(text).toMatch(/^\d+ entries, 1 group, \d+ dead letters/);
  }
}, 60_000);
