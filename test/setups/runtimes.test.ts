import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { startRedis } from "../../runtime/testing/redis/index.js";
import { runChecks } from "./checks.js";
import { runtimes } from "./installation.js";
import { play, shortest } from "./stories.js";

// `npm run setups` tries much more, and also other runtimes. To install these takes a minute and 500 MB.
const tried = ["Node 22", "Node 24", "Bun", "Deno"].map((name) => [name, runtimes[name] ?? []] as const);
const missing = tried.filter(([, [program = ""]]) => !existsSync(program)).map(([name]) => name);
if (missing.length > 0 && process.env["CI"]) throw new Error(`${missing.join(", ")} missing: npm run setups:install`);

describe.runIf(process.env["CI"]).each(tried)("the packed package in %s", (_name, command) => {
  it("does what it promises", async () => {
    await using redis = await startRedis();
    const passed: string[] = [];
    const failed: [check: string, error: unknown][] = [];
    await runChecks([...command, "conformance.mjs"], { REDIS_URL: redis.url }, (check, error) => {
      if (error === undefined) passed.push(check);
      else failed.push([check, error]);
    });
    expect(failed).toEqual([]);
    expect(passed).toHaveLength(10);
  }, 180_000);

  it("takes over what a killed process held", async () => {
    const failed: unknown[] = [];
    await play(shortest, command, (_story, error) => void (error !== undefined && failed.push(error)));
    expect(failed).toEqual([]);
  }, 180_000);
});
