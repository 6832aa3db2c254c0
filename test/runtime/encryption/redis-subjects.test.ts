import { once } from "node:events";
import { Redis } from "ioredis";
import { afterAll, beforeEach, expect, it } from "vitest";
import { environmentKeys, type RedisSubjectsOptions, redisSubjects } from "../../../runtime/encryption/index.js";
import { Subjects } from "../../../runtime/encryption/subjects.js";
import { rewrap } from "../../../runtime/operations/keys/people.js";
import { startRedis } from "../../../runtime/testing/redis/index.js";
import { systemClock } from "../../../runtime/time/clock.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";

const { redis, admin } = await useRedis({ arguments: ["--repl-diskless-sync-delay", "0"] });
const replica = await startRedis({ arguments: ["--replicaof", redis.host, String(redis.port)] });
const copy = new Redis(replica.url);
afterAll(async () => {
  copy.disconnect();
  await replica.stop();
});
beforeEach(async () => {
  replica.resume();
  await eventually(async () => (await admin.info("replication")).includes("state=online"));
  await admin.flushall();
});

const AT = "2026-11-27T12:00:00Z";
const key = { id: "k1", wrapped: "w1" };
const secret = Buffer.alloc(32, 7).toString("base64");
const keysOf = (...ids: string[]) =>
  environmentKeys({ env: { MESSAGE_KEYS: ids.map((id) => `${id}:${secret}`).join() } });
/** For replicas that are to confirm, also on a busy machine. */
const PATIENT = { waitTimeoutSeconds: 10 };
/** For a replica that hangs. */
const HASTY = { waitTimeoutSeconds: 0.2 };

it("a change of a person's key that no replica has is refused, and made good by a repeat, also over another connection", async () => {
  await redisSubjects(admin, PATIENT).add("user:1", key);
  expect(await copy.hget("subject-keys", "user:1")).toBe(JSON.stringify(key));
  replica.pause();
  const people = redisSubjects(admin, HASTY);
  const refused = (what: RegExp) => ({ code: "KEY_UNAVAILABLE", message: expect.stringMatching(what) });
  await expect(people.rewrap("user:1", { id: "k1", wrapped: "w2" })).rejects.toMatchObject(refused(/is wrapped anew/));
  await expect(people.erase("user:1", AT)).rejects.toMatchObject(
    refused(/^the key of user:1 is destroyed on one node only: 0 of 1 replicas had it within 200 ms/),
  );
  await expect(people.add("user:2", key)).rejects.toMatchObject(refused(/^the new key of user:2 is kept on one node/));
  const other = new Redis(redis.url);
  const hasty = redisSubjects(other, HASTY);
  await expect(hasty.erase("user:1", AT)).rejects.toMatchObject(refused(/is destroyed on one node only/));
  replica.resume();
  const again = redisSubjects(other, PATIENT);
  await again.erase("user:1", AT);
  expect(await copy.hget("subject-keys", "user:1")).toBeNull();
  expect((await again.get("user:1")).erased).toEqual([{ id: "k1", at: AT }]);
  other.disconnect();
});

it("a new person's key that no replica has encrypts nothing, in whichever process, until a replica has it", async () => {
  const keys = keysOf("a");
  const other = new Redis(redis.url);
  const current = async (client: Redis, options: RedisSubjectsOptions) =>
    new Subjects(keys, redisSubjects(client, options), systemClock).current("user:1");
  const refused = { code: "KEY_UNAVAILABLE", message: expect.stringMatching(/key of user:1 is kept on one node only/) };
  replica.pause();
  for (const client of [admin, admin, other]) await expect(current(client, HASTY)).rejects.toMatchObject(refused);
  replica.resume();
  const { id } = await current(other, PATIENT);
  const text = await copy.hget("subject-keys", "user:1");
  expect(JSON.parse(text ?? "")).toMatchObject({ id });
  replica.pause();
  expect(await current(admin, HASTY)).toMatchObject({ id });
  other.disconnect();
});

it("a new person's key stays unconfirmed while it is wrapped anew, when its process died before a replica had it", async () => {
  const dying = Object.assign(Object.create(admin), { info: () => new Promise(() => {}) });
  const current = async () => new Subjects(keysOf("a"), redisSubjects(dying), systemClock).current("user:1");
  current().catch(() => {});
  const people = redisSubjects(admin, PATIENT);
  await eventually(async () => (await people.get("user:1")).key);
  expect(await rewrap(people, keysOf("b", "a"), "a")).toBe(1);
  const wrapped = expect.stringMatching(/^e1\.b\./);
  expect((await people.get("user:1")).key).toMatchObject({ wrapped, unconfirmed: true });
  const { key: confirmed } = await people.add("user:1", key);
  expect(confirmed).toEqual({ id: expect.stringMatching(/^(?!k1)/), wrapped });
});

it.each(["info", "wait"] as const)(
  "a change is not confirmed by the next master that a client reaches before its %s",
  async (command) => {
    const lost = await startRedis();
    const client = new Redis(lost.url).on("error", () => {});
    const movedBefore = Object.assign(Object.create(client), {
      [command]: async (...words: [never, never]) => {
        const ready = once(client, "ready");
        Object.assign(client.options, { host: redis.host, port: redis.port });
        client.disconnect(true);
        await ready;
        return client[command](...words);
      },
    });
    const options = { ...PATIENT, ...(command === "wait" && { replicas: 1 }) };
    await expect(redisSubjects(movedBefore, options).erase("user:1", AT)).rejects.toMatchObject({
      code: "KEY_UNAVAILABLE",
      message: expect.stringMatching(/is destroyed perhaps on one node only: the connection broke .* Repeat it$/),
    });
    await redisSubjects(client, options).erase("user:1", AT);
    client.disconnect();
    await lost.stop();
  },
);

it("a change is not confirmed when it cannot be told whether there is a replica", async () => {
  const info = () => Promise.reject(new Error("Connection is closed."));
  const unsure = Object.assign(Object.create(admin), { info });
  await expect(redisSubjects(unsure).erase("user:1", AT)).rejects.toThrow("Connection is closed.");
});

it("as many replicas are waited for as asked, and none where there is none", async () => {
  const people = redisSubjects(admin, { replicas: 2, waitTimeoutSeconds: 2 });
  await expect(people.add("user:1", key)).rejects.toThrow("1 of 2 replicas");
  replica.pause();
  await redisSubjects(admin, { replicas: 0 }).erase("user:1", AT);
  replica.resume();
  const alone = await startRedis();
  const client = new Redis(alone.url);
  await redisSubjects(client).add("user:1", key);
  await expect(redisSubjects(client, { replicas: 1, waitTimeoutSeconds: 0.1 }).erase("user:1", AT)).rejects.toThrow(
    "0 of 1 replicas",
  );
  client.disconnect();
  await alone.stop();
});

it("a client that cannot wait for replicas is refused where it must", () => {
  const { hmget, hscan } = admin;
  const client = { hmget, hscan, eval: () => Promise.resolve(null) } as never;
  expect(() => redisSubjects(client, { replicas: 1 })).toThrow("replicas needs a client of one master");
  expect(() => redisSubjects(admin, { replicas: 0.5, waitTimeoutSeconds: 0 })).toThrow(
    "waitTimeoutSeconds must be above 0",
  );
});
