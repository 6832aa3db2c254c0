import { beforeEach, describe, expect, it } from "vitest";
import { shortFields } from "../../../../runtime/redis/lua/short-fields.js";
import { useRedis } from "../../../support/redis.js";

const { admin } = await useRedis();
beforeEach(() => admin.flushall());

describe("fields of a hash that others may have written", () => {
  it("are read, but for what is longer than any of ours", async () => {
    await admin.hset("h", { short: "a", empty: "", long: "x".repeat(1025), longest: "x".repeat(1024) });
    const values = await shortFields.run(admin, ["h"], ["short", "empty", "long", "longest", "missing"]);
    expect(values).toEqual(["a", "", null, "x".repeat(1024), null]);
  });
});
