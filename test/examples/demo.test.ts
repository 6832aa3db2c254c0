import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { startRedis } from "../../runtime/testing/redis/index.js";
import { run } from "../package/program.js";

test("the demo tells its story to the end, with nothing pending", async () => {
  const output = await run("npm", ["run", "--silent", "demo"], { environment: { REDIS_URL: "", REDIS_HOST: "" } });

  for (const type of ["user.created", "user.logged_in", "currency.rate_updated"]) {
    expect(output).toMatch(new RegExp(`audit-service +notes ${type}`));
  }
  expect(output).toMatch(/notification-service +welcomes ada@example\.com/);
  expect(output).toContain("CONTRACT_VIOLATED");
  expect(output).toContain("events held 3 entries and holds 3");
  expect(output).toContain("is answered: valid, of user 123");
  expect(output).toContain("Nothing is pending");
});

test("the demo leaves nothing in a Redis that is somebody's", async () => {
  await using redis = await startRedis();
  const client = new Redis(redis.url);
  await client.set("somebody:key", "theirs");

  await run("npm", ["run", "--silent", "demo"], { environment: { REDIS_URL: redis.url } });

  expect(await client.keys("*")).toEqual(["somebody:key"]);
  client.disconnect();
});

test("the demo says in one line why it cannot run, and fails", async () => {
  const story = run("npm", ["run", "--silent", "demo"], {
    environment: { REDIS_URL: "redis://127.0.0.1:1", REDIS_CONNECTION_TIMEOUT: "0.5" },
  });

  await expect(story).rejects.toThrow(/✗ {2}Redis at 127\.0\.0\.1:1 cannot be reached/);
});
