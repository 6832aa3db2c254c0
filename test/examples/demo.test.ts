import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { startRedis } from "../../runtime/testing/redis/index.js";
import { run } from "../package/program.js";

/** Two demos run at once, each of them for ten seconds. */
const LIMIT_MS = 60_000;

test.concurrent(
  "the demo tells its story to the end, with nothing pending",
  async () => {
    const output = await run("npm", ["run", "--silent", "demo"], { environment: { REDIS_URL: "", REDIS_HOST: "" } });

    for (const type of ["user.created", "user.logged_in", "currency.rate_updated"]) {
      expect(output).toMatch(new RegExp(`audit-service +notes ${type}`));
    }
    expect(output).toMatch(/notification-service +welcomes ada@example\.com/);
    expect(output).toMatch(/Looks for a Redis: .*started for this demo/s);
    expect(output).toMatch(/fails at attempt 1: the mail server is away; is called again in .* at attempt 2\n/s);
    const [, killed] = /kill -9 +ends process (\d+)/.exec(output) ?? [];
    expect(output).toMatch(new RegExp(`process ${killed} begins .*kill -9 `, "s"));
    const [, heir] = /process (\d+) takes it over, attempt 2/.exec(output) ?? [];
    expect(output).toMatch(new RegExp(`starts two processes, (${killed} and ${heir}|${heir} and ${killed})`));
    expect(output).toContain("CONTRACT_VIOLATED");
    expect(output).toContain("events held 3 entries and holds 3");
    expect(output).toContain("is answered: valid, of user 123");
    expect(output).toContain("Nothing is pending");
  },
  LIMIT_MS,
);

test.concurrent(
  "the demo leaves nothing in a Redis that is somebody's",
  async () => {
    await using redis = await startRedis();
    const client = new Redis(redis.url);
    await client.set("somebody:key", "theirs");

    await run("npm", ["run", "--silent", "demo"], { environment: { REDIS_URL: redis.url } });

    expect(await client.keys("*")).toEqual(["somebody:key"]);
    client.disconnect();
  },
  LIMIT_MS,
);

test.concurrent("the demo says in one line why it cannot run, and fails", async () => {
  const story = run("npm", ["run", "--silent", "demo"], {
    environment: { REDIS_URL: "redis://127.0.0.1:1", REDIS_CONNECTION_TIMEOUT: "0.5" },
  });

  await expect(story).rejects.toThrow(/✗ {2}Redis at 127\.0\.0\.1:1 cannot be reached/);
});
