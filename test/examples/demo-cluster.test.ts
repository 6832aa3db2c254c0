import { expect, it } from "vitest";
import { run } from "../package/program.js";

it("the demo of a cluster shows a master that is killed under load, and nothing lost", async () => {
  const output = await run("npm", ["run", "--silent", "demo", "--", "--cluster"]);

  const [, victim] = /kill -9 +ends +the Redis at port (\d+)/.exec(output) ?? [];
  const [, heir] = /made the replica at port (\d+) the master of events/.exec(output) ?? [];
  expect(output).toContain(`events                  is on the master at port ${victim}`);
  expect(heir).not.toBe(victim);
  const [, confirmed] = /was confirmed (\d+)/.exec(output) ?? [];
  expect(Number(confirmed)).toBeGreaterThan(0);
  expect(output).toContain(`has handled all ${confirmed} that were confirmed`);
}, 120_000);
