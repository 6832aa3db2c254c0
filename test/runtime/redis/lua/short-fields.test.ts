import { Redis } from "ioredis";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { shortFields } from "../../../../runtime/redis/lua/short-fields.js";
import { useRedis } from "../../../support/redis.js";

const { redis, admin } = await useRedis();
beforeEach(() => admin.flushall());

describe("fields of a hash that others may have written", () => {
  it("are read, but for what is longer than any of ours", async () => {
    await admin.hset("h", { short: "a", empty: "", long: "x".repeat(1025), longest: "x".repeat(1024) });
    const values = await shortFields.run(admin, ["h"], ["short", "empty", "long", "longest", "missing"]);
    expect(values).toEqual(["a", "", null, "x".repeat(1024), null]);
  });

  it("are read where Redis takes no changes", async () => {
    await admin.hset("h", "a", "1");
    await admin.config("SET", "min-replicas-to-write", 1);
    onTestFinished(() => void admin.config("SET", "min-replicas-to-write", 0));
    expect(await shortFields.run(admin, ["h"], ["a"])).toEqual(["1"]);
  });

  it("are read whole by whoever may not ask for their length", async () => {
    const long = "x".repeat(2000);
    await admin.hset("h", "a", long);
    await admin.acl("SETUSER", "older", "on", "nopass", "~*", "+@all", "-hstrlen");
    const client = new Redis(redis.url, { username: "older", password: "any" });
    onTestFinished(() => client.disconnect());
    expect(await shortFields.run(client, ["h"], ["a"])).toEqual([long]);
  });
});
