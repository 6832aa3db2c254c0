import { Redis } from "ioredis";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { MessageTooLargeError } from "../../../runtime/errors.js";
import type { Client } from "../../../runtime/redis/connection.js";
import { findAnswer } from "../../../runtime/redis/find-answer.js";
import { answered } from "../../../runtime/redis/lua/answer.js";
import { useRedis } from "../../support/redis.js";

const KEY = "{commands}:answer:1";

const { redis, admin } = await useRedis();
let user: Redis;
beforeAll(() => admin.acl("SETUSER", "older", "on", ">secret", "~*", "+@all", "-strlen", "-getrange"));
beforeEach(async () => {
  await admin.set(KEY, "the answer");
  await admin.acl("LOG", "RESET");
  user = new Redis(redis.url.replace("//", "//older:secret@"));
  return () => user.disconnect();
});

/** The commands that Redis has refused, each as often as it has. */
async function refused(): Promise<string[]> {
  const entries = (await admin.acl("LOG")) as unknown as (string | number)[][];
  const valueIn = (entry: (string | number)[], name: string) => entry[entry.indexOf(name) + 1];
  return entries
    .flatMap((entry) => Array.from({ length: Number(valueIn(entry, "count")) }, () => String(valueIn(entry, "object"))))
    .toSorted();
}

describe("a user that may not ask for the size of an answer", () => {
  it("is refused once for each connection, however often it looks for one", async () => {
    for (let times = 0; times < 3; times++) {
      expect(await findAnswer(user as unknown as Client, KEY, 100)).toBe("the answer");
    }
    expect(await refused()).toEqual(["getrange", "strlen"]);
  });

  it("is another than one that may not read some other answer", async () => {
    await admin.acl("SETUSER", "narrow", "on", ">secret", `%R~${KEY}`, "+@all");
    const narrow = new Redis(redis.url.replace("//", "//narrow:secret@"));
    onTestFinished(() => narrow.disconnect());
    await expect(findAnswer(narrow as unknown as Client, "{commands}:answer:2", 100)).rejects.toThrow("NOPERM");
    await expect(findAnswer(narrow as unknown as Client, KEY, 9)).rejects.toThrow(MessageTooLargeError);
  });

  it("is never refused where it looks before it runs a command", async () => {
    for (let times = 0; times < 3; times++) expect(await answered.run(user, [KEY], [1, 100])).toBe("the answer");
    expect(await answered.run(user, [KEY], [1, 9])).toBe(10);
    expect(await refused()).toEqual([]);
  });
});
